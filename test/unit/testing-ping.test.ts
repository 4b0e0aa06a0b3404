/** The lab: pings, what routers say, paths, captures that repeat. */

import { expect, test } from 'vitest'
import { parseMac } from '../../src/config/address.js'
import { buildFrame } from '../../src/packet/build.js'
import { readCapture } from '../../src/packet/capture/reader.js'
import { parseFlow } from '../../src/packet/flow.js'
import { createLab, type Lab, type LabOptions } from '../../src/testing/index.js'
import { isSame } from '../support/octets.js'

const GATEWAY = ['10.55.0.1/24', 'fd55::1/64']

async function two(options: LabOptions = {}) {
  const lab = await createLab(options)
  const lan = lab.bridge('lan', { gateway: GATEWAY })
  return { lab, lan, a: lab.host('a', { bridge: lan }), b: lab.host('b', { bridge: lan }) }
}

test('addresses are allotted from the gateway’s networks, and MACs are made of names', async () => {
  const { lab, a, b } = await two()
  expect([a.addresses, b.addresses]).toEqual([
    ['10.55.0.2', 'fd55::2'],
    ['10.55.0.3', 'fd55::3'],
  ])
  expect(a.mac).toMatch(/^02(:[\da-f]{2}){5}$/)
  expect(a.mac).not.toBe(b.mac)
  await lab.close()
})

test('a ping to a host, its name, and each of its addresses', async () => {
  const { lab, a, b } = await two()
  for (const to of [b, 'b', '10.55.0.3', 'fd55::3', '10.55.0.1', 'fd55::1', a, 'fd55::2']) {
    expect(await a.ping(to, { count: 3 })).toMatchObject({
      sent: 3,
      received: 3,
      lost: 0,
      errors: [],
    })
  }
  expect(lab.now).toBe(8 * 2000)
  await lab.close()
})

test('a link’s delay is in the round trip, and only the frames’ own', async () => {
  const { lab, a, b } = await two()
  lab.link('a').set({ delay: '10ms' })
  lab.link(b).set({ delay: 2.5 })
  expect((await a.ping(b)).rtt).toEqual({ min: 50, average: 50, max: 50 })
  expect((await a.ping(b)).rtt).toEqual({ min: 25, average: 25, max: 25 })
  expect(lab.now).toBe(75)
  await lab.close()
})

test('nobody there: the host itself says so, after three questions', async () => {
  const { lab, a } = await two()
  const result = await a.ping('10.55.0.77')
  expect(result).toMatchObject({ sent: 1, received: 0, lost: 1, rtt: undefined })
  expect(result.errors).toEqual([{ sequence: 0, reason: 'host-unreachable', from: '10.55.0.2' }])
  expect(lab.now).toBe(3000)
  await lab.close()
})

test('what the router says is in the result: unreachable, time exceeded', async () => {
  const { lab, a } = await two()
  for (const [to, from] of [
    ['192.0.2.1', '10.55.0.1'],
    ['2001:db8::1', 'fd55::1'],
  ] as const) {
    expect((await a.ping(to)).errors).toEqual([
      { sequence: 0, reason: 'network-unreachable', from },
    ])
  }
  const other = lab.host('c', { bridge: lab.bridge('dmz', { gateway: ['10.56.0.1/24'] }) })
  expect((await a.ping(other, { ttl: 1 })).errors).toMatchObject([
    { reason: 'time-exceeded', from: '10.55.0.1' },
  ])
  expect(await a.traceroute(other)).toMatchObject([
    { ttl: 1, from: '10.55.0.1' },
    { ttl: 2, from: '10.56.0.2', rtt: 0 },
  ])
  await lab.close()
})

test('a link that is down loses everything, which is no exception', async () => {
  const lab = await createLab()
  lab.bridge('lan')
  const [a, b] = [lab.host('a'), lab.host('b')]
  await a.ping(b)
  lab.link('b').set({ up: false })
  expect(await a.ping(b, { count: 2, timeout: '1s' })).toMatchObject({ received: 0, lost: 2 })
  lab.link('b').set({ up: true })
  expect(await a.ping(b)).toMatchObject({ received: 1 })
  expect(lab.link('b').counters.lost).toBe(2)
  await lab.close()
})

