/** The library: VXLAN in the process, whose datagrams the program carries. */
import { describe, expect, test } from 'vitest'
import { createSwitch, type Switch, type UnderlayDatagram } from '../../src/index.js'
import { readDatagram as readInner } from '../../src/packet/datagram.js'
import { wrap } from '../../src/packet/outer.js'
import { codeOf } from '../support/errors.js'
import { BROADCAST, frame, packet, station } from '../support/frames.js'
import { vxlanHeader } from '../support/vxlan.js'

const [A, B] = [station(1), station(2)]
const HERE = '192.0.2.10'
const THERE = '192.0.2.11'

/** A switch with a station on a bridge of VNI 42, whose other end is `peers`. */
const edge = (own: string, peers: string[], more: object = {}) =>
  createSwitch({
    underlay: { addresses: [own] },
    bridges: { blue: { vxlan: { vni: 42, peers } } },
    ports: { host: { bridge: 'blue' } },
    ...more,
  })

const hostOf = (sw: Switch) => sw.ports.get('host') as NonNullable<ReturnType<Switch['addPort']>>

/** What the switch sends into the underlay for a frame of its station. */
function sent(sw: Switch, ...frames: Uint8Array[]): UnderlayDatagram[] {
  for (const one of frames) hostOf(sw).send(one)
  sw.process()
  return sw.underlay.take()
}

/** What its station gets for datagrams of the underlay. */
function heard(sw: Switch, ...datagrams: UnderlayDatagram[]): Uint8Array[] {
  for (const one of datagrams) expect(sw.underlay.send(one)).toBe(true)
  sw.process()
  return hostOf(sw).take()
}

describe.each([
  ['IPv4', HERE, THERE, 1450],
  ['IPv6', '2001:db8::10', '2001:db8::11', 1430],
])('over %s', (_, here, there, mtu) => {
  test('a frame leaves as a datagram, and gets to the other end as it was', async () => {
    await using one = await edge(here, [there])
    await using other = await edge(there, [here])
    const [datagram, ...more] = sent(one, frame(BROADCAST, A, 7)) as [UnderlayDatagram]
    expect(more).toEqual([])
    expect(datagram).toMatchObject({ from: here, to: there, destinationPort: 4789, ttl: 64 })
    expect(datagram.sourcePort).toBeGreaterThanOrEqual(49_152)
    expect([...datagram.octets.subarray(0, 8)]).toEqual(vxlanHeader(42))
    expect(heard(other, datagram)).toEqual([frame(BROADCAST, A, 7)])
    // It was learnt where it came from.
    expect(other.fdb.list()).toMatchObject([{ port: null, vtep: here }])
    const [answer] = sent(other, frame(A, B, 8)) as [UnderlayDatagram]
    expect(heard(one, answer)).toEqual([frame(A, B, 8)])
    expect(other.tunnels()).toMatchObject([
      {
        ...{ name: `blue@${here}`, bridge: 'blue', vni: 42, local: there, vtep: here, port: 4789 },
        ...{ mtu, pathMtu: null, errors: { tooBig: 0, unreachable: 0 } },
        counters: { rxFrames: 1, txFrames: 1 },
      },
    ])
  })
})

test('a flood goes to every peer, and nothing from one of them to another', async () => {
  await using sw = await edge(HERE, [THERE, '192.0.2.12'])
  const datagrams = sent(sw, frame(BROADCAST, A))
  expect(datagrams.map(({ to }) => to)).toEqual([THERE, '192.0.2.12'])
  const from = { ...(datagrams[0] as UnderlayDatagram), from: THERE, to: HERE }
  expect(heard(sw, from)).toHaveLength(1)
  expect(sw.underlay.take()).toEqual([])
})

test('what is from nobody or for nobody is dropped, and counted', async () => {
  await using sw = await edge(HERE, [THERE])
  const [datagram] = sent(sw, frame(BROADCAST, A)) as [UnderlayDatagram]
  const back = { ...datagram, from: THERE, to: HERE }
  expect(heard(sw, { ...back, from: '192.0.2.99' })).toEqual([])
  expect(heard(sw, { ...back, octets: Uint8Array.from([...vxlanHeader(43), 0]) })).toEqual([])
  const port = `underlay@${HERE}:4789`
  expect(sw.drops()).toEqual([
    { port, reason: 'vni-unknown', frames: 1 },
    { port, reason: 'vtep-unlisted', frames: 1 },
  ])
  expect(sw.underlay.send({ ...back, destinationPort: 4790 })).toBe(false)
  expect(sw.underlay.send({ ...back, to: THERE })).toBe(false)
})

