/**
 * Random octets with random virtio-net headers of random lengths, most of them nearly right: never a
 * trap, nothing lost uncounted, no header that the kernel would refuse.
 */
import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { BROADCAST, packet, station, superFrame } from '../support/frames.js'
import { dishonesty, kernelRefusal } from '../support/kernel.js'
import { Random } from '../support/random.js'
import { rig } from '../support/rig.js'
import { decode, encode } from '../support/virtio.js'

const FRAMES = 200_000
const BATCH = 2_000

/** Whole frames with their headers, to be damaged. */
const seeds = (['tcp', 'udp'] as const).flatMap((protocol) =>
  ([4, 6] as const).flatMap((version) =>
    [0, 1, 2].flatMap((tags) => {
      const kind = {
        protocol,
        version,
        tags: Array.from({ length: tags }, (_, vid) => ({ vid })),
        extensions:
          version === 6
            ? ([
                [60, 8],
                [0, 16],
              ] as const)
            : [],
        options: version === 4 ? 8 : 0,
      }
      const made = [
        packet({ ...kind, to: BROADCAST, checksum: 'partial' }),
        packet({ ...kind, to: station(2), payload: 9 }),
        superFrame(200, { ...kind, to: BROADCAST, payload: 900 }),
      ]
      return made.map(({ header, frame }) => encode(header, frame))
    }),
  ),
)

/** Changes a few octets, mostly in the headers, where they do most harm. */
function damage(random: Random, bytes: Uint8Array): Uint8Array {
  for (let changes = random.below(4); changes > 0; changes--) {
    const at = random.chance(0.4) ? random.below(12) : random.below(Math.min(bytes.length, 110))
    bytes[at] = random.chance(0.5)
      ? random.below(256)
      : random.pick([0, 1, 4, 6, 17, 43, 60, 0x45, 0x60, 0xff])
  }
  return random.chance(0.1) ? bytes.subarray(0, random.below(bytes.length + 1)) : bytes
}

function randomInput(random: Random): Uint8Array {
  if (random.chance(0.1)) return random.bytes(random.below(200))
  return damage(random, random.pick(seeds).slice())
}

onEveryBuild('fuzz', (build) => {
  test('T10, T11: nothing traps, nothing is lost uncounted, no bad header leaves', () => {
    const bench = rig(build).ports('ab', { offloads: true }).port('c')
    const random = new Random(2024)
    const totals = { requests: 0, superFrames: 0, plain: 0 }
    for (let sent = 0; sent < FRAMES; sent += BATCH) {
      for (let index = 0; index < BATCH; index++) bench.device('a').send(randomInput(random))
      bench.advance(10)
      for (const bytes of bench.device('b').take()) {
        const { header, frame } = decode(bytes)
        const fault = kernelRefusal(header, frame) ?? dishonesty(header, frame)
        if (fault !== undefined) throw new Error(`${fault}: ${Buffer.from(bytes).toString('hex')}`)
        if (header.flags !== 0) totals.requests++
        if (header.gsoType !== 0) totals.superFrames++
      }
      totals.plain += bench.device('c').take().length
    }
    const [a, b, c] = [...'abc'].map((name) => bench.counters(name)) as [
      ReturnType<typeof bench.counters>,
      ReturnType<typeof bench.counters>,
      ReturnType<typeof bench.counters>,
    ]
    expect(a.rxFrames).toBe(FRAMES)
    // All that was not dropped at the door was flooded: a's stations know of nobody elsewhere.
    expect(b.txFrames + b.txDrops).toBe(FRAMES - a.rxDrops)
    // A super-frame leaves by the plain port as its segments.
    expect(c.txFrames + c.txDrops).toBeGreaterThan(FRAMES - a.rxDrops)
    expect(c.txFrames).toBe(totals.plain)
    const counted = Object.values(bench.drops()).reduce((sum, frames) => sum + frames, 0)
    expect(counted).toBe(a.rxDrops + b.txDrops + c.txDrops)
    // Hardly any of this would be worth its time if all were dropped, or none.
    expect(totals.requests).toBeGreaterThan(FRAMES / 10)
    expect(totals.superFrames).toBeGreaterThan(FRAMES / 40)
    expect(totals.plain).toBeGreaterThan(FRAMES / 10)
    for (const reason of [
      'short-frame',
      'source-invalid',
      'checksum-request',
      'segmentation-request',
      'truncated-header',
      'header-chain',
    ]) {
      expect([reason, (bench.drops()[`a ${reason}`] ?? 0) > 100]).toEqual([reason, true])
    }
  })
})
