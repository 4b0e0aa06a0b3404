/** What the recorder says of what was received, against a model that keeps all of it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Filler } from '../../src/generate/filler.js'
import { HEADER_SIZE } from '../../src/generate/header.js'
import { Histogram } from '../../src/generate/histogram.js'
import { Recorder } from '../../src/generate/recorder.js'
import type { Stream } from '../../src/generate/stream.js'
import { makeTemplate } from '../../src/generate/template.js'

const options = {
  sourceMac: Uint8Array.of(2, 0, 0, 0, 0, 1),
  destinationMac: Uint8Array.of(2, 0, 0, 0, 0, 2),
  tags: [],
  stamp: true,
}
const flow = { protocol: 'ethernet', type: 0x88b5 } as const

function stream(flows: number, sizes = [60], id = 9): Stream {
  const templates = sizes.map((size) => makeTemplate(flow, size, options))
  return { id, templates, flows, ports: 1, macs: 1, stamp: true }
}

/** A recorder that frames are handed to one by one. */
class Bench {
  readonly recorder: Recorder
  readonly #filler: Filler
  readonly #place: Uint8Array

  constructor(readonly of: Stream) {
    const memory = new ArrayBuffer(4096)
    this.#place = new Uint8Array(memory, 2)
    this.#filler = new Filler(of, 0)
    this.recorder = new Recorder(of, memory)
  }

  /** Frame k, sent at `time`, as it was sent. */
  frame(k: number, time = 1000): Uint8Array {
    this.#filler.fill(k, 1, time)
    return this.#filler.copy(0, new Uint8Array(4000)).slice()
  }

  receive(frame: Uint8Array, time = 2000): void {
    this.#place.set(frame)
    this.recorder.record(2, frame.length, time)
  }
}

/** By the words of RFC 4737 3.3 and 4.2.1, over all that came. */
function model(arrivals: readonly number[], flows: number) {
  const seen = new Set<number>()
  const came = Array.from({ length: flows }, () => [] as number[])
  const extents: number[] = []
  let duplicates = 0
  for (const k of arrivals) {
    if (seen.has(k)) {
      duplicates++
      continue
    }
    seen.add(k)
    const mine = came[k % flows] as number[]
    const overtaker = mine.findIndex((other) => other > k)
    if (overtaker >= 0) extents.push(mine.length - overtaker)
    mine.push(k)
  }
  return { unique: seen.size, duplicates, reordered: extents.length, extents }
}

describe('loss, duplicates and reordering', () => {
  test('are those of the model, whatever comes and in whichever order', () => {
    const arrivals = fc.array(fc.integer({ min: 0, max: 120 }), { maxLength: 200 })
    const property = fc.property(arrivals, fc.integer({ min: 1, max: 5 }), (order, flows) => {
      const bench = new Bench(stream(flows))
      for (const k of order) bench.receive(bench.frame(k))
      const { recorder } = bench
      const { extents, ...counts } = model(order, flows)
      const { unique, duplicates, reordered, tooLate, corrupted, foreign } = recorder
      expect({ unique, duplicates, reordered }).toEqual(counts)
      expect({ tooLate, corrupted, foreign }).toEqual({ tooLate: 0, corrupted: 0, foreign: 0 })
      expect(recorder.extent.count).toBe(extents.length)
      if (extents.length > 0) expect(recorder.extent.max).toBe(Math.max(...extents))
      const missing = Array.from({ length: 121 }, (_, k) => k).filter((k) => !order.includes(k))
      expect(recorder.loss([121])).toEqual({
        lost: missing.length,
        flows: new Set(missing.map((k) => k % flows)).size,
      })
    })
    fc.assert(property, { numRuns: 300 })
  })

  test('a frame that comes after the window is too late to be told, and counts as lost', () => {
    const bench = new Bench(stream(4_000_000))
    const { recorder } = bench
    expect(recorder.window).toBe(64)
    const nth = (n: number) => bench.frame(n * 4_000_000)
    for (const n of [0, 100, 37, 36]) bench.receive(nth(n))
    expect(recorder).toMatchObject({ unique: 3, reordered: 1, tooLate: 1, duplicates: 0 })
    // Those that were passed over in the window are known not to have come, whatever was there before.
    for (const n of [38, 99, 100, 38]) bench.receive(nth(n))
    expect(recorder).toMatchObject({ unique: 5, reordered: 3, duplicates: 2 })
  })

  test('sequence numbers beyond 32 bits are kept apart', () => {
    const bench = new Bench(stream(1))
    for (const k of [2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 32, 2 ** 40]) {
      bench.receive(bench.frame(k))
    }
    expect(bench.recorder).toMatchObject({ unique: 4, duplicates: 1, reordered: 0 })
  })
})

