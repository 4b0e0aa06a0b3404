/** T12: no output byte ever comes from another frame, or from what lay in memory before. */

import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { BROADCAST, packet, station, superFrame } from '../support/frames.js'
import { judge } from '../support/judge.js'
import { isSame } from '../support/octets.js'
import { Random } from '../support/random.js'
import { type Offloaded, type Rig, rig } from '../support/rig.js'
import { NOTHING } from '../support/virtio.js'

const POISON = 0x5a

/** Overwrites all of the arena: what is seen of it later was not in a frame. */
function poison(bench: Rig): void {
  const { forwarder, attachment, capacity } = bench
  new Uint8Array(attachment.memory.buffer, forwarder.arena, capacity.arena).fill(POISON)
}

/** A frame whose octets are its own number, as far as addresses allow; no other holds them. */
function marked(number: number, length: number): Uint8Array {
  const frame = new Uint8Array(length).fill(number)
  frame.set(BROADCAST.subarray(0, Math.min(6, length)))
  frame.set(station(number).subarray(0, Math.max(0, Math.min(6, length - 6))), Math.min(6, length))
  return frame
}

function randomFrame(random: Random, number: number): Offloaded {
  const length = random.pick([0, 1, 13, 14, 15, 60, 61, 300, 1514, 1515, 4000])
  const plain = { header: { ...NOTHING }, frame: marked(number, length) }
  const options = {
    to: BROADCAST,
    protocol: random.pick(['tcp', 'udp'] as const),
    version: random.pick([4, 6] as const),
    payload: new Uint8Array(random.below(1200)).fill(number),
  }
  const partial = packet({ ...options, padding: random.below(20), checksum: 'partial' })
  const cut = { ...partial, frame: partial.frame.slice(0, 14 + random.below(partial.frame.length)) }
  return random.pick([plain, partial, cut, superFrame(1 + random.below(400), options)])
}

/** As small as an arena may be, to be poisoned quickly. */
const capacity = { arena: 1 << 20 }

onEveryBuild('isolation of frames', (build) => {
  test('T12: what leaves is the octets of one frame that came in, and all of them', () => {
    const bench = rig(build, { capacity }).ports('ab', { offloads: true })
    const random = new Random(3)
    let sent = 0
    let dropped = 0
    for (let burst = 0; burst < 300; burst++) {
      poison(bench)
      const given = Array.from({ length: 1 + random.below(40) }, (_, index) => {
        return randomFrame(random, (index % 80) + 1)
      })
      bench.inject('a', ...given).run()
      const expected = given
        .filter(({ frame }) => frame.length >= 14)
        .flatMap((each) => judge(each).out ?? [])
        .filter(({ header, frame }) => header.gsoType !== 0 || frame.length <= 1514)
      const out = bench.sent('b')
      expect(out.map(({ header }) => header)).toEqual(expected.map(({ header }) => header))
      const differ = out.findIndex(({ frame }, index) => {
        return !isSame(frame, expected[index]!.frame)
      })
      expect(differ).toBe(-1)
      sent += out.length
      dropped += given.length - out.length
    }
    expect(sent).toBeGreaterThan(2000)
    expect(dropped).toBeGreaterThan(1000)
  })

  test('T12: neither does a plain port, with or without a checksum to complete', () => {
    const bench = rig(build, { capacity }).port('a', { offloads: true }).port('b')
    const random = new Random(4)
    let sent = 0
    for (let burst = 0; burst < 300; burst++) {
      poison(bench)
      const payload = new Uint8Array(random.below(1400)).fill(burst)
      const made = packet({ to: BROADCAST, payload, padding: random.below(9), checksum: 'partial' })
      bench
        .inject('a', made, { header: NOTHING, frame: marked(200, 14 + random.below(1000)) })
        .run()
      const [completed, plain, ...more] = bench.frames('b')
      expect(more).toEqual([])
      const field = made.layout.l4 + 16
      const before = Uint8Array.from(made.frame.subarray(0, made.layout.end)).fill(
        0,
        field,
        field + 2,
      )
      expect(isSame(Uint8Array.from(completed!).fill(0, field, field + 2), before)).toBe(true)
      expect(plain!.subarray(12).every((octet) => octet === 200)).toBe(true)
      sent++
    }
    expect(sent).toBe(300)
  })

  test('T12: the virtio-net header that leaves has nothing of the one that came', () => {
    const bench = rig(build, { capacity }).ports('ab', { offloads: true })
    // Fields that belong to no request, and num_buffers, are free for a guest to fill.
    const header = {
      flags: 0,
      gsoType: 0,
      headerLength: 0x1111,
      gsoSize: 0x2222,
      checksumStart: 0x3333,
      checksumOffset: 0x4444,
      buffers: 0x5555,
    }
    poison(bench)
    bench.inject(
      'a',
      { header, frame: marked(1, 60) },
      { header: { ...header, flags: 2 }, frame: marked(2, 60) },
    )
    bench.run()
    expect(bench.sent('b').map((each) => each.header)).toEqual([NOTHING, NOTHING])
  })
})
