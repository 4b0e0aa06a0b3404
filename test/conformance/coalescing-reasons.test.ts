/**
 * Coalescing (GRO): every reason for which a segment stays as it is, once, by the rules of Linux
 * (net/ipv4/tcp_offload.c, udp_offload.c, af_inet.c).
 */
import { describe, expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { asIs, coalescing, expanded, hexes, stream, through } from '../support/coalescing.js'
import { BROADCAST, type PacketOptions, packet } from '../support/frames.js'
import { access, trunk } from '../support/policy.js'
import { rig } from '../support/rig.js'
import { changed } from '../support/segments.js'
import { Gso } from '../support/virtio.js'
import { push } from '../support/vlan.js'

const SIZE = 1000
/** Offsets in an untagged frame of IPv4 and IPv6. */
const IP = 14
const [TCP4, TCP6] = [34, 54]

type Change = readonly [at: number, ...octets: number[]]
type Case = [name: string, changes: readonly Change[], options?: PacketOptions]

/** A second segment, changed so, is none that follows the first. */
const differences: readonly Case[] = [
  ['SYN', [[TCP4 + 13, 0x12]]],
  ['FIN', [[TCP4 + 13, 0x11]]],
  ['RST', [[TCP4 + 13, 0x14]]],
  ['URG', [[TCP4 + 13, 0x30]]],
  ['ECE', [[TCP4 + 13, 0x50]]],
  ['CWR', [[TCP4 + 13, 0x90]]],
  ['no ACK', [[TCP4 + 13, 0x00]]],
  ['AE, or a reserved bit', [[TCP4 + 12, 0x51]]],
  ['another acknowledgement number', [[TCP4 + 11, 3]]],
  ['another window', [[TCP4 + 14, 0x7f]]],
  ['another urgent pointer', [[TCP4 + 19, 1]]],
  ['a gap in the sequence', [[TCP4 + 7, 0xea]]],
  [
    'the same segment again',
    [
      [TCP4 + 6, 0, 1],
      [IP + 5, 7],
    ],
  ],
  ['another option', [[TCP4 + 24, 8]], { tcpOptions: 12 }],
  ['another data offset', [[TCP4 + 12, 0x70]], { tcpOptions: 12 }],
  ['another DSCP', [[IP + 1, 0x20]]],
  ['congestion experienced', [[IP + 1, 3]]],
  ['another TTL', [[IP + 8, 63]]],
  ['no DF', [[IP + 6, 0]]],
  ["IPv4's reserved flag", [[IP + 6, 0xc0]]],
  ['another identification where it may be fragmented', [[IP + 5, 9]], { fragment: 0 }],
  ['another destination MAC', [[5, 3]]],
  ['another source MAC', [[11, 3]]],
  ['another VLAN', [[15, 6]], { tags: [{ vid: 5 }] }],
  ['another priority', [[14, 0x20]], { tags: [{ vid: 5 }] }],
  ['another inner VLAN', [[19, 7]], { tags: [{ vid: 5, type: 0x88a8 }, { vid: 6 }] }],
  ['another traffic class', [[IP + 1, 0x10]], { version: 6 }],
  ['another flow label', [[IP + 3, 1]], { version: 6 }],
  ['another hop limit', [[IP + 7, 63]], { version: 6 }],
  ['SYN over IPv6', [[TCP6 + 13, 0x12]], { version: 6 }],
  ['no UDP checksum', [], { protocol: 'udp' }],
]

onEveryBuild('coalescing', (build) => {
  describe('what does not follow stays as it is, and nothing overtakes it', () => {
    test.each<Case>(differences)('%s', (name, changes, options) => {
      const { segments } = stream(SIZE, 3, options)
      // No PSH in the last.
      const [one, two, three] = segments as [Uint8Array, Uint8Array, Uint8Array]
      const other = changed(two, ...changes)
      if (name === 'no UDP checksum') other.set([0, 0], TCP4 + 6)
      const bench = coalescing(build)
      expect(through(bench, one, two).whole).toHaveLength(1)
      expect(through(bench, one, other).whole).toEqual(asIs([one, other]))
      const { whole, cut } = through(bench, one, other, two, three)
      expect(expanded(whole)).toEqual([one, other, two, three])
      expect(cut).toEqual(hexes([one, other, two, three]))
      // What follows the odd one is one again, with it if that came twice.
      expect(whole).toHaveLength(name === 'the same segment again' ? 2 : 3)
    })

    const four = stream(SIZE, 4)
    const [first, second, third, fourth] = four.segments as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ]
    const damaged = (given: Uint8Array, at: number) => {
      const bytes = Uint8Array.from(given)
      bytes[at]! ^= 1
      return bytes
    }

    test.each([
      ['a wrong TCP checksum', damaged(second, 500)],
      ['a wrong IPv4 header checksum', damaged(second, IP + 10)],
      [
        'a data offset past the packet',
        changed(second.subarray(0, 60), [IP + 2, 0, 46], [46, 0xf0]),
      ],
      ['no payload', changed(second.subarray(0, 54), [IP + 2, 0, 40])],
    ])('%s', (_, other) => {
      const { whole } = through(coalescing(build), first, other, second, third)
      expect(expanded(whole)).toEqual([first, other, second, third])
      expect(whole).toHaveLength(3)
    })

    test('a total length past the frame: nobody takes that, so it is of no flow', () => {
      const other = damaged(second, IP + 2)
      const { whole } = through(coalescing(build), first, other, second, third)
      expect(expanded(whole)).toEqual([first, second, third, other])
      expect(whole).toHaveLength(2)
    })

    test('a wrong checksum in the first: the second may be a first', () => {
      const bad = damaged(first, 500)
      const { whole } = through(coalescing(build), bad, second, third)
      expect(whole).toHaveLength(2)
      expect(expanded(whole)).toEqual([bad, second, third])
    })

    test('a wrong checksum behind two', () => {
      const bad = damaged(third, 1000)
      const { whole } = through(coalescing(build), first, second, bad, fourth)
      expect(expanded(whole)).toEqual([first, second, bad, fourth])
      expect(whole).toHaveLength(3)
    })

    test('a segment that is larger than the first', () => {
      const { segments } = stream(SIZE, 2)
      const large = packet({ to: BROADCAST, payload: SIZE + 1 }).frame
      const other = changed(large, [TCP4 + 4, 0, 0, 3, 0xe9], [TCP4 + 13, 0x10])
      const { whole } = through(coalescing(build), segments[0]!, other)
      expect(whole).toEqual(asIs([segments[0]!, other]))
    })

    test('nothing follows a shorter one, nor PSH, which the whole has', () => {
      const { segments } = stream(SIZE, 3, { payload: 2 * SIZE + 1 })
      const behind = changed(
        segments[1]!,
        [TCP4 + 4, ...numberOf(1 + 2 * SIZE + 1)],
        [IP + 4, 0, 10],
      )
      const short = through(coalescing(build), ...segments, behind).whole
      expect(short.map((each) => each.header?.gsoType)).toEqual([Gso.TCPV4, 0])
      const pushed = changed(second, [TCP4 + 13, 0x18])
      const { whole, cut } = through(coalescing(build), first, pushed, third, fourth)
      expect(whole.map((each) => each.frame.length)).toEqual([2054, 2054])
      expect(whole.map((each) => each.frame[TCP4 + 13])).toEqual([0x18, 0x18])
      expect(cut).toEqual(hexes([first, pushed, third, fourth]))
    })

    test('a fragment, and IPv6 extension headers, may be of any flow', () => {
      const fragment = packet({ to: BROADCAST, fragment: 0x2000, payload: 8 }).frame
      const later = packet({ to: BROADCAST, fragment: 0x4, protocol: 'udp', payload: 8 }).frame
      const chained = packet({ to: BROADCAST, version: 6, extensions: [[60, 8]] }).frame
      const fragment6 = packet({ to: BROADCAST, version: 6, extensions: [[44, 8]] }).frame
      for (const other of [fragment, later, chained, fragment6]) {
        expect(through(coalescing(build), first, other, second).whole).toEqual(
          asIs([first, other, second]),
        )
      }
    })

    test('IPv4 options', () => {
      const { segments } = stream(SIZE, 2, { options: 4 })
      const bench = coalescing(build)
      expect(through(bench, ...segments).whole).toEqual(asIs(segments))
      expect(expanded(through(bench, first, segments[0]!, second).whole)).toEqual([
        first,
        segments[0],
        second,
      ])
    })

    test('what was offloaded: a partial checksum, a super-frame', () => {
      const partial = packet({ to: BROADCAST, payload: SIZE, checksum: 'partial' })
      const whole = stream(SIZE, 2).whole
      for (const { header, frame } of [partial, whole]) {
        const other = { header, frame }
        const bench = rig(build).port('a', { coalesce: true, offloads: true })
        bench.port('b', { offloads: true }).inject('a', first, other, second).run()
        expect(bench.sent('b')).toEqual([...asIs([first]), other, ...asIs([second])])
      }
    })

    test('UDP: another size, an empty datagram, a length that is not the packet’s', () => {
      const { segments } = stream(100, 2, { protocol: 'udp' })
      const [one] = segments as [Uint8Array]
      const of = (payload: number) => packet({ to: BROADCAST, protocol: 'udp', payload }).frame
      const lying = changed(one)
      lying.set([0, 107], TCP4 + 4)
      for (const other of [of(101), of(0), lying]) {
        const { whole } = through(coalescing(build), one, other)
        expect(whole).toEqual(asIs([one, other]))
      }
      const shorter = changed(of(99), [IP + 4, 0, 8])
      const { whole } = through(coalescing(build), one, shorter, one)
      expect(whole.map((each) => each.header?.gsoSize)).toEqual([100, 0])
    })

    test('a dropped frame is none', () => {
      const bench = rig(build).bridge('lan', { vlanAware: true })
      bench.port('a', { coalesce: true, policy: { vlan: trunk([10]) } })
      bench.port('b', { offloads: true, policy: { vlan: access(10) } })
      const foreign = push(changed(second, [TCP4 + 13, 0x14]), 11)
      const burst = [push(first, 10), foreign, push(second, 10)]
      bench.inject('a', ...burst).run()
      expect(expanded(bench.sent('b'))).toEqual([first, second])
      expect(bench.counters('a')).toMatchObject({ rxFrames: 3, rxDrops: 1 })
    })
  })
})

function numberOf(value: number): [number, number, number, number] {
  return [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]
}
