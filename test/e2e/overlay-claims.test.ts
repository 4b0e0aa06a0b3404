/** Two switches that claim one MAC or one VTEP address, and a directory that says both. */
import { describe, expect, test } from 'vitest'
import type { EndpointView } from '../../src/control/directory-view.js'
import type { FdbEntry } from '../../src/dataplane/fdb.js'
import { PYTHON } from '../support/exchange.js'
import { send } from '../support/http.js'
import { type Linkspan, up } from '../support/linkspan.js'
import { finishPing, ip, ping, startPing, within } from '../support/netns.js'
import { overlayLab, VNI } from '../support/overlay-lab.js'
import {
  type Container,
  container,
  type Host,
  switchOn,
  underlayNet,
} from '../support/overlay-net.js'
import { must } from '../support/process.js'
import { until } from '../support/until.js'

const all = { transmitted: 3, received: 3, duplicates: 0 }

const dropsOf = async (running: Linkspan) => {
  const list = await running.show<{ port: string; reason: string; frames: number }[]>('drops')
  return Object.fromEntries(list.map(({ port, reason, frames }) => [`${port} ${reason}`, frames]))
}
const movedOf = async (running: Linkspan) => {
  const workers = await running.show<{ moved: number }[]>('workers')
  return workers.reduce((sum, { moved }) => sum + moved, 0)
}

/** A switch on a host, whose peers are others. */
const switched = (host: Host, containers: readonly Container[], others: readonly Host[]) =>
  switchOn({ host, containers, vxlan: { peers: others.map(({ ip4 }) => ip4) } })

test('one MAC on two hosts: each is heard when it speaks, moves are counted and logged, others suffer nothing', async () => {
  const [a, b, c] = underlayNet(3).hosts as [Host, Host, Host]
  const [one, other, here, there] = [7, 8, 1, 2].map(container) as [
    Container,
    Container,
    Container,
    Container,
  ]
  const twin = { ...other, mac: one.mac }
  await up(switched(a, [one], [b, c]))
  await up(switched(b, [twin, there], [a, c]))
  const running = await up(switched(c, [here], [a, b]))
  const untouched = await startPing(here.netns, there.ip4)
  for (let round = 0; round < 5; round++) {
    for (const station of [one, twin]) {
      // Its own packet comes first, and with it where its MAC is.
      expect((await ping(station.netns, here.ip4)).received).toBeGreaterThan(0)
      const where = (await running.fdb())[one.mac]
      expect(where).toBe(`blue@${station === one ? a.ip4 : b.ip4}`)
    }
  }
  const flow = await finishPing(untouched)
  expect(flow.received).toBe(flow.transmitted)
  expect(await movedOf(running)).toBeGreaterThanOrEqual(9)
  const told = running.program.stderr.match(/"msg":"address moved"/g) ?? []
  expect(told.length).toBeGreaterThan(0)
  // Five of a kind in ten seconds, and how many were left out.
  expect(told.length).toBeLessThanOrEqual(24)
  expect(await dropsOf(running)).toEqual({})
})