test('a bridge with a UDP port of its own has a socket of its own', async () => {
  const bridges = {
    blue: { vxlan: { vni: 42, peers: [THERE] } },
    red: { vxlan: { vni: 42, peers: [THERE], port: 8472 } },
  }
  await using sw = await edge(HERE, [], { bridges, ports: { host: { bridge: 'red' } } })
  expect(sw.underlay.sockets).toEqual([
    { address: HERE, port: 4789 },
    { address: HERE, port: 8472 },
  ])
  expect(sent(sw, frame(BROADCAST, A))).toMatchObject([{ destinationPort: 8472 }])
  sw.removePort('host')
  sw.removeBridge('red')
  expect(sw.underlay.sockets).toEqual([{ address: HERE, port: 4789 }])
  expect(sw.tunnels().map(({ name }) => name)).toEqual([`blue@${THERE}`])
})

test('the type of service of the packet inside is that of the datagram, and marks are carried in', async () => {
  await using sw = await edge(HERE, [THERE])
  const { frame: made } = packet({ version: 6, protocol: 'udp', to: B, from: A, payload: 20 })
  made.set([0x6b, 0xa0], 14)
  const [datagram] = sent(sw, made) as [UnderlayDatagram]
  expect(datagram).toMatchObject({ dscp: 46, ecn: 2 })
  const [marked] = heard(sw, { ...datagram, from: THERE, to: HERE, ecn: 3 }) as [Uint8Array]
  expect([...marked.subarray(14, 16)]).toEqual([0x6b, 0xb0]) // RFC 6040: congestion outside is congestion inside
})

describe('what the underlay says', () => {
  const big = (octets: number) =>
    packet({ protocol: 'udp', to: B, from: A, payload: octets - 28 }).frame

  test('that it does not take a datagram is a drop of its port, by reason', async () => {
    await using sw = await edge(HERE, [THERE])
    const port = `underlay@${HERE}:4789`
    for (const refusal of ['too-big', 'unreachable', 'full'] as const) {
      sw.underlay.onDatagram(() => refusal)
      sent(sw, frame(BROADCAST, A))
    }
    const reasons = ['device-full', 'underlay-too-big', 'underlay-unreachable']
    expect(sw.drops()).toEqual(reasons.map((reason) => ({ port, reason, frames: 1 })))
    sw.underlay.onDatagram(undefined)
    expect(sent(sw, frame(BROADCAST, A))).toHaveLength(1)
  })

  test('a way that takes less makes the MTU of its tunnel less, for ten minutes', async () => {
    await using sw = await edge(HERE, [THERE, '192.0.2.12'])
    const mtus = () => sw.tunnels().map(({ mtu, pathMtu }) => [mtu, pathMtu])
    sw.underlay.failed({ to: THERE, reason: 'too-big', mtu: 1400 })
    expect(mtus()).toEqual([
      [1350, 1400],
      [1450, null],
    ])
    expect(sw.tunnels()[0]?.errors).toEqual({ tooBig: 1, unreachable: 0 })
    expect(sent(sw, big(1351)).map(({ to }) => to)).toEqual(['192.0.2.12'])
    // The sender is told, in the name of whom it was for.
    expect(hostOf(sw).take()).toHaveLength(1)
    sw.advance('10m')
    expect(mtus()[0]).toEqual([1450, null])
    expect(sent(sw, big(1351)).map(({ to }) => to)).toEqual([THERE, '192.0.2.12'])
  })

  test('a clock that leaps from one deadline to the next comes by when those are over', async () => {
    await using sw = await edge(HERE, [THERE])
    sw.advance('1h')
    expect(sw.nextDeadline()).toBe(Infinity)
    sw.underlay.failed({ to: THERE, reason: 'too-big', mtu: 1400 })
    sw.advance(1)
    expect(sw.nextDeadline()).toBe(3_600_000 + 600_000)
  })

  test('what is not to be believed, or of nobody, changes nothing', async () => {
    await using sw = await edge(HERE, [THERE])
    sw.underlay.failed({ to: THERE, reason: 'too-big', mtu: 100 })
    sw.underlay.failed({ to: '192.0.2.99', reason: 'too-big', mtu: 1400 })
    sw.underlay.failed({ to: THERE, reason: 'unreachable' })
    const [tunnel] = sw.tunnels()
    expect(tunnel).toMatchObject({ mtu: 1450, errors: { tooBig: 1, unreachable: 1 } })
    sw.addBridge('red', { vxlan: { vni: 43, peers: ['192.0.2.99'] } })
    expect(sw.tunnels()[1]).toMatchObject({ mtu: 1450, errors: { tooBig: 0, unreachable: 0 } })
  })

  test('its MTU is that of the tunnels, unless the config says', async () => {
    await using sw = await edge(HERE, [THERE])
    sw.underlay.mtu = 9000
    expect(sw.tunnels()[0]?.mtu).toBe(8950)
    await using stated = await edge(HERE, [THERE], { underlay: { addresses: [HERE], mtu: 1400 } })
    stated.underlay.mtu = 9000
    expect(stated.tunnels()[0]?.mtu).toBe(1350)
    expect(codeOf(() => (sw.underlay.mtu = 100))).toBe('INVALID')
  })
})

