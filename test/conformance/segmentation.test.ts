/** Segmentation for ports that take no super-frames (CONFORMANCE K2, T11, B6), and resumed bursts. */

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Offload } from '../../src/device/offload.js'
import { formatHex } from '../../src/packet/hex.js'
import { onEveryBuild } from '../support/builds.js'
import { fold, internetSum, pseudoHeaderSum } from '../support/checksum.js'
import {
  BROADCAST,
  frame,
  type Packet,
  type PacketOptions,
  station,
  superFrame,
  TCP,
} from '../support/frames.js'
import { checksumIsRight } from '../support/parse.js'
import { access, trunk } from '../support/policy.js'
import { type Offloaded, rig } from '../support/rig.js'
import { segmentsOf } from '../support/segments.js'
import { Gso, NOTHING } from '../support/virtio.js'
import { push, pushOffloaded, tci } from '../support/vlan.js'

const hexes = (frames: readonly Uint8Array[]) => frames.map((each) => formatHex(each))

/** The super-frame with octets of its headers changed: TCP flags, IP ID, sequence number. */
function patched(
  made: Packet,
  changes: readonly (readonly [at: number, ...octets: number[]])[],
): Offloaded {
  const bytes = Uint8Array.from(made.frame)
  for (const [at, ...octets] of changes) bytes.set(octets, at)
  return { header: made.header, frame: bytes }
}

const random = fc.record({
  version: fc.constantFrom(4 as const, 6 as const),
  protocol: fc.constantFrom('tcp' as const, 'udp' as const),
  tags: fc.constantFrom([], [], [{ vid: 5 }], [{ vid: 5, type: 0x88a8 }, { vid: 6 }]),
  options: fc.constantFrom(0, 0, 4, 40),
  tcpOptions: fc.constantFrom(0, 12, 40),
  extensions: fc.constantFrom(
    [],
    [],
    [[60, 8]] as const,
    [
      [0, 8],
      [43, 24],
      [60, 64],
    ] as const,
  ),
  payload: fc
    .integer({ min: 2, max: 6000 })
    .chain((length) => fc.uint8Array({ minLength: length, maxLength: length })),
  size: fc.integer({ min: 50, max: 1400 }),
  // All but SYN, which no super-frame has.
  flags: fc.integer({ min: 0, max: 255 }).map((flags) => flags & ~0x02),
  urgent: fc.constantFrom(0, 1, 1400, 0xffff),
  id: fc.constantFrom(0, 7, 0xfffe),
  sequence: fc.constantFrom([0, 0, 0, 1], [0xff, 0xff, 0xff, 0x80]),
})

/** A super-frame of which all that a sender may choose is random. */
const made = random.map(({ size, flags, urgent, id, sequence, ...rest }) => {
  const whole = superFrame(size, { ...(rest as PacketOptions), to: BROADCAST })
  const { l3, l4 } = whole.layout
  const changes: [number, ...number[]][] = []
  if (rest.version === 4) changes.push([l3 + 4, id >> 8, id & 0xff])
  if (rest.protocol === 'tcp') {
    changes.push([l4 + 13, flags], [l4 + 4, ...sequence], [l4 + 18, urgent >> 8, urgent & 0xff])
  }
  return patched(whole, changes)
})

