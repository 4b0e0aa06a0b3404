/** When frames are sent, and what is counted of it, on a clock that stands still unless it is moved. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Filler } from '../../src/generate/filler.js'
import type { Timing } from '../../src/generate/schedule.js'
import { Sender, type Transmitter } from '../../src/generate/sender.js'
import type { Part, Sending, Stream } from '../../src/generate/stream.js'
import { makeTemplate, plainTemplate } from '../../src/generate/template.js'

const options = {
  sourceMac: new Uint8Array(6),
  destinationMac: new Uint8Array(6),
  tags: [],
  stamp: true,
}

function streamOf(flows = 1, sizes = [60]): Stream {
  const flow = { protocol: 'ethernet', type: 0x88b5 } as const
  const templates = sizes.map((size) => makeTemplate(flow, size, options))
  return { id: 1, templates, flows, ports: 1, macs: 1, stamp: true }
}

/** Takes what it is told to, and says when frames came. */
class Fake implements Transmitter {
  now = 5e9
  readonly times: number[] = []
  /** Nanoseconds that a call takes. */
  cost = 0
  take: (count: number) => number = (count) => count

  wait(deadline: number): void {
    this.now = Math.max(this.now, deadline)
  }

  send(count: number): number {
    const taken = this.take(count)
    for (let frame = 0; frame < taken; frame++) this.times.push(this.now - 5e9)
    this.now += this.cost
    return taken
  }
}

function senderOf(given: Partial<Sending> & { timing: Timing }, stream = streamOf(), part?: Part) {
  const fake = new Fake()
  const sending = { count: Infinity, duration: Infinity, batch: 64, ...given }
  const filler = new Filler(stream, 0, part)
  return { fake, sender: new Sender(filler, fake, sending, stream, part) }
}

function run(sender: Sender, turns = 1e6): void {
  for (let turn = 0; turn < turns; turn++) if (!sender.turn()) return
  throw new Error('it does not end')
}

describe('frames are sent', () => {
  test('evenly at a rate, none before it is due', () => {
    const { fake, sender } = senderOf({ timing: { kind: 'rate', interval: 100 }, count: 500 })
    run(sender)
    expect(fake.times).toEqual(Array.from({ length: 500 }, (_, k) => k * 100))
    expect(sender).toMatchObject({ frames: 500, octets: 30_000, elapsed: 49_900, late: 0 })
  })

  test('at a rate, whatever a call costs: on the whole as many, none early', () => {
    const costs = fc.record({
      cost: fc.integer({ min: 0, max: 5000 }),
      interval: fc.integer({ min: 50, max: 3000 }),
      batch: fc.integer({ min: 1, max: 256 }),
    })
    const property = fc.property(costs, ({ cost, interval, batch }) => {
      fc.pre(cost < interval * batch)
      const { fake, sender } = senderOf({ timing: { kind: 'rate', interval }, batch, count: 1000 })
      fake.cost = cost
      run(sender)
      fake.times.forEach((time, k) => {
        expect(time).toBeGreaterThanOrEqual(k * interval)
      })
      expect(fake.times.at(-1)).toBeLessThanOrEqual(999 * interval + cost * 2)
    })
    fc.assert(property, { numRuns: 20 })
  })

  test('in bursts', () => {
    const timing = { kind: 'burst', frames: 100, every: 1e6 } as const
    const { fake, sender } = senderOf({ timing, count: 250 })
    run(sender)
    const wanted = Array.from({ length: 250 }, (_, k) => Math.floor(k / 100) * 1e6)
    expect(fake.times).toEqual(wanted)
  })

  test('as a file says, again and again', () => {
    const offsets = [0, 10, 500]
    const stream = {
      ...streamOf(),
      stamp: false,
      templates: [20, 30, 40].map((n) => plainTemplate(new Uint8Array(n))),
    }
    const { fake, sender } = senderOf(
      { timing: { kind: 'file', offsets, span: 700 }, count: 7 },
      stream,
    )
    run(sender)
    expect(fake.times).toEqual([0, 10, 500, 700, 710, 1200, 1400])
    expect(sender.octets).toBe(90 * 2 + 20)
  })

  test('as fast as they are taken, a batch a call', () => {
    const { fake, sender } = senderOf({ timing: { kind: 'max' }, count: 100, batch: 32 })
    fake.cost = 7
    run(sender)
    expect(new Set(fake.times)).toEqual(new Set([0, 7, 14, 21]))
  })

  test('until the time is over', () => {
    const timing = { kind: 'rate', interval: 1000 } as const
    const { sender } = senderOf({ timing, duration: 10_500 })
    run(sender)
    expect(sender.frames).toBe(11)
  })

  test('by several senders at the rate of the whole, between each other', () => {
    const stream = streamOf(5)
    const times = [0, 1, 2].flatMap((index) => {
      const timing = { kind: 'rate', interval: 300 } as const
      const { fake, sender } = senderOf({ timing, duration: 3e6 }, stream, { index, of: 3 })
      run(sender)
      return fake.times
    })
    expect(times.length).toBeGreaterThan(9_990)
    expect(times.length).toBeLessThan(10_010)
  })
})

describe('what is not taken', () => {
  test('for want of room is sent again, and counted as refused', () => {
    const { fake, sender } = senderOf({ timing: { kind: 'max' }, count: 200, batch: 50 })
    let call = 0
    fake.take = (count) => [20, -105, -11][call++ % 3] ?? count
    run(sender)
    expect(sender).toMatchObject({ frames: 200, octets: 12_000, failed: 0 })
    expect(sender.refused).toBe(18)
    expect(fake.times).toHaveLength(200)
  })

  test('in part counts its own octets', () => {
    const stream = streamOf(2, [60, 100, 200])
    const { fake, sender } = senderOf({ timing: { kind: 'max' }, count: 12, batch: 12 }, stream)
    fake.take = (count) => Math.min(count, 5)
    run(sender)
    expect(sender.octets).toBe(4 * 360)
  })

  test('for another reason ends it, with the reason', () => {
    const { fake, sender } = senderOf({ timing: { kind: 'max' }, count: 200 })
    let call = 0
    fake.take = (count) => (call++ === 0 ? count : -6)
    run(sender)
    expect(sender).toMatchObject({ frames: 64, failed: 6 })
  })

  test('when it is due moves the plan, instead of a burst that makes up for all of it', () => {
    const { fake, sender } = senderOf({ timing: { kind: 'rate', interval: 1000 }, count: 100_000 })
    sender.turn()
    fake.now += 1e9
    run(sender)
    // 10 ms are made up for: 10,000 frames.
    expect(sender.late).toBeGreaterThan(0.98e9)
    expect(sender.late).toBeLessThan(1e9)
    expect(sender.elapsed).toBeGreaterThan(1e9)
  })
})