test('a handler is given what leaves, and may carry it on at once', async () => {
  await using one = await edge(HERE, [THERE])
  await using other = await edge(THERE, [HERE])
  one.underlay.onDatagram((datagram) => void other.underlay.send(datagram))
  other.underlay.onDatagram((datagram) => void one.underlay.send(datagram))
  hostOf(other).onFrame(() => void hostOf(other).send(frame(A, B, 2)))
  hostOf(one).send(frame(B, A, 1))
  one.process()
  other.process()
  one.process()
  expect(hostOf(one).take()).toEqual([frame(A, B, 2)])
})

test('a static entry is behind its VTEP', async () => {
  const fdb = [{ bridge: 'blue', mac: '02:00:00:00:00:09', vtep: '192.0.2.12' }]
  await using sw = await edge(HERE, [THERE, '192.0.2.12'], { fdb })
  expect(sw.fdb.list()).toMatchObject([{ static: true, vtep: '192.0.2.12' }])
  const [datagram, ...more] = sent(sw, frame(Uint8Array.of(2, 0, 0, 0, 0, 9), A)) as [
    UnderlayDatagram,
  ]
  expect([datagram.to, more]).toEqual(['192.0.2.12', []])
})

test('questions for known neighbours behind a tunnel are answered here', async () => {
  const neighbors = [{ bridge: 'blue', address: '10.0.0.9', mac: '02:00:00:00:00:09' }]
  const { arpFrame, readArp } = await import('../support/ip.js')
  await using sw = await edge(HERE, [THERE], { neighbors })
  const asked = arpFrame({
    ...{ operation: 'request', sender: '10.0.0.1', target: '10.0.0.9', senderMac: A },
  })
  sw.fdb.add({ bridge: 'blue', mac: '02:00:00:00:00:09', port: `blue@${THERE}` })
  expect(sent(sw, asked)).toEqual([])
  expect(hostOf(sw).take().map(readArp)).toMatchObject([{ senderMac: '02:00:00:00:00:09' }])
})

test('a trace tells of the datagram, and a capture has it', async () => {
  await using sw = await edge(HERE, [THERE])
  const { verdict, outputs } = sw.trace('host', frame(BROADCAST, A))
  expect(verdict).toBe('flooded')
  expect(outputs).toMatchObject([{ datagram: { source: HERE, destination: THERE, vni: 42 } }])
  const seen: Uint8Array[] = []
  sw.capture({ port: `underlay@${HERE}:4789` }, (captured) => void seen.push(captured.frame))
  const [{ octets }] = sent(sw, frame(BROADCAST, A)) as [UnderlayDatagram]
  expect(seen.map((one) => readInner(one)?.inner)).toEqual([octets.slice(8)])
})