describe('one VTEP address on two hosts', () => {
  test('both are one peer to the others, who reach each other as before', async () => {
    const [a, thief, c, d] = underlayNet(4).hosts as [Host, Host, Host, Host]
    ip('-n', thief.netns, 'address', 'flush', 'dev', 'eth0', 'scope', 'global')
    ip('-n', thief.netns, 'address', 'add', `${a.ip4}/24`, 'dev', 'eth0')
    const twin = { ...thief, ip4: a.ip4 }
    const [one, other, here, there] = [7, 8, 1, 2].map(container) as [
      Container,
      Container,
      Container,
      Container,
    ]
    await up(switched(a, [one], [c, d]))
    await up(switched(twin, [other], [c, d]))
    const running = await up(switched(c, [here], [a, d]))
    await up(switched(d, [there], [a, c]))
    const untouched = await startPing(here.netns, there.ip4)
    for (const station of [one, other]) await ping(station.netns, here.ip4, '-W', '1')
    await until('both to be learnt behind the one peer', async () => {
      const fdb = await running.fdb()
      return [one, other].every(({ mac }) => fdb[mac] === `blue@${a.ip4}`)
    })
    const flow = await finishPing(untouched)
    expect(flow.received).toBe(flow.transmitted)
    expect(await ping(here.netns, there.ip4)).toEqual(all)
    expect(await dropsOf(running)).toEqual({})
    // One of them has the address, as far as the kernel knows: that one is reached.
    const answers = await Promise.all(
      [one, other].map(({ ip4 }) => ping(here.netns, ip4, '-W', '1')),
    )
    expect(answers.some(({ received }) => received > 0)).toBe(true)
  })

  test('a datagram from our own address gets no further than the kernel, or is a stranger’s', async () => {
    const [a, b] = underlayNet(2).hosts as [Host, Host]
    const [here, there] = [1, 2].map(container) as [Container, Container]
    const running = await up(switched(a, [here], [b]))
    await up(switched(b, [there], [a]))
    expect(await ping(here.netns, there.ip4)).toEqual(all)
    const forge = () => must(within(b.netns, PYTHON, '-c', FORGED, a.ip4))
    await forge()
    expect(await ping(here.netns, there.ip4)).toEqual(all)
    expect(await dropsOf(running)).toEqual({})
    // Where the kernel lets such packets in.
    for (const setting of ['all/rp_filter=0', 'eth0/rp_filter=0', 'eth0/accept_local=1']) {
      const [key = '', value = ''] = setting.split('=')
      await must(within(a.netns, 'sh', '-c', `echo ${value} > /proc/sys/net/ipv4/conf/${key}`))
    }
    await until('it to be counted', async () => {
      await forge()
      return (await dropsOf(running))[`underlay@${a.ip4}:4789 vtep-unlisted`] !== undefined
    })
    expect(await running.fdb()).not.toHaveProperty('02:55:00:00:00:66')
    expect(await ping(here.netns, there.ip4)).toEqual(all)
  })
})

/** A datagram of VNI 42 from the address that it is for, with a frame of a stranger. */
const FORGED = `
import socket, struct, sys
address = socket.inet_aton(sys.argv[1])
inner = b'\\xff' * 6 + bytes.fromhex('025500000066') + b'\\x88\\xb5' + bytes(46)
vxlan = bytes([8, 0, 0, 0, 0, 0, 42, 0]) + inner
udp = struct.pack('!HHHH', 50000, 4789, 8 + len(vxlan), 0) + vxlan
head = struct.pack('!BBHHHBBH4s4s', 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, address, address)
raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
raw.sendto(head + udp, (sys.argv[1], 0))`

test('one MAC that two sources of the directory put behind two VTEPs: the last counts, until it takes that back', async () => {
  const [{ running }] = await overlayLab()
  const mac = '02:0e:11:00:00:50'
  const tell = async (source: string, vtep: string) => {
    const body = JSON.stringify({ endpoints: [{ vni: VNI, mac, addresses: ['10.78.0.80'], vtep }] })
    expect(await send(running, 'PUT', `/v1/directory/${source}`, { body })).toMatchObject({
      status: 204,
    })
  }
  const follows = (vtep: string) =>
    until(`the entry to be behind ${vtep}`, async () => {
      const entries = await running.show<FdbEntry[]>('fdb')
      const own = entries.filter((one) => one.mac === mac)
      return own.length === 1 && own[0]?.vtep === vtep && own[0].external
    })
  const peers = JSON.stringify({ peers: [{ vni: VNI, vtep: '10.9.0.3' }] })
  expect(await send(running, 'PUT', '/v1/directory/net', { body: peers })).toMatchObject({
    status: 204,
  })
  await tell('one', '10.9.0.2')
  await follows('10.9.0.2')
  await tell('two', '10.9.0.3')
  await follows('10.9.0.3')
  const marks = { source: 'two', stale: false, contested: true }
  expect(await running.show<EndpointView[]>('endpoints')).toMatchObject([marks])
  await running.program.prints('contested')
  await tell('one', '10.9.0.2')
  await follows('10.9.0.2')
  // What a lost source said counts for nothing beside what another says.
  expect(await send(running, 'POST', '/v1/directory/one/lose')).toMatchObject({ status: 204 })
  await follows('10.9.0.3')
  expect(await send(running, 'DELETE', '/v1/directory/two')).toMatchObject({ status: 204 })
  await follows('10.9.0.2')
})
