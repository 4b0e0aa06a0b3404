/** A stream through both switches, batch by batch, with the FDB emptied now and then. */
import { expect } from 'vitest'
import type { WorkerView } from '../../../src/control/view.js'
import type { Linkspan } from '../linkspan.js'
import type { Random } from '../random.js'
import type { Comparer } from './compare.js'
import type { Side } from './side.js'
import type { Stream } from './stream.js'

/** How often the FDB is flushed between batches. */
const FLUSHES = 0.02

export interface Run {
  comparer: Comparer
  stream: Stream
  random: Random
  /** Linkspan first. */
  sides: readonly [Side & { running: Linkspan }, Side]
  frames: number
}

export async function runStream({ comparer, stream, random, sides, frames }: Run): Promise<void> {
  const { seen } = comparer
  while (seen.frames < frames) {
    if (random.chance(FLUSHES)) await Promise.all(sides.map((side) => side.flush()))
    await comparer.run(stream.batch())
  }
  // Two switches that drop everything would be equal too.
  for (const outcome of ['nowhere', 'one', 'several'] as const) {
    expect([outcome, seen[outcome] > frames / 20]).toEqual([outcome, true])
  }
  const [worker] = await sides[0].running.show<WorkerView[]>('workers')
  expect(worker?.moved).toBeGreaterThan(frames / 200)
}
