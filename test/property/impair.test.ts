/** A direction of a link with any faults, fed with any frames, and changed at any time. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseImpairment } from '../../src/config/impair.js'
import { Faults } from '../../src/impair/faults.js'
import { type Fate, OF, send } from '../support/impair.js'

const probability = fc.oneof(fc.constantFrom(0, 1), fc.double({ min: 0, max: 1, noNaN: true }))
const time = fc.double({ min: 0, max: 50, noNaN: true })
const chance = fc.record(
  { probability, correlation: probability },
  { requiredKeys: ['probability'] },
)
const optional = <T>(of: fc.Arbitrary<T>) => fc.option(of, { nil: undefined })

const distribution = fc.constantFrom('uniform', 'normal', 'pareto')
const loss = fc.oneof(
  probability,
  chance,
  fc.record({
    toBad: probability,
    toGood: probability,
    lossBad: probability,
    lossGood: probability,
  }),
)
const frames = fc.record({ frames: fc.integer({ min: 1, max: 20 }) })
const octets = fc.record({ octets: fc.integer({ min: 1, max: 20_000 }) })

/** Settings that keep the order. */
const ordered = fc.record({
  up: optional(fc.boolean()),
  mtu: optional(fc.integer({ min: 68, max: 2000 })),
  rate: optional(fc.integer({ min: 10_000, max: 10_000_000 })),
  queue: optional(fc.oneof(frames, octets)),
  delay: optional(time),
  jitter: optional(fc.record({ time, distribution, correlation: probability })),
  loss: optional(loss),
  duplicate: optional(chance),
  corrupt: optional(chance),
})
const any = fc.record({
  kept: ordered,
  overtaking: fc.boolean(),
  reorder: optional(fc.record({ probability, gap: fc.integer({ min: 1, max: 5 }), delay: time })),
})
type Any = typeof any extends fc.Arbitrary<infer T> ? T : never
const settingsOf = ({ kept, overtaking, reorder }: Any) => ({
  ...kept,
  reorder,
  jitter: kept.jitter && { ...kept.jitter, reorder: overtaking },
})

const steps = fc.array(
  fc.record({
    wait: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 20, noNaN: true })),
    octets: fc.integer({ min: 14, max: 2100 }),
    change: fc.option(any, { freq: 15, nil: undefined }),
  }),
  { maxLength: 150 },
)
type Step = typeof steps extends fc.Arbitrary<(infer T)[]> ? T : never

/** Every frame, and the settings that it met. */
function run(first: object, list: readonly Step[], change = settingsOf as (to: Any) => object) {
  const faults = new Faults(OF, first)
  let now = 0
  return list.map(({ wait, octets, change: to }) => {
    now += wait
    // All keys, so that what a change leaves out is taken away.
    const gone = { up: null, mtu: null, rate: null, queue: null, delay: null, jitter: null }
    const off = { ...gone, loss: null, duplicate: null, reorder: null, corrupt: null }
    if (to) faults.change(now, { ...off, ...plain(change(to)) })
    return { ...send(faults, now, octets), met: faults.settings(now) }
  })
}
const plain = (of: object) => JSON.parse(JSON.stringify(of))

test('what enters is delivered, dropped for a reason, or there twice, and never comes before it entered', () => {
  fc.assert(
    fc.property(any, steps, (first, list) => {
      for (const { entered, octets, deliveries, drops, met } of run(settingsOf(first), list)) {
        const copies = deliveries.length + drops.length
        expect(copies === 1 || (copies === 2 && (met.duplicate?.probability ?? 0) > 0)).toBe(true)
        for (const { at, bit } of deliveries) {
          expect(at).toBeGreaterThanOrEqual(entered)
          expect(bit).toBeLessThan(octets * 8)
          if (met.corrupt === undefined) expect(bit).toBe(-1)
          else expect(Number.isInteger(bit) && bit >= -1).toBe(true)
        }
        for (const reason of drops) expect(mayDrop(reason, met, octets)).toBe(true)
      }
    }),
  )
})

function mayDrop(reason: string, met: ReturnType<typeof parseImpairment>, octets: number): boolean {
  if (reason === 'down') return met.up === false
  if (reason === 'mtu') return octets - 14 > (met.mtu ?? Number.POSITIVE_INFINITY)
  return reason === 'queue' ? met.rate !== undefined : met.loss !== undefined
}

test('order is kept where nothing asks for another, whatever changes', () => {
  fc.assert(
    fc.property(ordered, steps, (first, list) => {
      const fates = run(first, list, ({ kept }) => kept)
      const times = fates.flatMap(({ deliveries }) => deliveries.map(({ at }) => at))
      for (const [n, at] of times.entries()) {
        if (n > 0) expect(at).toBeGreaterThanOrEqual(times[n - 1] as number)
      }
    }),
  )
})

const still = steps.map((list) => list.map((step) => ({ ...step, change: undefined })))

test('the rate is never exceeded, over any window', () => {
  const rated = fc.tuple(ordered, fc.integer({ min: 10_000, max: 10_000_000 }))
  fc.assert(
    fc.property(rated, still, ([settings, rate], list) => {
      const out = run({ ...settings, rate }, list).flatMap(({ deliveries, octets }) =>
        deliveries.map(({ at }) => ({ at, octets })),
      )
      // From one frame's end to another's end lie the bits of all but the first.
      for (let from = 0; from < out.length; from++) {
        let bits = 0
        for (const { at, octets } of out.slice(from + 1)) {
          bits += octets * 8
          const window = at - (out[from]?.at as number)
          expect(window * rate).toBeGreaterThanOrEqual(bits * 1000 * (1 - 1e-9))
        }
      }
    }),
    { numRuns: 50 },
  )
})

test('the queue is never over its length, and nobody is refused while there is room', () => {
  const rate = 100_000
  fc.assert(
    fc.property(fc.oneof(frames, octets), still, fc.boolean(), (queue, list, twice) => {
      const fates = run({ rate, queue, duplicate: twice ? 1 : 0 }, list)
      const taken: { start: number; octets: number; entered: number }[] = []
      for (const { entered, octets, deliveries, drops } of fates as Fate[]) {
        const waiting = () => taken.filter(({ start }) => start > entered)
        const room = () => {
          const held = waiting()
          const sum = held.reduce((sum, of) => sum + of.octets, octets)
          if ('frames' in queue) return held.length < queue.frames
          return sum <= queue.octets
        }
        for (const { at } of deliveries) {
          const start = at - (octets * 8000) / rate
          // Who is sent at once has not waited.
          if (start > entered + 1e-6) expect(room()).toBe(true)
          taken.push({ start: start > entered + 1e-6 ? start : entered, octets, entered })
        }
        if (drops.length > 0) expect(room()).toBe(false)
      }
    }),
  )
})

test('the same seed and calls, the same fates; and settings survive being written and read', () => {
  fc.assert(
    fc.property(any, steps, (first, list) => {
      const settings = settingsOf(first)
      expect(run(settings, list)).toEqual(run(settings, list))
      const parsed = parseImpairment(settings)
      expect(parseImpairment(plain(parsed))).toEqual(plain(parsed))
    }),
  )
})
