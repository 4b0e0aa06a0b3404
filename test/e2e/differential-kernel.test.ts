/** The kernel bridge and Linkspan, through the same random streams (docs/conformance.md). */
import { test } from 'vitest'
import { Comparer } from '../support/differential/compare.js'
import { markerEntries, placedStations } from '../support/differential/fixed.js'
import { kernelSide } from '../support/differential/kernel.js'
import { plainLayout } from '../support/differential/layout.js'
import { linkspanSide } from '../support/differential/linkspan.js'
import { seedsOf } from '../support/differential/report.js'
import { runStream } from '../support/differential/run.js'
import { Stream } from '../support/differential/stream.js'
import { Random } from '../support/random.js'

const CONTROL = ['stp', 'lacp', 'eapol', 'lldp'] as const
const FRAMES = 12_000

test.each(seedsOf(1, 2, 3, 4, 5))(
  'frames of seed %i leave by the same ports',
  async (seed) => {
    const random = new Random(seed)
    const layout = plainLayout(random)
    const fixed = [...markerEntries(layout), ...placedStations(layout, random)]
    // With spanning tree off the kernel lets STP through.
    const controlFrames = CONTROL.filter((name) => name === 'stp' || random.chance(0.5))
    const options = { ageing: 300, controlFrames }
    const sides = [
      await linkspanSide(layout, fixed, options),
      await kernelSide(layout, fixed, options),
    ] as const
    const comparer = new Comparer({ layout, sides, seed })
    const all = { badSources: true, reserved: true, deepTags: true }
    const stream = new Stream({ random, layout, ...all })
    await runStream({ comparer, stream, random, sides, frames: FRAMES })
  },
  120_000,
)
