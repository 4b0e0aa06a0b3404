// Connections and exchanges of datagrams that go on: their packets go the shortest way through the router
// (assembly/gateway/express.ts), and must leave, be counted and change their flows as on the long way.
import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { startCapture, Wants } from '../support/capturing.js'
import { station } from '../support/frames.js'
import { arpFrame } from '../support/ip.js'
import { masqueraded } from '../support/masqueraded.js'
import { Flag, readIp, tcp, udp } from '../support/nat-packets.js'
import { Random } from '../support/random.js'
import { type Rig, rig } from '../support/rig.js'

const STEPS = 120
const HOSTS = 3
const FLOWS = 24
const GATEWAY = Uint8Array.of(2, 0xff, 0, 0, 0, 1)
const UPLINK = Uint8Array.of(2, 0xff, 0, 0, 0, 2)
const NEXT = station(0x90)
const hostAddress = (host: number) => `10.55.0.${host + 10}`

function bench(build: Parameters<typeof rig>[0], translated: boolean): Rig {
  const made = rig(build, { capacity: { flows: 256, flows6: 0 } })
  made.port('a').port('b')
  return masqueraded(made, translated)
}

interface Given {
  port: string
  frame: Uint8Array
}

/** Where the sides of a connection are, and as whom its host is known outside. */
interface Talk {
  sent: number
  answered: number
  state: 'closed' | 'asked' | 'open'
  outside?: readonly [string, number]
}

class Traffic {
  readonly #random = new Random(31)
  readonly #talks = Array.from({ length: FLOWS }, (): Talk => {
    return { sent: 1000, answered: 9000, state: 'closed' }
  })

  /** A packet of a flow; one in two is TCP's. */
  next(): Given {
    const number = this.#random.below(FLOWS)
    const talk = this.#talks[number]!
    const inward = talk.outside !== undefined && this.#random.chance(0.5)
    return number % 2 === 0 ? this.#datagram(number, inward) : this.#segment(number, inward)
  }

  noteLeft(frame: Uint8Array): void {
    if (frame[12] !== 8 || frame[13] !== 0) return
    const { source, sourcePort, destinationPort } = readIp(frame)
    const talk = this.#talks[destinationPort - 2000]
    if (talk) talk.outside = [source, sourcePort]
  }

  #ends(number: number, inward: boolean) {
    const host = number % HOSTS
    const remote = [`198.51.100.${(number % 5) + 1}`, 2000 + number] as const
    const own = [hostAddress(host), 4000 + number] as const
    return inward ? { from: remote, to: this.#talks[number]!.outside! } : { from: own, to: remote }
  }

  #given(number: number, inward: boolean, frame: Uint8Array): Given {
    frame.set(inward ? UPLINK : GATEWAY, 0)
    frame.set(inward ? NEXT : station((number % HOSTS) + 1), 6)
    return { port: inward ? 'wan' : number % HOSTS === 0 ? 'a' : 'b', frame }
  }

  #ip() {
    const random = this.#random
    const ttl = random.chance(0.02) ? random.below(3) : 64
    return { ttl, id: random.below(9), fragment: random.pick([0x4000, 0]) }
  }

  #datagram(number: number, inward: boolean): Given {
    const random = this.#random
    const checksum = random.chance(0.1) ? 'none' : 'complete'
    const data = random.pick([0, 4, 19, 100, random.chance(0.05) ? 1472 : 30])
    const frame = udp(this.#ends(number, inward), { ...this.#ip(), checksum }, data)
    return this.#given(number, inward, frame)
  }

  #segment(number: number, inward: boolean): Given {
    const random = this.#random
    const talk = this.#talks[number]!
    const own = inward ? talk.answered : talk.sent
    const other = inward ? talk.sent : talk.answered
    let flags: number = Flag.ACK
    let data = random.pick([0, 0, 40, 300])
    let sequence = own
    if (talk.state === 'closed' || (talk.state === 'asked' && inward)) {
      flags = inward ? Flag.SYN | Flag.ACK : Flag.SYN
      talk.state = inward ? 'open' : 'asked'
      data = 0
    } else if (random.chance(0.04)) {
      flags = random.pick([Flag.ACK | Flag.FIN, Flag.RST, Flag.SYN, 0])
      if (flags === Flag.RST) talk.state = 'closed'
    } else if (random.chance(0.1)) sequence = own + random.pick([-50, 70_000, 200_000])
    const taken = data + (flags & Flag.SYN ? 1 : 0)
    if (sequence === own && talk.state !== 'closed') {
      if (inward) talk.answered += taken
      else talk.sent += taken
    }
    const acknowledgement = flags & Flag.ACK ? other : 0
    const said = { flags, sequence, acknowledgement, data }
    return this.#given(number, inward, tcp(this.#ends(number, inward), said, this.#ip()))
  }
}

