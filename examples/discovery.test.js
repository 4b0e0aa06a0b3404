// Service discovery over multicast, as mDNS does it (RFC 6762): announcements, questions, goodbyes, and what is lost.
import { createLab } from 'linkspan/testing'
import { describe, expect, test } from 'vitest'

const PORT = 5353

/** What is tested, on the one side: says that a service is there, twice, and answers who asks. */
class Service {
  constructor(lab, host, group, name, { lifetime = 120 } = {}) {
    Object.assign(this, { lab, group, name, lifetime })
    this.socket = host.udp(PORT, ({ text }) => {
      if (text === 'who?') void this.#say(lifetime)
    })
    this.socket.join(group)
  }

  async announce() {
    await this.#say(this.lifetime)
    await this.lab.sleep('1s') // RFC 6762 8.3: twice, since one may be lost
    await this.#say(this.lifetime)
  }

  /** A lifetime of zero is a goodbye. */
  async leave() {
    await this.#say(0)
    this.socket.close()
  }

  #say(lifetime) {
    return this.socket.send(this.group, PORT, `${this.name} ${lifetime}`, { ttl: 255 })
  }
}

/** … and on the other: who is there, for as long as they said. */
class Browser {
  #until = new Map()

  constructor(lab, host, group) {
    Object.assign(this, { lab, group })
    this.socket = host.udp(PORT, ({ text, ttl }) => {
      if (text === 'who?' || ttl !== 255) return // RFC 6762 11: nothing that a router has passed on
      const [name, lifetime] = text.split(' ')
      this.#until.set(name, lab.now + Number(lifetime) * 1000)
    })
    this.socket.join(group)
  }

  get names() {
    const alive = [...this.#until].filter(([, until]) => until > this.lab.now)
    return alive.map(([name]) => name).sort()
  }

  /** Asks after 0, 1 and 3 seconds, and has the names a second later. */
  async find() {
    for (const pause of [1, 2, 1]) {
      await this.socket.send(this.group, PORT, 'who?', { ttl: 255 })
      await this.lab.sleep(pause * 1000)
    }
    return this.names
  }
}

describe.each(['224.0.0.251', 'ff02::fb'])('in group %s', (group) => {
  async function office(services = ['printer', 'scanner']) {
    const lab = await createLab({ seed: 7 })
    lab.bridge('lan', { subnets: ['10.0.0.0/24', 'fd00::/64'] })
    const laptop = new Browser(lab, lab.host('laptop'), group)
    const devices = services.map((name) => new Service(lab, lab.host(name), group, name))
    return { lab, laptop, devices }
  }

  test('who is announced is known, and who says goodbye is not', async () => {
    const { lab, laptop, devices } = await office()
    await Promise.all(devices.map((device) => device.announce()))
    expect(laptop.names).toEqual(['printer', 'scanner'])
    await devices[0].leave()
    await lab.advance(1)
    expect(laptop.names).toEqual(['scanner'])
    await lab.close()
  })

  test('who came before is found by asking', async () => {
    const { lab, laptop } = await office()
    expect(laptop.names).toEqual([])
    expect(await laptop.find()).toEqual(['printer', 'scanner'])
    await lab.close()
  })

  test('who is unplugged is known until its lifetime ends', async () => {
    const { lab, laptop, devices } = await office(['printer'])
    await devices[0].announce()
    lab.link('printer').set({ up: false })
    await lab.advance('119s')
    expect(laptop.names).toEqual(['printer'])
    await lab.advance('2s')
    expect(laptop.names).toEqual([])
    await lab.close()
  })

  test('half of all answers are lost: most of ten devices are found by three questions', async () => {
    const ten = Array.from({ length: 10 }, (_, index) => `device${index}`)
    const { lab, laptop } = await office(ten)
    lab.link('laptop').set({ in: { loss: '50%' } })
    const found = await laptop.find() // each by 1 - 0.5³ = 88 %
    expect(found.length).toBeGreaterThanOrEqual(6)
    lab.link('laptop').set({ in: { loss: null } })
    expect(await laptop.find()).toEqual(ten)
    await lab.close()
  })

  test('the group ends at the router', async () => {
    const { lab, laptop } = await office([])
    const far = lab.bridge('far', { gateway: ['10.1.0.1/24', 'fd01::1/64'] })
    await new Service(lab, lab.host('stranger', { bridge: far }), group, 'stranger').announce()
    expect(await laptop.find()).toEqual([])
    await lab.close()
  })
})