test.each([4, 6])('IPv%i: what is too long goes in fragments, and comes whole', async (family) => {
  const { lab, a } = await two()
  const to = family === 4 ? '10.55.0.3' : 'fd55::3'
  for (const size of [1472, 1473, 4000, 65_000]) {
    expect(await a.ping(to, { size })).toMatchObject({ received: 1 })
  }
  expect((await a.ping(to, { size: 2000, dontFragment: true })).errors).toMatchObject([
    { reason: 'too-big', mtu: 1500, from: a.addresses[family === 4 ? 0 : 1] },
  ])
  await lab.close()
})

test('a path’s MTU is what a router says, and learnt', async () => {
  const { lab, a } = await two()
  const narrow = lab.bridge('narrow', { mtu: 1300, gateway: ['10.56.0.1/24'] })
  const far = lab.host('far', { bridge: narrow })
  const first = await a.ping(far, { size: 1400, dontFragment: true })
  expect(first.errors).toEqual([{ sequence: 0, reason: 'too-big', from: '10.55.0.1', mtu: 1300 }])
  // From here on the host knows: it cuts what routers may not.
  expect(await a.ping(far, { size: 1400 })).toMatchObject({ received: 1 })
  expect((await a.ping(far, { size: 1400, dontFragment: true })).errors).toMatchObject([
    { reason: 'too-big', mtu: 1300, from: '10.55.0.2' },
  ])
  await lab.close()
})

test('SLAAC: address and gateway of router advertisements', async () => {
  const { lab, lan } = await two()
  const s = lab.host('s', { bridge: lan, slaac: true })
  expect(s.addresses).toEqual(['10.55.0.4'])
  await lab.advance('20s')
  expect(s.addresses).toHaveLength(2)
  expect(s.addresses[1]).toMatch(/^fd55::.*ff:fe/)
  const dmz = lab.host('d', { bridge: lab.bridge('dmz', { gateway: ['fd56::1/64'] }) })
  expect(await s.ping(dmz)).toMatchObject({ received: 1 })
  await lab.close()
})

async function captured(seed: LabOptions['seed'] & {}): Promise<Uint8Array> {
  const { lab, a, b } = await two({ seed })
  const file = lab.capture()
  lab.link('a').set({ delay: 1.25 })
  await a.ping(b, { count: 3, size: 3000 })
  await b.udp().send(a, 9, 'nobody')
  await lab.advance('1h')
  const bytes = file.bytes()
  expect(file.bytes()).toEqual(bytes)
  await lab.close()
  return bytes
}

test('the same seed gives the same octets, another one others', async () => {
  const once = await captured(7)
  expect(isSame(await captured(7), once)).toBe(true)
  expect(isSame(await captured(7n), once)).toBe(true)
  expect(isSame(await captured('7'), once)).toBe(false)
})

const read = (bytes: Uint8Array) => readCapture(bytes).packets

test('a capture has interfaces by name, times of the lab, and directions as a host sees them', async () => {
  const { lab, a, b } = await two()
  const [all, one] = [lab.capture(), lab.capture('a')]
  await lab.advance('1s')
  lab.link('b').set({ delay: 10 })
  await a.ping(b)
  const packets = read(all.bytes())
  expect(new Set(packets.map((packet) => packet.interface.name))).toEqual(new Set(['a', 'b']))
  const echo = packets.filter(({ frame }) => frame[12] === 8 && frame[13] === 0)
  expect(echo.map((packet) => [packet.interface.name, packet.direction, packet.time])).toEqual([
    ['a', 'transmit', 1_020_000_000n],
    ['b', 'receive', 1_030_000_000n],
    ['b', 'transmit', 1_030_000_000n],
    ['a', 'receive', 1_040_000_000n],
  ])
  expect(read(one.bytes())).toHaveLength(one.frames.length)
  one.stop()
  const before = one.frames
  await a.ping(b)
  expect(one.frames).toBe(before)
  await lab.close()
})

test('a host that comes later is in a capture of all', async () => {
  const { lab, lan, a } = await two()
  const all = lab.capture()
  await a.ping(lab.host('c', { bridge: lan }))
  expect(read(all.bytes()).some((packet) => packet.interface.name === 'c')).toBe(true)
  await lab.close()
})

