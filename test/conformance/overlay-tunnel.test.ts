/** VXLAN between the underlay and a bridge (RFC 7348; CONFORMANCE X1 to X4, X7, X9, X10). */
import { describe, expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import {
  BROADCAST,
  EtherType,
  ethernet,
  frame,
  markOf,
  packet,
  station,
  superFrame,
} from '../support/frames.js'
import { checksumIsRight } from '../support/parse.js'
import { type Rig, rig } from '../support/rig.js'
import { datagram, readDatagram, run, runOf, vxlanHeader } from '../support/vxlan.js'

const REMOTE = '192.0.2.2'
const OTHER = '192.0.2.3'
const [A, B, C] = [station(1), station(2), station(3)]

onEveryBuild('a tunnel', (build) => {
  const bench = (): Rig => rig(build).underlay().ports('ab').tunnel('t', { remote: REMOTE })
  const outside = (on: Rig) => on.frames('underlay').map(readDatagram)

  test('X1: what is flooded into it leaves as a datagram with I set and all else 0', () => {
    const on = bench()
      .inject('a', frame(B, A, 7))
      .run()
    const [sent, ...more] = outside(on)
    expect(more).toEqual([])
    expect(sent).toMatchObject({
      ...{ version: 4, from: '192.0.2.1', to: REMOTE, tos: 0, ttl: 64, fragment: 0x4000 },
      ...{ destinationPort: 4789, checksum: 0, vni: 42 },
    })
    expect([...(sent?.vxlan ?? [])]).toEqual(vxlanHeader(42))
    expect(sent?.inner).toEqual(frame(B, A, 7))
    expect(on.deliveries()).toEqual({ b: 1 })
    expect(on.counters('t')).toMatchObject({ txFrames: 1, txBytes: 60 })
    expect(on.counters('underlay')).toMatchObject({ txFrames: 1, txBytes: 110 })
  })

  test('what comes by it is learnt there, and what is sent to it goes nowhere else', () => {
    const on = bench()
      .inject('underlay', datagram(frame(A, C, 1)))
      .run()
    expect(on.whereIs(C)).toBe('t')
    expect(on.deliveries()).toEqual({ a: 1, b: 1 })
    on.inject('a', frame(C, A, 2)).run()
    expect(outside(on).map(({ inner }) => inner)).toEqual([frame(C, A, 2)])
    expect(on.deliveries()).toEqual({})
    on.inject('underlay', datagram(frame(A, C, 3))).run()
    expect(on.frames('a')).toEqual([frame(A, C, 3)])
    expect(on.counters('t')).toMatchObject({ rxFrames: 2, rxBytes: 120 })
  })

  test('over IPv6, both ways', () => {
    const on = rig(build).underlay().ports('ab')
    on.tunnel('t', { local: '2001:db8::1', remote: '2001:db8::2', vni: 0xffffff, mtu: 1430 })
    const given = { from: '2001:db8::2', to: '2001:db8::1', vni: 0xffffff }
    on.inject('underlay', datagram(frame(A, C, 1), given)).run()
    expect(on.whereIs(C)).toBe('t')
    on.inject('a', frame(C, A, 2)).run()
    expect(outside(on)[0]).toMatchObject({
      ...{ version: 6, vni: 0xffffff, inner: frame(C, A, 2), ttl: 64, checksum: 0 },
      to: '20010db8000000000000000000000002',
    })
  })

  test('X3: VNI 0 works, and an unknown one is dropped', () => {
    const on = rig(build).underlay().ports('ab').tunnel('t', { remote: REMOTE, vni: 0 })
    on.inject(
      'underlay',
      datagram(frame(A, C), { vni: 0 }),
      datagram(frame(A, B), { vni: 1 }),
    ).run()
    expect(on.deliveries()).toEqual({ a: 1, b: 1 })
    expect(on.drops()).toEqual({ 'underlay vni-unknown': 1 })
  })

  test('X9: of a VTEP that is not listed nothing is learnt or let in', () => {
    const on = bench()
      .inject('underlay', datagram(frame(A, C), { from: OTHER }))
      .run()
    expect(on.drops()).toEqual({ 'underlay vtep-unlisted': 1 })
    expect(on.fdb()).toEqual({})
    expect(on.deliveries()).toEqual({})
  })

  test('X10: nothing goes from one tunnel of a bridge to another, known or not', () => {
    const on = bench().tunnel('u', { remote: OTHER })
    on.inject('underlay', datagram(frame(BROADCAST, B), { from: OTHER })).run()
    expect(on.deliveries()).toEqual({ a: 1, b: 1 })
    on.inject('underlay', datagram(frame(B, C))).run()
    expect(on.deliveries()).toEqual({})
    expect(on.drops()).toEqual({ 'u split-horizon': 1 })
    on.inject('a', frame(BROADCAST, A)).run()
    expect(outside(on).map(({ to }) => to)).toEqual([REMOTE, OTHER])
  })

  test('many VNIs and bridges over one underlay', () => {
    const on = rig(build, { capacity: { ports: 600, bridges: 300, vlans: 1 } }).underlay()
    for (let vni = 0; vni < 256; vni++) {
      on.port(`p${vni}`, { bridge: `b${vni}` })
      on.tunnel(`t${vni}`, { bridge: `b${vni}`, remote: REMOTE, vni: vni * 257 })
    }
    for (let vni = 0; vni < 256; vni++) {
      on.inject('underlay', datagram(frame(A, C, vni), { vni: vni * 257 }))
    }
    on.run()
    for (let vni = 0; vni < 256; vni++) expect(on.frames(`p${vni}`)).toEqual([frame(A, C, vni)])
    for (let vni = 0; vni < 256; vni++) on.inject(`p${vni}`, frame(C, A, vni))
    on.run()
    const sent = outside(on).map(({ vni, inner }) => [vni, inner])
    expect(sent).toEqual(Array.from({ length: 256 }, (_, n) => [n * 257, frame(C, A, n)]))
  })

  describe('X4: the source port', () => {
    test('is the same for a flow, and spread for many', () => {
      const on = bench()
      for (let flow = 0; flow < 1000; flow++) {
        const { frame: made } = packet({ protocol: 'udp', payload: 20 })
        new DataView(made.buffer).setUint16(34, 1024 + flow)
        on.inject('a', made, made)
      }
      const ports = outside(on.run()).map(({ sourcePort }) => sourcePort)
      expect(ports).toHaveLength(2000)
      const uses = new Map<number, number>()
      for (let flow = 0; flow < 1000; flow++) {
        expect(ports[2 * flow]).toBe(ports[2 * flow + 1])
        uses.set(ports[2 * flow] as number, (uses.get(ports[2 * flow] as number) ?? 0) + 1)
      }
      expect(uses.size).toBe(64)
      expect(Math.min(...uses.keys())).toBe(49_152)
      expect(Math.max(...uses.keys())).toBe(49_215)
      // 15.6 on average: five standard deviations either way.
      expect(Math.max(...uses.values())).toBeLessThan(36)
    })

    test('all fragments of a datagram have one', () => {
      const on = bench()
      const parts = [0x2000, 0x2001, 0x0002].map((fragment) => packet({ fragment }).frame)
      const ports = outside(on.inject('a', ...parts).run()).map(({ sourcePort }) => sourcePort)
      expect(new Set(ports).size).toBe(1)
    })
  })

  describe('X7: a frame with a VLAN tag', () => {
    const tagged = ethernet(A, C, EtherType.LOCAL, new Uint8Array(50), [{ vid: 5 }])

    test('passes neither way', () => {
      const on = bench().inject('underlay', datagram(tagged)).inject('a', tagged).run()
      expect(on.drops()).toEqual({ 't overlay-tagged': 1, 't tunnel-tagged': 1 })
      expect(outside(on)).toEqual([])
    })

    test('passes both ways where the bridge says so', () => {
      const on = rig(build).underlay().ports('ab').tunnel('t', { remote: REMOTE, tagged: true })
      on.inject('underlay', datagram(tagged)).run()
      expect(on.frames('a')).toEqual([tagged])
      const back = ethernet(C, A, EtherType.LOCAL, new Uint8Array(50), [{ vid: 5 }])
      on.inject('a', back).run()
      expect(outside(on)[0]?.inner).toEqual(back)
    })
  })

  describe('the VXLAN header', () => {
    const inner = frame(A, C, 9)
    test.each<[string, number[], string | undefined, boolean]>([
      ['X1: without I', [0, 0, 0, 0, 0, 0, 42, 0], 'underlay vxlan-header', false],
      ['X2: reserved bits', [0xff, 1, 2, 3, 0, 0, 42, 9], undefined, false],
      ['X2: reserved flags, strict', [0x88, 0, 0, 0, 0, 0, 42, 0], 't vxlan-header', true],
      ['X2: reserved octets, strict', [8, 0, 1, 0, 0, 0, 42, 0], 't vxlan-header', true],
      ['X2: reserved last octet, strict', [8, 0, 0, 0, 0, 0, 42, 1], 't vxlan-header', true],
      ['as it should be, strict', vxlanHeader(42), undefined, true],
    ])('%s', (_, header, reason, strict) => {
      const on = rig(build).underlay().ports('ab').tunnel('t', { remote: REMOTE, strict })
      on.inject('underlay', datagram(inner, { header })).run()
      expect(on.drops()).toEqual(reason === undefined ? {} : { [reason]: 1 })
      expect(on.frames('a')).toEqual(reason === undefined ? [inner] : [])
    })
  })

  test.each([0, 1, 7, 8, 13, 21])('a UDP payload of %i octets holds no frame', (length) => {
    const part = Uint8Array.from(vxlanHeader(42)).slice(0, length)
    const padded = new Uint8Array(length)
    padded.set(part)
    const on = bench()
      .inject('underlay', runOf([padded]))
      .run()
    expect(Object.values(on.drops())).toEqual(length === 0 ? [] : [1])
    expect(on.deliveries()).toEqual({})
  })

  test.each<[string, (bytes: Uint8Array) => void]>([
    ['another EtherType', (bytes) => bytes.set([0x08, 0x06], 12)],
    ['a wrong IP version', (bytes) => bytes.set([0x65], 14)],
    ['an IP length beyond the end', (bytes) => bytes.set([0xff], 16)],
    ['a fragment', (bytes) => bytes.set([0x20], 20)],
    ['another protocol', (bytes) => bytes.set([6], 23)],
    ['a UDP length beyond the end', (bytes) => bytes.set([0xff], 38)],
    ['a UDP length below 8', (bytes) => bytes.set([0, 7], 38)],
  ])('%s outside is dropped', (_, damage) => {
    const given = datagram(frame(A, C))
    damage(given.frame)
    const on = bench().inject('underlay', given).run()
    expect(on.drops()).toEqual({ 'underlay outer-header': 1 })
  })

  test('an inner frame that is itself VXLAN is payload', () => {
    const nested = datagram(frame(A, B)).frame
    const inner = ethernet(A, C, EtherType.IPV4, nested.subarray(14))
    const on = bench().inject('underlay', datagram(inner)).run()
    expect(on.frames('a')).toEqual([inner])
  })

  describe('a run of datagrams in one', () => {
    test('is taken apart, whatever its frames are', () => {
      const frames = Array.from({ length: 60 }, (_, n) => frame(n % 3 ? A : B, C, n, 100))
      frames.push(frame(A, C, 61, 70))
      const on = bench().inject('a', frame(BROADCAST, A)).inject('b', frame(BROADCAST, B)).run()
      on.deliveries()
      on.inject('underlay', run(frames)).run()
      expect(on.frames('a')).toEqual(frames.filter((_, n) => n % 3 || n === 60))
      expect(on.frames('b')).toEqual(frames.filter((_, n) => n % 3 === 0 && n !== 60))
      expect(on.counters('t')).toMatchObject({ rxFrames: 61, rxBytes: 60 * 100 + 70 })
    })

    test('may be of several VNIs', () => {
      const on = bench().tunnel('u', { remote: REMOTE, vni: 43, bridge: 'other' })
      on.port('x', { bridge: 'other' })
      const parts = [42, 43, 44, 43, 42].map((vni, n) =>
        Uint8Array.from([...vxlanHeader(vni), ...frame(A, C, n)]),
      )
      on.inject('underlay', runOf(parts)).run()
      expect(on.frames('a')).toEqual([frame(A, C, 0), frame(A, C, 4)])
      expect(on.frames('x')).toEqual([frame(A, C, 1), frame(A, C, 3)])
      expect(on.drops()).toEqual({ 'underlay vni-unknown': 1 })
    })

    test('bursts of them are longer than a burst of frames can be', () => {
      const on = bench().inject('a', frame(BROADCAST, A)).run()
      on.deliveries()
      const runs = Array.from({ length: 30 }, (_, r) =>
        Array.from({ length: 64 }, (_, n) => frame(A, C, r * 64 + n, 1000)),
      )
      on.inject('underlay', ...runs.map((frames) => run(frames))).run()
      const marks = on.frames('a').map((bytes) => [markOf(bytes), bytes.length])
      expect(marks).toEqual(runs.flat().map((_, n) => [n, 1000]))
    })
  })

  describe('a super-frame', () => {
    test.each([
      ['tcp', 4],
      ['tcp', 6],
      ['udp', 4],
      ['udp', 6],
    ] as const)('%s over IPv%i becomes a datagram a segment', (protocol, version) => {
      const on = rig(build).underlay().port('a', { offloads: true }).port('b')
      on.tunnel('t', { remote: REMOTE })
      const made = superFrame(1000, { protocol, version, payload: 5500, to: B, from: A })
      on.inject('a', made).run()
      const sent = outside(on)
      expect(sent).toHaveLength(6)
      expect(sent.map(({ inner }) => inner)).toEqual(on.frames('b'))
      expect(sent.every(({ inner }) => checksumIsRight(inner))).toBe(true)
      expect(new Set(sent.map(({ sourcePort }) => sourcePort)).size).toBe(1)
      expect(on.counters('t').txFrames).toBe(6)
    })
  })

  test('a partial checksum is completed before it goes in', () => {
    const on = rig(build).underlay().port('a', { offloads: true }).tunnel('t', { remote: REMOTE })
    const made = packet({ checksum: 'partial', to: B, from: A })
    on.inject('a', made).run()
    expect(checksumIsRight(outside(on)[0]?.inner as Uint8Array)).toBe(true)
  })

  test('a port that goes takes its tunnel along', () => {
    const on = bench()
      .inject('underlay', datagram(frame(A, C)))
      .run()
    on.topology.removePort('t')
    on.apply()
      .inject('underlay', datagram(frame(A, C)))
      .run()
    expect(on.fdb()).toEqual({})
    expect(on.drops()).toEqual({ 'underlay vni-unknown': 1 })
  })
})