describe('an underlay that comes later', () => {
  test('is made room for, and bridges may have tunnels then', async () => {
    await using sw = await createSwitch({}, { tunnels: true })
    expect(() => sw.addBridge('blue', { vxlan: { vni: 42 } })).toThrow('there is no "underlay"')
    expect(codeOf(() => sw.underlay)).toBe('NOT_FOUND')
    sw.configure({ underlay: { addresses: [HERE] } })
    sw.addBridge('blue', { vxlan: { vni: 42, peers: [THERE] } })
    sw.addPort('host', { bridge: 'blue' })
    expect(sent(sw, frame(BROADCAST, A))).toHaveLength(1)
    expect(codeOf(() => sw.configure({ underlay: { addresses: [HERE] } }))).toBe('EXISTS')
    sw.configure({ routes: [] })
    expect(sw.config.underlay?.addresses).toEqual([HERE])
  })

  test('is refused where there is no room for it, and nothing has changed', async () => {
    await using sw = await createSwitch({ bridges: { lan: {} } })
    expect(codeOf(() => sw.configure({ underlay: { addresses: [HERE] } }))).toBe('INVALID')
    expect(sw.config.underlay).toBeUndefined()
    expect(sw.tunnels()).toEqual([])
  })
})

describe('is refused', () => {
  test('tunnels and sockets as ports of the program', async () => {
    await using sw = await edge(HERE, [THERE])
    for (const name of [`blue@${THERE}`, `underlay@${HERE}:4789`]) {
      expect(codeOf(() => sw.removePort(name))).toBe('INVALID')
      expect(codeOf(() => sw.setPort(name, { up: false }))).toBe('INVALID')
    }
    expect(codeOf(() => sw.removeBridge('blue'))).toBe('EXISTS')
    expect(sent(sw, frame(BROADCAST, A))).toHaveLength(1)
  })

  test('more peers than there is room for; the bridge is not there then', async () => {
    await using sw = await edge(HERE, [THERE], { capacity: { tunnels: 1 } })
    const add = () => sw.addBridge('red', { vxlan: { vni: 43, peers: [THERE] } })
    expect(add).toThrow('capacity.tunnels')
    expect([...Object.keys(sw.config.bridges), sw.tunnels().length]).toEqual(['blue', 1])
  })

  test('more UDP ports than there is room for; what was there goes on', async () => {
    await using sw = await edge(HERE, [THERE], { capacity: { tunnels: 1 } })
    const own = Array.from({ length: 40 }, (_, n) => n)
    const codes = own.map((n) =>
      codeOf(() => sw.addBridge(`b${n}`, { vxlan: { vni: 43, port: 5000 + n } })),
    )
    const refused = codes.filter((code) => code === 'LIMIT').length
    expect(refused).toBeGreaterThan(0)
    expect(Object.keys(sw.config.bridges)).toHaveLength(41 - refused)
    expect(sw.underlay.sockets).toHaveLength(41 - refused)
    expect(sent(sw, frame(BROADCAST, A))).toHaveLength(1)
  })

  test.each([
    ['an address that is none', { to: 'x' }],
    ['two families', { from: '2001:db8::1' }],
    ['no octets', { octets: 'frame' }],
    ['more octets than a datagram has', { octets: new Uint8Array(65_508) }],
    ['a port that is none', { destinationPort: 65_536 }],
    ['a TTL that is none', { ttl: 256 }],
    ['a DSCP that is none', { dscp: 64 }],
    ['an ECN codepoint that is none', { ecn: 4 }],
  ])('a datagram with %s', async (_, wrong) => {
    await using sw = await edge(HERE, [THERE])
    const ports = { sourcePort: 49_152, destinationPort: 4789 }
    const right = { from: THERE, to: HERE, ...ports, octets: new Uint8Array(30) }
    expect(codeOf(() => sw.underlay.send({ ...right, ...wrong } as never))).toBe('INVALID')
  })
})

test('headers are written as the traces have them', () => {
  const headers = { sourcePort: 49_152, destinationPort: 4789, ttl: 1, dscp: 46, ecn: 2 }
  for (const [source, destination] of [
    [HERE, THERE],
    ['2001:db8::10', '2001:db8::11'],
  ] as const) {
    const payload = Uint8Array.from([...vxlanHeader(1), ...frame(A, B)])
    const read = readInner(wrap(payload, { ...headers, source, destination }))
    expect(read).toMatchObject({ ...headers, source, destination, inner: frame(A, B) })
  }
})
