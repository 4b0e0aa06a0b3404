/** Masquerade, DNAT and connection tracking of the kernel and Linkspan, through the same sessions. */
import { expect, test } from 'vitest'
import { SEED_VARIABLE, seedsOf } from '../support/differential/report.js'
import { Comparer } from '../support/differential-nat/compare.js'
import { DIFFERENCES } from '../support/differential-nat/differences.js'
import { Run } from '../support/differential-nat/run.js'
import { kernelRouter, linkspanRouter } from '../support/differential-nat/sides.js'
import { Random } from '../support/random.js'

const PACKETS = 2000
/** Differences that came up, of all seeds. */
const shown = new Set<string>()

test.each(seedsOf(1, 2, 3, 4, 5))(
  'what is said through both routers with seed %i arrives alike',
  async (seed) => {
    const routers = [await linkspanRouter(), await kernelRouter()] as const
    const comparer = new Comparer(routers, seed)
    await new Run(new Random(seed), comparer).until(PACKETS)
    const { seen } = comparer
    // Two routers that drop everything would be equal too.
    expect(seen.came).toBeGreaterThan(PACKETS * 0.7)
    expect(seen.errors).toBeGreaterThan(PACKETS / 100)
    expect(seen.fragmented).toBeGreaterThan(PACKETS / 100)
    for (const name of Object.keys(seen.differences)) shown.add(name)
  },
  60_000,
)

test.skipIf(process.env[SEED_VARIABLE] !== undefined)('all differences came up', () => {
  expect([...shown].sort()).toEqual(Object.keys(DIFFERENCES).sort())
})
