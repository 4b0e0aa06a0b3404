/**
 * Coalescing (GRO): which segments become one, and how many at most, by the rules of
 * Linux (net/ipv4/tcp_offload.c, udp_offload.c) and RFC 6864.
 */
import { describe, expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { asIs, coalescing, expanded, hexes, stream, through } from '../support/coalescing.js'
import { BROADCAST, frame, type PacketOptions, packet, station } from '../support/frames.js'
import { checksumIsPartial, checksumIsRight } from '../support/parse.js'
import { access, trunk } from '../support/policy.js'
import { rig } from '../support/rig.js'
import { changed } from '../support/segments.js'
import { NEEDS_CSUM } from '../support/virtio.js'
import { push, tci } from '../support/vlan.js'

const SIZE = 1000
/** Offsets in an untagged frame of IPv4 and IPv6. */
const IP = 14
const [TCP4, TCP6] = [34, 54]

onEveryBuild('coalescing', (build) => {
  describe('segments of a flow become one', () => {
    test.each<[string, PacketOptions]>([
      ['TCP over IPv4', {}],
      ['TCP over IPv6', { version: 6 }],
      ['TCP with options', { tcpOptions: 12 }],
      ['TCP with as many as there can be', { tcpOptions: 40, version: 6 }],
      ['UDP over IPv4', { protocol: 'udp' }],
      ['UDP over IPv6', { protocol: 'udp', version: 6 }],
      ['in a VLAN', { tags: [{ vid: 5 }] }],
      ['in two', { tags: [{ vid: 5, type: 0x88a8 }, { vid: 6 }], version: 6 }],
      ['that may be fragmented', { fragment: 0 }],
    ])('%s', (_, options) => {
      const { whole, segments } = stream(SIZE, 5, { ...options, payload: 4 * SIZE + 1 })
      const bench = coalescing(build)
      const out = through(bench, ...segments)
      expect(out.whole).toEqual([{ header: whole.header, frame: whole.frame }])
      expect(checksumIsPartial(out.whole[0]!.frame)).toBe(true)
      expect(out.cut).toEqual(hexes(segments))
      expect(bench.counters('a').rxFrames).toBe(5)
      expect(bench.drops()).toEqual({})
    })

    test('two are enough, and one of them may be an octet', () => {
      const { whole, segments } = stream(SIZE, 2, { payload: SIZE + 1 })
      expect(through(coalescing(build), ...segments).whole).toEqual([
        { header: whole.header, frame: whole.frame },
      ])
    })

    test('padding behind the packets is left out', () => {
      const { whole, segments } = stream(2, 3)
      const padded = segments.map((each) => {
        const long = new Uint8Array(60).fill(0xee)
        long.set(each)
        return long
      })
      const { whole: sent } = through(coalescing(build), ...padded)
      expect(sent).toEqual([{ header: whole.header, frame: whole.frame }])
    })

    test('RFC 6864 4.1: with DF the identification may be any', () => {
      const { segments } = stream(SIZE, 3)
      const [a, b, c] = segments as [Uint8Array, Uint8Array, Uint8Array]
      const burst = [a, changed(b, [IP + 4, 0xab, 0xcd]), changed(c, [IP + 4, 0, 7])]
      expect(expanded(through(coalescing(build), ...burst).whole)).toEqual(segments)
    })

    test('the identification counts on past 65,535 where it must count', () => {
      const { segments } = stream(SIZE, 3, { fragment: 0 })
      const burst = segments.map((each, index) =>
        changed(each, [IP + 4, ...[0xff, 0, 0].slice(index, index + 1), (0xff + index) & 0xff]),
      )
      const { whole, cut } = through(coalescing(build), ...burst)
      expect(whole).toHaveLength(1)
      expect(cut).toEqual(hexes(burst))
    })

    test('the sequence goes on past 2^32', () => {
      const { segments } = stream(SIZE, 3)
      const from = [0xff_ff_fe_00, 0xff_ff_fe_00 + SIZE, 0xff_ff_fe_00 + 2 * SIZE]
      const burst = segments.map((each, index) => {
        const at = from[index]! >>> 0
        return changed(each, [TCP4 + 4, at >>> 24, at >>> 16, at >>> 8, at])
      })
      const { whole, cut } = through(coalescing(build), ...burst)
      expect(whole).toHaveLength(1)
      expect(cut).toEqual(hexes(burst))
    })

    test('those of other flows and what is no IP may lie between them', () => {
      const one = stream(SIZE, 3)
      const other = stream(700, 3, { version: 6 })
      const burst = one.segments.flatMap((each, index) => [
        each,
        frame(BROADCAST, station(1), index),
        other.segments[index]!,
      ])
      const { whole } = through(coalescing(build), ...burst)
      expect(whole.map((each) => each.frame.length)).toEqual([
        one.whole.frame.length,
        60,
        other.whole.frame.length,
        60,
        60,
      ])
    })
  })

  describe('limits', () => {
    test('65,535 octets of IP packet', () => {
      for (const version of [4, 6] as const) {
        const size = 8000
        const { segments } = stream(size, 8, { version, payload: 8 * size })
        const header = version === 4 ? 40 : 60
        const room = 65_535 - header - 8 * size
        const last = packet({ to: BROADCAST, version, payload: room + 1 }).frame
        const l4 = version === 4 ? TCP4 : TCP6
        const no = changed(last, [l4 + 4, ...numberOf(1 + 8 * size)], [l4 + 13, 0x10])
        const fits = packet({ to: BROADCAST, version, payload: room }).frame
        const yes = changed(fits, [l4 + 4, ...numberOf(1 + 8 * size)], [l4 + 13, 0x10])
        // The eighth has PSH.
        const eight = segments.map((each) => changed(each, [l4 + 13, 0x10]))
        expect(through(coalescing(build), ...eight, no).whole).toHaveLength(2)
        const { whole } = through(coalescing(build), ...eight, yes)
        expect(whole.map((each) => each.frame.length)).toEqual([14 + 65_535])
      }
    })

    test('192 TCP segments, as many as can be made again; 64 datagrams', () => {
      const tcp = stream(10, 193).segments
      const { whole, cut } = through(coalescing(build), ...tcp)
      expect(whole.map((each) => each.frame.length)).toEqual([54 + 1920, 64])
      expect(cut).toEqual(hexes(tcp))
      const udp = stream(10, 128, { protocol: 'udp' }).segments
      expect(through(coalescing(build), ...udp).whole).toHaveLength(2)
    })

    test('as many flows at once as there are places; those beyond pass as they are', () => {
      const flows = Array.from({ length: 20 }, (_, index) =>
        stream(SIZE, 3).segments.map((each) => changed(each, [TCP4, 0x9c, index])),
      )
      const inTurn = [0, 1, 2].flatMap((index) => flows.map((each) => each[index]!))
      const { whole } = through(coalescing(build), ...inTurn)
      for (const each of flows) {
        const own = expanded(whole).filter((sent) => sent[TCP4 + 1] === each[0]![TCP4 + 1])
        expect(own).toEqual(each)
      }
      expect(whole.length).toBeLessThan(60)
      // Those without a partner make way for others, those with one do not.
      const pairs = flows.flatMap((each) => each.slice(0, 2))
      const paired = through(coalescing(build), ...pairs).whole
      expect(paired).toHaveLength(16 + 2 * 4)
      expect(expanded(paired)).toEqual(pairs)
      const singles = flows.map((each) => each[0]!)
      const last = stream(SIZE, 2, { version: 6 }).segments
      expect(through(coalescing(build), ...singles, ...last).whole).toHaveLength(21)
    })

    test('the room for super-frames ends: the rest passes as it is', () => {
      // Each flow takes room and keeps it: sixteen at once, no more.
      const flows = Array.from({ length: 16 }, (_, index) =>
        stream(SIZE, 4).segments.map((each) => changed(each, [TCP4, 0x9c, index])),
      )
      const extra = stream(SIZE, 2, { version: 6 }).segments
      const burst = [...[0, 1].flatMap((index) => flows.map((each) => each[index]!)), ...extra]
      const { whole } = through(coalescing(build), ...burst)
      expect(whole).toHaveLength(18)
      expect(expanded(whole.slice(16))).toEqual(extra)
      // Closed in the order in which they began, they give nothing back but the last.
      const closed = flows.flatMap((each) => [each[2]!, changed(each[3]!, [TCP4 + 13, 0x11])])
      const again = through(coalescing(build), ...burst.slice(0, 32), ...closed, ...extra)
      expect(expanded(again.whole)).toHaveLength(32 + 32 + 2)
      expect(checksumIsRight(again.whole.at(-1)!.frame)).toBe(true)
    })
  })

  test('the same frames in bursts of their own stay as they are', () => {
    const { segments } = stream(SIZE, 3)
    const bench = coalescing(build)
    for (const each of segments) {
      expect(through(bench, each).whole).toEqual(asIs([each]))
    }
  })

  test('a port that does not coalesce: everything byte for byte', () => {
    const { segments } = stream(SIZE, 3)
    const bench = rig(build).port('a').port('b', { offloads: true })
    bench.inject('a', ...segments).run()
    expect(bench.sent('b')).toEqual(asIs(segments))
  })

  test('a tag is put in before a super-frame, and taken out', () => {
    const { whole, segments } = stream(SIZE, 3)
    const bench = rig(build).bridge('lan', { vlanAware: true })
    bench.port('a', { coalesce: true, policy: { vlan: access(10) } })
    bench.port('b', { offloads: true, policy: { vlan: trunk([10]) } })
    bench.port('d', { coalesce: true, policy: { vlan: trunk([10]) } })
    bench.port('c', { offloads: true, policy: { vlan: access(10) } })
    bench.inject('a', ...segments).run()
    const [tagged] = bench.sent('b')
    expect(tagged?.frame).toEqual(push(whole.frame, 10))
    expect(tagged?.header).toMatchObject({ flags: NEEDS_CSUM, gsoSize: SIZE, checksumStart: 38 })
    bench.sent('c')
    bench.inject('d', ...segments.map((each) => push(each, tci(10, 3)))).run()
    expect(bench.sent('c')).toEqual([{ header: whole.header, frame: whole.frame }])
  })
})

function numberOf(value: number): [number, number, number, number] {
  return [(value >>> 24) & 0xff, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff]
}