onEveryBuild('segmentation', (build) => {
  test('K2, T11: random super-frames: each segment is what the model makes, whole payload, right sums', () => {
    let segments = 0
    const switched = rig(build).port('a', { offloads: true }).port('b', { mtu: 9000 })
    fc.assert(
      fc.property(made, (given) => {
        switched.inject('a', given).run()
        const sent = switched.frames('b')
        const parts = segmentsOf(given)
        if (parts.length < 2) return
        segments += sent.length
        expect(hexes(sent)).toEqual(hexes(parts))
        for (const each of sent) expect(checksumIsRight(each)).toBe(true)
      }),
      { numRuns: 150 },
    )
    expect(segments).toBeGreaterThan(500)
    expect(switched.drops()).toEqual({})
  })

  test('RFC 3168: CWR in the first segment only, FIN and PSH in the last, ECE and ACK in all', () => {
    const whole = superFrame(1000, { to: BROADCAST, payload: 2500 })
    const given = patched(whole, [[whole.layout.l4 + 13, 0xd9]])
    given.header.gsoType |= Gso.ECN
    const switched = rig(build).port('a', { offloads: true }).port('b')
    switched.port('c', { offloads: Offload.CSUM | Offload.TSO4 })
    switched.inject('a', given).run()
    for (const name of 'bc') {
      const flags = switched.frames(name).map((each) => each[whole.layout.l4 + 13])
      expect(flags).toEqual([0xd0, 0x50, 0x59])
    }
  })

  test('RFC 9293 3.8.5: the urgent pointer counts from each segment, and ends with what is urgent', () => {
    const whole = superFrame(1000, { to: BROADCAST, payload: 3500 })
    const { l4 } = whole.layout
    const switched = rig(build).port('a', { offloads: true }).port('b')
    const sent = (pointer: number) => {
      switched
        .inject(
          'a',
          patched(whole, [
            [l4 + 13, 0x30],
            [l4 + 18, pointer >> 8, pointer & 0xff],
          ]),
        )
        .run()
      const view = (each: Uint8Array) => new DataView(each.buffer, each.byteOffset)
      return switched.frames('b').map((each) => [each[l4 + 13], view(each).getUint16(l4 + 18)])
    }
    expect(sent(1500)).toEqual([
      [0x30, 1500],
      [0x30, 500],
      [0x10, 0],
      [0x10, 0],
    ])
    expect(sent(1000)).toEqual([
      [0x30, 1000],
      [0x10, 0],
      [0x10, 0],
      [0x10, 0],
    ])
    expect(sent(0)).toEqual([
      [0x30, 0],
      [0x10, 0],
      [0x10, 0],
      [0x10, 0],
    ])
    expect(sent(60_000).at(-1)).toEqual([0x30, 57_000])
  })

  test('T11: a super-frame with SYN is a lie, one segment with SYN is none', () => {
    const opening = (payload: number) => {
      const whole = superFrame(1000, { to: BROADCAST, payload })
      return patched(whole, [[whole.layout.l4 + 13, 0x12]])
    }
    const switched = rig(build).ports('ac', { offloads: true }).port('b')
    switched.inject('a', opening(1001), opening(1000)).run()
    expect(switched.deliveries()).toEqual({ b: 1, c: 1 })
    expect(switched.drops()).toEqual({ 'a segmentation-request': 1 })
  })

  test('shapes that divide evenly, and those that lack an octet or have one too many', () => {
    const switched = rig(build).port('a', { offloads: true }).port('b')
    for (const version of [4, 6] as const) {
      for (const protocol of ['tcp', 'udp'] as const) {
        for (const payload of [1001, 1999, 2000, 2001, 2999, 3000]) {
          const given = superFrame(1000, { version, protocol, payload, to: BROADCAST })
          switched.inject('a', given).run()
          const sent = switched.frames('b')
          expect(hexes(sent)).toEqual(hexes(segmentsOf(given)))
          expect(sent).toHaveLength(Math.ceil(payload / 1000))
        }
      }
    }
  })

  test('RFC 8200 8.1: behind a routing header the sum is over the last destination', () => {
    const options = { version: 6, extensions: [[43, 24]], to: BROADCAST, payload: 2500 } as const
    const whole = superFrame(1000, options)
    const { l3, l4 } = whole.layout
    const last = [0xfd, 0x55, ...new Array<number>(13).fill(0), 9]
    // Type 4, a segment left, and where it leads; the pseudo-header is of the last destination.
    const given = patched(whole, [
      [l3 + 42, 4, 1],
      [l3 + 48, ...last],
    ])
    const header = given.frame.slice(l3, l3 + 40)
    header.set(last, 24)
    const field = l4 + 16
    const pseudo = pseudoHeaderSum(header.subarray(8, 40), TCP, given.frame.length - l4)
    given.frame.set([pseudo >> 8, pseudo & 0xff], field)
    const switched = rig(build).port('a', { offloads: true }).port('b')
    switched.inject('a', given).run()
    for (const each of switched.frames('b')) {
      const sum = pseudoHeaderSum(header.subarray(8, 40), TCP, each.length - l4)
      expect(fold(sum + internetSum(each, l4))).toBe(0xffff)
    }
  })

  test('K2 (RFC 768): a UDP segment whose checksum comes to 0 is sent with 0xFFFF', () => {
    const zero = superFrame(2, {
      protocol: 'udp',
      to: BROADCAST,
      payload: Uint8Array.of(0, 0, 1, 1),
    })
    const first = segmentsOf(zero)[0]!
    const at = zero.layout.l4 + 6
    // The payload that adds what the sum lacks to 0xFFFF.
    const payload = Uint8Array.of(first[at]!, first[at + 1]!, 1, 1)
    const given = superFrame(2, { protocol: 'udp', to: BROADCAST, payload })
    const switched = rig(build).port('a', { offloads: true }).port('b')
    switched.inject('a', given).run()
    const [sent] = switched.frames('b')
    expect([sent![at], sent![at + 1]]).toEqual([0xff, 0xff])
    expect(checksumIsRight(sent!)).toBe(true)
  })

  test('B9: with a tag that is put in or taken out, or kept with its priority', () => {
    for (const version of [4, 6] as const) {
      for (const protocol of ['tcp', 'udp'] as const) {
        const whole = superFrame(1000, { version, protocol, to: BROADCAST, payload: 4100 })
        const switched = rig(build).bridge('lan', { vlanAware: true })
        switched.port('a', { offloads: true, policy: { vlan: trunk([10], { native: 20 }) } })
        switched.port('b', { policy: { vlan: access(10) } })
        switched.port('c', { policy: { vlan: trunk([10, 20]) } })
        switched.inject('a', pushOffloaded(whole, tci(10, 3))).run()
        expect(hexes(switched.frames('b'))).toEqual(hexes(segmentsOf(whole)))
        const tagged = (control: number) =>
          hexes(segmentsOf(whole).map((each) => push(each, control)))
        expect(hexes(switched.frames('c'))).toEqual(tagged(tci(10, 3)))
        switched.inject('a', whole).run()
        expect(hexes(switched.frames('c'))).toEqual(tagged(20))
      }
    }
  })

  test('each port gets what it takes: super-frames of one kind whole, others in segments', () => {
    const switched = rig(build).port('a', { offloads: true })
    switched
      .port('b', { offloads: Offload.CSUM | Offload.TSO4 })
      .port('c', { offloads: Offload.CSUM })
    for (const version of [4, 6] as const) {
      const whole = superFrame(1000, { version, to: BROADCAST, payload: 3000 })
      switched.inject('a', whole).run()
      expect(switched.sent('b')).toHaveLength(version === 4 ? 1 : 3)
      const parts = switched.sent('c')
      expect(hexes(parts.map((each) => each.frame))).toEqual(hexes(segmentsOf(whole)))
      for (const { header } of parts) expect(header).toMatchObject({ flags: 0, gsoType: 0 })
    }
  })

  test('a super-frame of 192 segments is made, one of 193 is a drop there and whole elsewhere', () => {
    const switched = rig(build).ports('ac', { offloads: true }).port('b')
    const of = (count: number) => superFrame(100, { to: BROADCAST, payload: 100 * count })
    switched.inject('a', of(192), of(193)).run()
    expect(switched.deliveries()).toEqual({ b: 192, c: 2 })
    expect(switched.drops()).toEqual({ 'b needs-segmentation': 1 })
    expect(switched.counters('b')).toMatchObject({ txFrames: 192, txDrops: 1 })
  })

  test('the sender’s frame is not touched: it leaves whole behind its own segments', () => {
    const switched = rig(build)
      .port('a', { offloads: true })
      .port('b')
      .port('z', { offloads: true })
    const whole = superFrame(1000, { to: BROADCAST, payload: 30_000 })
    switched.inject('a', whole, whole).run()
    const { header, frame: bytes } = whole
    expect(switched.sent('z')).toEqual([
      { header, frame: bytes },
      { header, frame: bytes },
    ])
  })
})