describe('what is damaged', () => {
  test('in any octet behind the magic number and the stream is corrupted, and does not count as come', () => {
    for (const size of [60, 61, 62, 63, 300]) {
      const bench = new Bench(stream(2, [size]))
      for (let at = 14 + 8; at < size; at++) {
        const frame = bench.frame(1)
        frame[at] = (frame[at] as number) ^ 0x10
        bench.receive(frame)
      }
      expect(bench.recorder).toMatchObject({ unique: 0, corrupted: size - 22, foreign: 0 })
    }
  })

  test('in its length is corrupted', () => {
    const bench = new Bench(stream(1, [200]))
    bench.receive(bench.frame(0).subarray(0, 199))
    bench.receive(bench.frame(0).subarray(0, 14 + HEADER_SIZE))
    expect(bench.recorder).toMatchObject({ unique: 0, corrupted: 2 })
  })

  test('of another stream, and what is of none, is foreign', () => {
    const bench = new Bench(stream(1))
    bench.receive(new Bench(stream(1, [60], 10)).frame(0))
    bench.receive(new Uint8Array(60))
    bench.receive(bench.frame(0).subarray(0, 20))
    bench.receive(new Uint8Array(0))
    expect(bench.recorder).toMatchObject({ unique: 0, corrupted: 0, foreign: 4, seen: 4 })
  })
})

test('a VLAN tag that was put on or taken off does not hide a frame', () => {
  const bench = new Bench(stream(1))
  const frame = bench.frame(0)
  bench.receive(Uint8Array.of(...frame.subarray(0, 12), 0x81, 0, 0, 10, ...frame.subarray(12)))
  const tagged = { ...options, tags: [{ vid: 10 }] }
  const other = new Bench({ ...stream(1), templates: [makeTemplate(flow, 64, tagged)] })
  const inside = other.frame(0)
  other.receive(Uint8Array.of(...inside.subarray(0, 12), ...inside.subarray(16)))
  expect([bench.recorder.unique, other.recorder.unique]).toEqual([1, 1])
})

test('without stamps all that comes is counted', () => {
  const bench = new Bench({ ...stream(1), stamp: false })
  for (const length of [60, 1514, 14]) bench.receive(new Uint8Array(length))
  expect(bench.recorder).toMatchObject({ unique: 3, octets: 1588, foreign: 0, duplicates: 0 })
  expect(bench.recorder.loss([5])).toEqual({ lost: 2, flows: 0 })
})

test('latency is arrival less stamp, beyond 2^32 ns as well', () => {
  const bench = new Bench(stream(1))
  const now = 3 * 2 ** 32 + 17
  bench.receive(bench.frame(0, now), now + 250)
  bench.receive(bench.frame(1, now), now - 40)
  expect(bench.recorder.latency).toMatchObject({ count: 2, min: 0, max: 250 })
})

describe('the histogram', () => {
  test('has percentiles as sorting has them, at most 1/128 above', () => {
    const values = fc.array(
      fc.oneof(
        fc.integer({ min: 0, max: 1000 }),
        fc.integer({ min: 0, max: 2 ** 31 + 5 }),
        fc.integer({ min: 2 ** 30, max: 2 ** 42 - 1 }),
      ),
      { minLength: 1, maxLength: 400 },
    )
    const property = fc.property(
      values,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (all, share) => {
        const histogram = new Histogram()
        for (const value of all) histogram.record(value)
        const sorted = [...all].sort((a, b) => a - b)
        const exact = sorted[Math.max(0, Math.ceil(share * all.length) - 1)] as number
        const found = histogram.percentile(share)
        expect(found).toBeGreaterThanOrEqual(exact)
        expect(found - exact).toBeLessThan(exact < 256 ? 1 : exact / 128)
        expect(histogram).toMatchObject({ count: all.length, min: sorted[0], max: sorted.at(-1) })
      },
    )
    fc.assert(property, { numRuns: 1000 })
  })

  test('keeps what is beyond its end in the last bucket, and below 0 in the first', () => {
    const histogram = new Histogram()
    for (const value of [-5, 2 ** 50, Infinity]) histogram.record(value)
    expect(histogram).toMatchObject({ count: 3, min: 0, max: 2 ** 42 - 1 })
    expect(histogram.percentile(0.2)).toBe(0)
    expect(new Histogram().percentile(0.5)).toBeNaN()
  })
})