test.each([0, 24, 40, 44])(
  'a datagram with octet %i of its packet damaged is not taken',
  async (at) => {
    const { lab, b } = await two()
    await b.ping('a')
    const { production } = lab.switch()
    const raw = production.addPort('raw', { bridge: 'lan' })
    const socket = b.udp(9)
    const flow = parseFlow(['udp', '10.55.0.7:1', '10.55.0.3:9'])
    const frame = buildFrame(flow, { destinationMac: parseMac(b.mac), length: 80 })
    const damaged = frame.slice()
    damaged[14 + at] = (damaged[14 + at] as number) ^ 1
    for (const each of [damaged, frame]) raw.send(each)
    production.process()
    expect((await socket.receive()).data).toEqual(frame.subarray(42))
    await expect(socket.receive()).rejects.toMatchObject({ code: 'IDLE' })
    await lab.close()
  },
)

test('masquerade: the internet sees the uplink, and what comes back finds the way in', async () => {
  const { lab, a, b } = await two()
  const internet = lab.bridge('internet', { subnets: ['203.0.113.0/24'] })
  const server = lab.host('server', { bridge: internet, addresses: ['203.0.113.5/24'] })
  lab.router({
    uplinks: { wan: { bridge: internet, addresses: ['203.0.113.10/24'] } },
    nat: [{ type: 'masquerade', from: { bridge: 'lan' }, uplink: 'wan' }],
    publish: [{ name: 'dns', listen: 'wan:53', to: ['10.55.0.3:5353'], protocol: ['udp'] }],
  })
  expect(await a.ping(server)).toMatchObject({ received: 1 })
  server.udp(9, (datagram) => void datagram.reply(datagram.from))
  const socket = a.udp()
  await socket.send(server, 9, 'who am I?')
  expect((await socket.receive()).text).toBe('203.0.113.10')
  // Nobody gets in but by what is published.
  expect((await server.ping('10.55.0.2').catch((error) => error)).code).toBe('UNREACHABLE')
  b.udp(5353, (datagram) => void datagram.reply('published'))
  const outside = server.udp()
  await outside.send('203.0.113.10', 53, '?')
  expect(await outside.receive()).toMatchObject({ text: 'published', from: '203.0.113.10' })
  expect([...lab.switch().production.flows.list()].length).toBeGreaterThan(0)
  await lab.close()
})

test('two switches on one clock, joined by an uplink of one on a bridge of the other', async () => {
  const { lab, lan, a } = await two()
  const edge = lab.switch('edge')
  const inner = edge.bridge('inner', { gateway: ['10.99.0.1/24'] })
  const far = lab.host('far', { bridge: inner })
  edge.router({
    uplinks: {
      up: {
        bridge: lan,
        addresses: ['10.55.0.99/24'],
        routes: [{ to: 'default', via: '10.55.0.1' }],
      },
    },
    nat: [{ type: 'masquerade', from: { bridge: 'inner' }, uplink: 'up' }],
  })
  expect(await far.ping(a)).toMatchObject({ received: 1 })
  lab.link('edge:up.lan').set({ delay: '5ms' })
  expect((await far.ping(a)).rtt).toMatchObject({ average: 10 })
  await lab.close()
})

test.each([4, 6])(
  'IPv%d: a host without a way back answers nothing; that is a loss',
  async (family) => {
    const lab = await createLab()
    lab.bridge('l1', { gateway: ['10.1.0.1/24', 'fd01::1/64'] })
    lab.bridge('l2', { gateway: ['10.2.0.1/24', 'fd02::1/64'] })
    const a = lab.host('a', { bridge: 'l1' })
    const b = lab.host('b', { bridge: 'l2', gateway: false })
    const to = b.addresses.find((address) => address.includes(':') === (family === 6)) as string
    expect(await a.ping(to)).toMatchObject({ sent: 1, received: 0, lost: 1, errors: [] })
    const socket = a.udp()
    await socket.send(to, 99, 'nobody is there to say so')
    await expect(socket.receive({ timeout: '1s' })).rejects.toMatchObject({ code: 'TIMEOUT' })
    await lab.close()
  },
)

test('thirty idle days pass, with ageing, advertisements and flows', async () => {
  const { lab, a, b }: { lab: Lab } & Awaited<ReturnType<typeof two>> = await two()
  await a.udp().send(b, 9, 'x')
  await a.ping('10.55.0.1')
  const { production } = lab.switch()
  const learnt = () => production.fdb.list().filter((entry) => !entry.static).length
  expect(learnt()).toBe(2)
  await lab.advance('30d')
  expect(learnt()).toBe(0)
  expect([...production.flows.list()]).toEqual([])
  expect(lab.now).toBe(30 * 86_400_000)
  expect(production.now).toBeLessThanOrEqual(lab.now)
  expect(await a.ping(b)).toMatchObject({ received: 1 })
  await lab.close()
})