/** What changes meanwhile, which is seldom; the first is that a host has another MAC, or its own again. */
const changes: readonly ((made: Rig) => unknown)[] = [
  (made) => made.inject('a', announcement(40)),
  (made) => made.inject('a', announcement(0)),
  (made) => made.setPort('b', { mtu: 120 }),
  (made) => made.setPort('b', { mtu: 1500 }),
  (made) => made.routes({ to: '0.0.0.0/0', via: '203.0.113.1' }, { to: '198.51.100.2/32' }),
  (made) => made.routes({ to: '0.0.0.0/0', via: '203.0.113.1' }),
  (made) => made.topology.flows.purgePort(made.topology.ports.get('a')!.index),
]

function announcement(by: number): Uint8Array {
  const said = { operation: 'request', sender: hostAddress(0), target: '10.55.0.1' } as const
  return arpFrame({ ...said, senderMac: station(1 + by) })
}

onEveryBuild('the shortest way through the router', (build) => {
  test.each([true, false])('agrees with the long way, translated: %s', (translated) => {
    const [quick, watched] = [bench(build, translated), bench(build, translated)]
    // Neither goes by what it has noted while a frame is captured.
    startCapture(watched, 0, { wants: Wants.RECEIVED | Wants.MAC, mac: station(200) })
    const random = new Random(32)
    const traffic = new Traffic()
    let left = 0
    for (const made of [quick, watched]) for (let host = 0; host < HOSTS; host++) greet(made, host)
    for (let step = 0; step < STEPS; step++) {
      const change = random.chance(0.15) ? random.pick(changes) : undefined
      const burst = Array.from({ length: 1 + random.below(120) }, () => traffic.next())
      const pause = random.pick([0, 0, 1, 20, 60, 130, random.chance(0.1) ? 31_000 : 0])
      for (const made of [quick, watched]) {
        change?.(made)
        for (const { port, frame } of burst) made.inject(port, frame.slice())
        made.run().advance(pause)
      }
      for (const port of ['a', 'b', 'wan']) {
        const sent = quick.sent(port)
        expect(watched.sent(port), `by ${port} in step ${step}`).toEqual(sent)
        for (const { frame } of port === 'wan' ? sent : []) traffic.noteLeft(frame)
        left += sent.length
      }
      expect(watched.drops()).toEqual(quick.drops())
      expect(watched.fdb()).toEqual(quick.fdb())
      expect(watched.flows()).toEqual(quick.flows())
    }
    for (const port of ['a', 'b', 'wan']) {
      expect(watched.counters(port)).toEqual(quick.counters(port))
    }
    expect(left).toBeGreaterThan(STEPS * 30)
  })
})

/** A host says who it is. */
function greet(made: Rig, host: number): void {
  const said = { operation: 'request', sender: hostAddress(host), target: '10.55.0.1' } as const
  made.inject(host === 0 ? 'a' : 'b', arpFrame({ ...said, senderMac: station(host + 1) }))
  made.run()
}
