/** Open vSwitch's userspace bridge and Linkspan, through the same random streams (docs/conformance.md). */
import { test } from 'vitest'
import { Comparer } from '../support/differential/compare.js'
import { markerEntries, placedStations } from '../support/differential/fixed.js'
import { vlanLayout } from '../support/differential/layout.js'
import { linkspanSide } from '../support/differential/linkspan.js'
import { ovsSide } from '../support/differential/ovs.js'
import { ovsNormaliser } from '../support/differential/ovs-differences.js'
import { seedsOf } from '../support/differential/report.js'
import { runStream } from '../support/differential/run.js'
import { Stream } from '../support/differential/stream.js'
import { Random } from '../support/random.js'

const FRAMES = 12_000

test.each(seedsOf(1, 2, 3, 4, 5))(
  'frames of seed %i leave by the same ports',
  async (seed) => {
    const random = new Random(seed)
    const layout = vlanLayout(random)
    const fixed = [...markerEntries(layout), ...placedStations(layout, random)]
    const sides = [
      await linkspanSide(layout, fixed, { ageing: 300 }),
      await ovsSide(layout, fixed, { ageing: 300 }),
    ] as const
    const comparer = new Comparer({ layout, sides, seed, normalise: ovsNormaliser(layout) })
    const stream = new Stream({ random, layout })
    await runStream({ comparer, stream, random, sides, frames: FRAMES })
  },
  120_000,
)
