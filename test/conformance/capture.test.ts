/** Captures: which frames, how much of them, as what, and what happens when nobody reads. */
import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { captured, type Filter, startCapture, Wants } from '../support/capturing.js'
import { BROADCAST, EtherType, frame, packet, station, superFrame } from '../support/frames.js'
import { arpOf, ipv4From, ipv6From } from '../support/neighbor.js'
import { access, trunk } from '../support/policy.js'
import { type Rig, rig } from '../support/rig.js'
import { segmentsOf } from '../support/segments.js'
import { push, tci } from '../support/vlan.js'

const { RECEIVED, TRANSMITTED, DROPPED } = Wants
const flood = frame(BROADCAST, station(1), 1)
const vlans = { a: trunk([10, 20], { native: 1 }), b: access(10), c: trunk([10, 20]) }

function bench(build: Parameters<typeof rig>[0]): Rig {
  const made = rig(build).bridge('lan', { vlanAware: true })
  for (const [name, vlan] of Object.entries(vlans)) made.port(name, { policy: { vlan } })
  return made
}

const where = (bench: Rig) => captured(bench).map(({ port, direction }) => `${direction} ${port}`)

onEveryBuild('captures', (build) => {
  test('tags as received and as sent; length, time and direction', () => {
    const switched = bench(build)
    startCapture(switched, 0, { wants: RECEIVED | TRANSMITTED })
    const given = push(flood, tci(10, 5, 1))
    switched.advance(1234).inject('a', given, push(flood, 0)).run()
    const records = captured(switched)
    const [first, native, untagged, tagged] = records
    expect(records).toHaveLength(4)
    expect(first).toMatchObject({
      port: 'a',
      direction: 'in',
      length: 64,
      time: 1234,
      drop: undefined,
      bytes: given,
    })
    expect(native?.bytes).toEqual(push(flood, 0))
    expect([untagged, tagged].map((each) => `${each?.direction} ${each?.port}`).sort()).toEqual([
      'out b',
      'out c',
    ])
    expect([untagged, tagged].map((each) => each?.length).sort()).toEqual([60, 64])
  })

  test('drops with their reason, at the door and behind it; alone or with all that came in', () => {
    const switched = bench(build)
    startCapture(switched, 0, { wants: DROPPED })
    startCapture(switched, 3, { wants: RECEIVED, port: 'b' })
    const short = flood.subarray(0, 9)
    switched.inject('a', push(flood, 30), short, push(flood, 10)).inject('b', push(flood, 10)).run()
    expect(
      captured(switched).map(({ captures, drop, length }) => [captures, drop, length]),
    ).toEqual([
      [1, 'vlan-ingress', 64],
      [1, 'short-frame', 9],
      [9, 'tagged-refused', 64],
    ])
    switched.setPort('a', { up: false }).inject('a', flood).run()
    expect(captured(switched)).toMatchObject([{ drop: 'port-down', bytes: flood }])
  })

  const mine = arpOf('10.0.0.1')
  const six = ipv6From('fd00::1', 17, new Uint8Array(16), { to: 'fd00:0:0:8000::1' })
  const kinds: [string, Omit<Filter, 'wants'>, Uint8Array, Uint8Array][] = [
    ['a port', { port: 'a' }, flood, flood],
    ['a source MAC', { mac: station(1) }, flood, frame(BROADCAST, station(2))],
    ['a destination MAC', { mac: station(9) }, frame(station(9), station(1)), flood],
    ['an EtherType', { etherType: EtherType.ARP }, mine, flood],
    ['an EtherType behind tags', { etherType: EtherType.ARP }, push(mine, 10), push(flood, 10)],
    ['a VLAN', { vlan: 10 }, push(flood, tci(10, 7)), push(flood, 20)],
    ['a VLAN, of which an untagged frame is none', { vlan: 10 }, push(flood, 10), flood],
    ['an IPv4 source', { address: ['10.0.0.1', 32] }, ipv4From('10.0.0.1'), ipv4From('10.0.0.2')],
    ['an IPv4 network', { address: ['10.0.2.0', 23] }, ipv4From('10.0.3.9'), ipv4From('10.0.4.9')],
    ['a destination', { address: ['10.0.0.9', 32] }, ipv4From('1.1.1.1'), six],
    ['an address in ARP', { address: ['10.0.0.1', 32] }, mine, arpOf('10.0.0.2')],
    [
      'an IPv6 network',
      { address: ['fd00::', 33] },
      six,
      ipv6From('fe80::1', 17, new Uint8Array(16)),
    ],
    ['an IPv6 destination', { address: ['fd00:0:0:8000::', 49] }, six, ipv4From('10.0.0.1')],
  ]
  test.each(kinds)('a filter of %s', (_, filter, hit, miss) => {
    for (const snap of [0xffff, 14]) {
      const switched = bench(build)
      startCapture(switched, 7, { ...filter, wants: RECEIVED, snap })
      switched
        .inject(filter.port ? 'c' : 'a', miss)
        .inject('a', hit)
        .run()
      const records = captured(switched)
      expect(records).toMatchObject([{ port: 'a', captures: 0x80, length: hit.length }])
      expect(records[0]?.bytes).toEqual(hit.subarray(0, snap))
    }
  })

  test('all that a filter asks for must hold', () => {
    const switched = bench(build)
    startCapture(switched, 0, {
      wants: RECEIVED,
      vlan: 10,
      mac: station(1),
      address: ['10.0.0.0', 24],
    })
    const [yes, no] = [ipv4From('10.0.0.1'), ipv4From('10.0.0.1', { from: station(2) })]
    switched.inject('a', push(no, 10), push(yes, 20), push(mine, 10), push(yes, 10)).run()
    expect(captured(switched).map(({ bytes }) => bytes)).toEqual([push(mine, 10), push(yes, 10)])
  })

  test('two at once: each frame once, for whom it is, and as long as the longer of them wants', () => {
    const switched = bench(build)
    startCapture(switched, 0, { wants: RECEIVED, vlan: 10, snap: 20 })
    startCapture(switched, 1, { wants: RECEIVED | TRANSMITTED, mac: station(1), snap: 40 })
    const other = frame(BROADCAST, station(2))
    switched.inject('a', push(flood, 10), push(other, 10), push(flood, 20)).run()
    const seen = captured(switched).map(({ captures, bytes, direction }) => [
      direction,
      captures,
      bytes.length,
    ])
    expect(seen.slice(0, 3)).toEqual([
      ['in', 3, 40],
      ['in', 1, 20],
      ['in', 2, 40],
    ])
    expect(seen.slice(3)).toEqual([
      ['out', 2, 40],
      ['out', 2, 40],
      ['out', 2, 40],
    ])
    switched.manager.exports.captureStop(1)
    switched.inject('a', push(flood, 20), push(flood, 10)).run()
    expect(captured(switched)).toMatchObject([{ captures: 1 }])
    switched.manager.exports.captureStop(0)
    switched.inject('a', push(flood, 10)).run()
    expect(captured(switched)).toEqual([])
  })

  test('super-frames whole where they came in, in segments where they left so', () => {
    const switched = rig(build).port('a', { offloads: true }).port('b')
    startCapture(switched, 0, { wants: RECEIVED | TRANSMITTED })
    const made = superFrame(1000, { to: BROADCAST, payload: 3500 })
    switched.inject('a', made).run()
    const [whole, ...parts] = captured(switched).map(({ bytes }) => bytes)
    expect(whole).toEqual(made.frame)
    expect(parts).toEqual(segmentsOf(made))
  })

  test('a frame that gets a tag on its way out is captured without it where it came in', () => {
    const switched = bench(build)
    switched
      .inject('c', push(frame(station(9), station(2)), 10))
      .run()
      .deliveries()
    startCapture(switched, 0, { wants: RECEIVED | TRANSMITTED })
    const given = frame(station(2), station(1), 77)
    switched.inject('b', given).run()
    expect(captured(switched).map(({ bytes }) => bytes)).toEqual([given, push(given, 10)])
  })

  test('a ring that nobody reads: the first are kept, the rest counted, traffic goes on', () => {
    const switched = bench(build)
    startCapture(switched, 0, { wants: RECEIVED })
    const { exports } = switched.manager
    const burst = (from: number) =>
      Array.from({ length: 1000 }, (_, mark) =>
        push(frame(BROADCAST, station(1), from + mark, 1400), 10),
      )
    switched.inject('a', ...burst(0)).run()
    const kept = 1000 - exports.capturesLost(0)
    expect(kept).toBeGreaterThan(700)
    expect(kept).toBeLessThan(760)
    expect(switched.deliveries()).toEqual({ b: 1000, c: 1000 })
    const mark = (bytes: Uint8Array) => new DataView(bytes.buffer).getUint32(18)
    const marks = () => captured(switched).map(({ bytes }) => mark(bytes))
    expect(marks()).toEqual(Array.from({ length: kept }, (_, index) => index))
    // Round the end of the ring, many times, in records of many lengths.
    for (let round = 0; round < 40; round++) {
      const lengths = Array.from({ length: 100 }, (_, index) => 60 + ((index * 37 + round) % 1400))
      const frames = lengths.map((length, mark) =>
        push(frame(BROADCAST, station(1), mark, length), 10),
      )
      switched.inject('a', ...frames).run()
      expect(captured(switched).map(({ bytes }) => bytes.length)).toEqual(
        frames.map(({ length }) => length),
      )
    }
    expect(exports.capturesLost(0)).toBe(1000 - kept)
  })

  test('frames that are partly offloaded are seen as they lie, and leave as they should', () => {
    const switched = rig(build).ports('ab', { offloads: true })
    startCapture(switched, 0, { wants: RECEIVED })
    const made = packet({ to: BROADCAST, checksum: 'partial' })
    switched.inject('a', made).run()
    expect(where(switched)).toEqual(['in a'])
    expect(switched.sent('b')).toEqual([{ header: made.header, frame: made.frame }])
  })
})