onEveryBuild('resumed bursts', (build) => {
  test('B6: 64 super-frames to plain ports of several kinds: all, in order, once, none for lack of room', () => {
    const switched = rig(build, { capacity: { arena: 8 << 20 } }).bridge('lan', { vlanAware: true })
    const vlan = trunk([10, 20], { native: 1 })
    switched.port('a', { offloads: true, policy: { vlan } })
    switched
      .ports('bc', { policy: { vlan: access(10) } })
      .port('d', { mtu: 9000, policy: { vlan: access(10) } })
    switched.port('e', { policy: { vlan } }).port('f', { offloads: true, policy: { vlan } })
    switched.port('g', { offloads: Offload.CSUM, policy: { vlan: access(10), isolated: true } })
    const burst = Array.from({ length: 64 }, (_, index) => {
      const payload = new Uint8Array(20_000).fill(index)
      return superFrame(1400, { to: BROADCAST, payload, version: index % 2 === 0 ? 4 : 6 })
    })
    // Between them, what a quiet flow sends.
    const given = burst.flatMap((each, index) => [
      pushOffloaded(each, 10),
      { header: NOTHING, frame: push(frame(BROADCAST, station(5), index), 10) },
    ])
    switched.inject('a', ...given).run()
    const expected = burst.flatMap((each, index) => [
      ...segmentsOf(each),
      frame(BROADCAST, station(5), index),
    ])
    for (const name of 'bcdg') expect(hexes(switched.frames(name))).toEqual(hexes(expected))
    expect(hexes(switched.frames('e'))).toEqual(hexes(expected.map((each) => push(each, 10))))
    expect(switched.sent('f')).toHaveLength(128)
    expect(switched.drops()).toEqual({})
    expect(switched.counters('a').rxFrames).toBe(128)
    expect(switched.statistics().frames).toBe(128)
  })
})
