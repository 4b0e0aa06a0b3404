/** What comes out depends on what goes in, and on nothing else. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { frame, group, packet, station, superFrame, ZERO_MAC } from '../support/frames.js'
import { type Offloaded, type Options, type Rig, rig } from '../support/rig.js'
import { NOTHING } from '../support/virtio.js'

const PORTS = 'abcd'
const stations = [1, 2, 3, 4, 5, 6].map(station)
const mac = fc.constantFrom(...stations, group(1))
const source = fc.constantFrom(...stations, ...stations, ZERO_MAC)

/** Frames of every kind, offloaded ones too: a and c take them, b and d do not. */
const offloaded: fc.Arbitrary<Offloaded> = fc
  .record({
    to: mac,
    from: source,
    payload: fc.integer({ min: 0, max: 3000 }),
    protocol: fc.constantFrom('tcp' as const, 'udp' as const),
    version: fc.constantFrom(4 as const, 6 as const),
    kind: fc.constantFrom('plain', 'complete', 'partial', 'super', 'lie'),
  })
  .map(({ kind, ...options }) => {
    if (kind === 'plain') {
      const length = Math.max(18, options.payload)
      return { header: NOTHING, frame: frame(options.to, options.from, 7, length) }
    }
    if (kind === 'super') return superFrame(1000, options)
    const made = packet({ ...options, checksum: kind === 'complete' ? 'complete' : 'partial' })
    return kind === 'lie' ? { ...made, header: { ...made.header, checksumStart: 35 } } : made
  })

/** Frames that come in by one port, one behind the other. */
const stretch = fc.record({
  port: fc.constantFrom('a', 'c'),
  frames: fc.array(offloaded, { minLength: 10, maxLength: 40, size: 'max' }),
  cuts: fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 8 }),
})
type Stretch = typeof stretch extends fc.Arbitrary<infer T> ? T : never

function bench(build: Parameters<typeof rig>[0], options: Options = {}): Rig {
  const made = rig(build, options)
  for (const name of PORTS) made.port(name, { offloads: 'ac'.includes(name) })
  return made
}

function everything(bench: Rig) {
  const ports = [...PORTS].map((name) => ({
    sent: bench.sent(name),
    counters: bench.counters(name),
  }))
  const statistics = Object.fromEntries(
    Object.entries(bench.statistics()).filter(([name]) => !name.startsWith('burst')),
  )
  return { ports, drops: bench.drops(), fdb: bench.fdb(), events: bench.events(), statistics }
}

/** Hands over the frames of a stretch in bursts of the given sizes, over and over. */
function feed(bench: Rig, { port, frames, cuts }: Stretch): void {
  for (let at = 0, cut = 0; at < frames.length; cut++) {
    const size = cuts[cut % cuts.length]!
    bench.inject(port, ...frames.slice(at, at + size)).run()
    at += size
  }
}

const whole = ({ frames, ...rest }: Stretch): Stretch => ({
  ...rest,
  frames,
  cuts: [frames.length],
})

onEveryBuild('bursts', (build) => {
  test('B6: how frames are cut into bursts does not show in anything that comes out', () => {
    const seen = { frames: 0, sent: 0, drops: 0, cuts: 0 }
    fc.assert(
      fc.property(fc.array(stretch, { minLength: 1, maxLength: 6 }), (stretches) => {
        const [one, many] = [bench(build), bench(build)]
        for (const each of stretches) {
          feed(one, whole(each))
          feed(many, each)
          seen.frames += each.frames.length
        }
        seen.cuts += many.statistics().bursts - one.statistics().bursts
        const [expected, found] = [everything(one), everything(many)]
        expect(found).toEqual(expected)
        seen.sent += expected.ports.reduce((sum, { sent }) => sum + sent.length, 0)
        seen.drops += Object.values(expected.drops).reduce((sum, count) => sum + count, 0)
      }),
      { numRuns: 12 },
    )
    for (const [what, times] of Object.entries(seen))
      expect([what, times > 100]).toEqual([what, true])
  })

  test('the same input over the same seed leaves the same memory, bit for bit', () => {
    let sent = 0
    fc.assert(
      fc.property(fc.array(stretch, { minLength: 1, maxLength: 6 }), (stretches) => {
        const [one, two] = [bench(build), bench(build)]
        for (const each of stretches) for (const rig of [one, two]) feed(rig, each)
        const memories = [one, two].map((rig) =>
          Buffer.from(rig.attachment.memory.buffer as ArrayBuffer),
        )
        expect(Buffer.compare(memories[0]!, memories[1]!)).toBe(0)
        const out = everything(one)
        expect(everything(two)).toEqual(out)
        sent += out.ports.reduce((sum, port) => sum + port.sent.length, 0)
      }),
      { numRuns: 8 },
    )
    expect(sent).toBeGreaterThan(100)
  })

  test('neither the seed of the hashes nor what lay in the arena shows in what comes out', () => {
    let sent = 0
    fc.assert(
      fc.property(
        fc.array(stretch, { minLength: 1, maxLength: 6 }),
        fc.integer(),
        (stretches, seed) => {
          const [one, two] = [
            bench(build),
            bench(build, { seed: [seed, ~seed], capacity: { macs: 5000 } }),
          ]
          const { forwarder, attachment, capacity } = two
          new Uint8Array(attachment.memory.buffer, forwarder.arena, capacity.arena).fill(0xa5)
          for (const each of stretches) for (const rig of [one, two]) feed(rig, each)
          const out = everything(one)
          expect(everything(two)).toEqual(out)
          sent += out.ports.reduce((sum, port) => sum + port.sent.length, 0)
        },
      ),
      { numRuns: 10 },
    )
    expect(sent).toBeGreaterThan(100)
  })
})
