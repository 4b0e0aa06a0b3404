/**
 * Partial checksums and super-frames on their way out: completed, once and rightly, for a port that
 * takes no partial ones; refused where segmentation would be needed.
 */

import { describe, expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { fold, internetSum } from '../support/checksum.js'
import { BROADCAST, frame, packet, station, superFrame } from '../support/frames.js'
import { isSame } from '../support/octets.js'
import { checksumIsPartial, checksumIsRight } from '../support/parse.js'
import { Random } from '../support/random.js'
import { rig } from '../support/rig.js'
import { NOTHING } from '../support/virtio.js'

const to = BROADCAST

const kinds = [
  ['TCP over IPv4', { protocol: 'tcp', version: 4 }],
  ['UDP over IPv4', { protocol: 'udp', version: 4 }],
  ['TCP over IPv6', { protocol: 'tcp', version: 6 }],
  ['UDP over IPv6', { protocol: 'udp', version: 6 }],
  ['TCP over IPv4 with options', { protocol: 'tcp', version: 4, options: 12, tcpOptions: 8 }],
  [
    'UDP over IPv6 with extensions',
    {
      protocol: 'udp',
      version: 6,
      extensions: [
        [0, 8],
        [60, 24],
      ],
    },
  ],
  ['TCP over IPv4, tagged', { protocol: 'tcp', version: 4, tags: [{ vid: 5 }] }],
  ['UDP over IPv6, tagged twice', { protocol: 'udp', version: 6, tags: [{ vid: 5 }, { vid: 6 }] }],
] as const

/** Every length up to 200, around the 64-octet rounds of the sum, and the longest. */
const lengths = [
  ...Array.from({ length: 200 }, (_, length) => length),
  1399,
  1400,
  8999,
  9000,
  65_000,
]

onEveryBuild('checksum completion', (build) => {
  test.each(kinds)('a partial checksum leaves a plain port complete: %s', (_, kind) => {
    const bench = rig(build).port('a', { offloads: true, mtu: 65_535 }).port('b', { mtu: 65_535 })
    const random = new Random(1)
    const made = lengths.map((length) => {
      return packet({ ...kind, to, payload: random.bytes(length), checksum: 'partial' })
    })
    bench.inject('a', ...made).run()
    const sent = bench.frames('b')
    expect(sent).toHaveLength(made.length)
    sent.forEach((bytes, index) => {
      const { layout, frame: given, header } = made[index]!
      const field = layout.l4 + header.checksumOffset
      expect(checksumIsRight(bytes)).toBe(true)
      // Nothing but the checksum has changed.
      const before = Uint8Array.from(given).fill(0, field, field + 2)
      expect(isSame(Uint8Array.from(bytes).fill(0, field, field + 2), before)).toBe(true)
    })
    expect(bench.drops()).toEqual({})
  })

  test.each(kinds)('it leaves a port with offloads as it came: %s', (_, kind) => {
    const bench = rig(build).ports('ab', { offloads: true })
    const made = packet({ ...kind, to, payload: 333, checksum: 'partial' })
    bench.inject('a', made).run()
    expect(bench.sent('b')).toEqual([{ header: made.header, frame: made.frame }])
    expect(checksumIsPartial(made.frame)).toBe(true)
  })

  test.each([4, 6] as const)(
    '(RFC 768) UDP over IPv%i whose sum is 0 is sent as FFFF, TCP as 0',
    (version) => {
      const bench = rig(build).port('a', { offloads: true }).port('b')
      for (const protocol of ['udp', 'tcp'] as const) {
        // The octet pair that makes the sum FFFF, and so its complement 0.
        const open = packet({ version, protocol, to, payload: 64, checksum: 'partial' })
        const { layout } = open
        const sum = internetSum(open.frame, layout.l4, layout.end)
        const at = layout.payload
        const old = (open.frame[at]! << 8) | open.frame[at + 1]!
        const need = fold(0xffff - sum + old)
        open.frame.set([need >> 8, need & 0xff], at)
        bench.inject('a', open).run()
        const [out] = bench.frames('b')
        const field = layout.l4 + open.header.checksumOffset
        const expected = protocol === 'udp' ? [0xff, 0xff] : [0, 0]
        expect([...out!.slice(field, field + 2)]).toEqual(expected)
        expect(checksumIsRight(out!)).toBe(true)
      }
    },
  )

  test('a checksum that is complete is not touched, right or wrong', () => {
    const bench = rig(build).port('a', { offloads: true }).ports('bc')
    const right = packet({ to, payload: 99 })
    const wrong = packet({ to, payload: 99 })
    wrong.frame[wrong.layout.l4 + 16]! ^= 0xff
    const none = packet({ to, payload: 99, protocol: 'udp' })
    none.frame.set([0, 0], none.layout.l4 + 6)
    const all = [right, wrong, none].map((made) => made.frame)
    bench.inject('a', ...all).run()
    expect(bench.frames('b')).toEqual(all)
    expect(bench.frames('c')).toEqual(all)
  })

  test('padding behind a packet with a partial checksum is not summed', () => {
    const bench = rig(build).port('a', { offloads: true }).port('b')
    const made = packet({ to, payload: 1, padding: 13, protocol: 'udp', checksum: 'partial' })
    bench.inject('a', made).run()
    const [out] = bench.frames('b')
    expect(out).toHaveLength(made.layout.end)
    expect(checksumIsRight(out!)).toBe(true)
  })

  test('a flood to ports of both kinds: complete where it must be, right everywhere', () => {
    const bench = rig(build)
      .port('a', { offloads: true })
      .port('b')
      .port('c', { offloads: true })
      .port('d')
    const made = packet({ to, payload: 501, checksum: 'partial' })
    bench.inject('a', made).run()
    for (const port of 'bd') expect(bench.frames(port).map(checksumIsRight)).toEqual([true])
    const [out] = bench.sent('c')
    // One buffer goes to all: what is completed for one is complete for all, and says so.
    expect(out?.header).toEqual(NOTHING)
    expect(checksumIsRight(out!.frame)).toBe(true)
  })

  test('a super-frame for a plain port is segmented', () => {
    const bench = rig(build).port('a', { offloads: true }).ports('bc')
    bench
      .inject('b', frame(BROADCAST, station(2)))
      .run()
      .deliveries()
    bench.inject('a', superFrame(1448, { to: station(2), payload: 3000 })).run()
    const segments = bench.frames('b')
    expect(segments.map((bytes) => bytes.length)).toEqual([1502, 1502, 158])
    expect(segments.map(checksumIsRight)).toEqual([true, true, true])
    expect(bench.deliveries()).toEqual({})
    expect(bench.drops()).toEqual({})
    expect(bench.counters('b')).toMatchObject({ txFrames: 3, txBytes: 1502 * 2 + 158 })
  })

  test('a super-frame of more segments than can be made is a counted drop (needs-segmentation)', () => {
    const bench = rig(build).port('a', { offloads: true }).ports('bc')
    bench.inject('a', superFrame(10, { to, payload: 1921 }), superFrame(10, { to, payload: 1920 }))
    bench.run()
    expect(bench.deliveries()).toEqual({ b: 192, c: 192 })
    expect(bench.drops()).toEqual({ 'b needs-segmentation': 1, 'c needs-segmentation': 1 })
  })

  test('a flooded super-frame reaches those that take it untouched, the others in segments', () => {
    const bench = rig(build).port('a', { offloads: true })
    for (const name of 'bdfg') bench.port(name, { offloads: true })
    for (const name of 'ceh') bench.port(name)
    const made = superFrame(1448, { to, payload: 64_000 })
    bench.inject('a', made).run()
    for (const name of 'bdfg') {
      const [out] = bench.sent(name)
      expect(out?.header).toEqual(made.header)
      expect(isSame(out!.frame, made.frame)).toBe(true)
    }
    for (const name of 'ceh') {
      const segments = bench.frames(name)
      expect(segments).toHaveLength(45)
      expect(segments.every(checksumIsRight)).toBe(true)
    }
    expect(bench.drops()).toEqual({})
    expect(checksumIsPartial(made.frame)).toBe(true)
  })

  test('in one burst, frames of all kinds are each treated as their own', () => {
    const bench = rig(build).port('a', { offloads: true }).port('b').port('c', { offloads: true })
    const plain = packet({ to, payload: 10 })
    const partial = packet({ to, payload: 11, version: 6, checksum: 'partial' })
    const large = superFrame(100, { to, payload: 1000 })
    const burst = [plain, large, partial, large, large, partial, plain, plain]
    bench.inject('a', ...burst).run()
    expect(bench.frames('b').map(checksumIsRight)).toEqual(Array(5 + 3 * 10).fill(true))
    expect(bench.sent('c').map(({ header }) => header?.gsoType)).toEqual([0, 1, 0, 1, 1, 0, 0, 0])
    expect(bench.drops()).toEqual({})
  })

  test('a super-frame of one segment is none: a plain port gets it, complete', () => {
    const bench = rig(build).port('a', { offloads: true }).port('b')
    bench
      .inject('a', superFrame(500, { to, payload: 500 }), superFrame(500, { to, payload: 501 }))
      .run()
    expect(bench.frames('b').map((bytes) => bytes.length)).toEqual([554, 554, 55])
    expect(bench.drops()).toEqual({})
  })
})

describe('the helpers themselves', () => {
  test.each(kinds)('packets are right and verifiers can tell: %s', (_, kind) => {
    const complete = packet({ ...kind, payload: 77 })
    expect(checksumIsRight(complete.frame)).toBe(true)
    complete.frame[complete.layout.payload]! ^= 1
    expect(checksumIsRight(complete.frame)).toBe(false)
    const partial = packet({ ...kind, payload: 77, checksum: 'partial' })
    expect(checksumIsRight(partial.frame)).toBe(false)
    expect(checksumIsPartial(partial.frame)).toBe(true)
  })

  test('the sum is that of RFC 1071 section 3', () => {
    expect(internetSum(Uint8Array.of(0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7))).toBe(0xddf2)
  })
})
