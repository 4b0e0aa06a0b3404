/** B2: entries age alike in Linkspan, the kernel bridge and Open vSwitch, by waiting. */
import { expect, test } from 'vitest'
import { Comparer } from '../support/differential/compare.js'
import { type FixedEntry, markerEntries } from '../support/differential/fixed.js'
import { kernelSide } from '../support/differential/kernel.js'
import { OPEN, PORTS, type PortLayout } from '../support/differential/layout.js'
import { linkspanSide } from '../support/differential/linkspan.js'
import { ovsSide } from '../support/differential/ovs.js'
import { probe } from '../support/differential/probe.js'
import type { Side } from '../support/differential/side.js'
import { station } from '../support/frames.js'

/** In seconds: the shortest of Open vSwitch, which looks once a second. */
const AGEING = 15
const LISTENER = 4
const others = PORTS - 1

type Open = (
  layout: readonly PortLayout[],
  fixed: readonly FixedEntry[],
  options: { ageing: number },
) => Promise<Side>

async function bench(peer: Open, port: PortLayout): Promise<Comparer> {
  const layout = Array.from({ length: PORTS }, () => port)
  const fixed = markerEntries(layout)
  const options = { ageing: AGEING }
  const sides = [
    await linkspanSide(layout, fixed, options),
    await peer(layout, fixed, options),
  ] as const
  return new Comparer({ layout, sides, seed: 0 })
}

/** Station N is at port N: what a frame to each reaches. */
async function reached(both: Comparer): Promise<number[]> {
  const counts: number[] = []
  for (const number of [1, 2, 3]) {
    const batch = [{ port: LISTENER, frame: probe([], station(number), station(4)) }]
    await both.run(batch)
    counts.push(((await both.exchange(batch))[0] ?? []).flat().length)
  }
  return counts
}

const speak = (both: Comparer, ...stations: number[]) =>
  both.run(stations.map((port) => ({ port, frame: probe([], undefined, station(port)) })))

async function life(both: Comparer): Promise<void> {
  const start = performance.now()
  const at = (second: number) =>
    new Promise((done) => setTimeout(done, start + second * 1000 - performance.now()))
  await speak(both, 1, 2)
  await at(8)
  await speak(both, 2, 3) // 2 is refreshed; being spoken to is not speaking
  await at(12)
  expect(await reached(both)).toEqual([1, 1, 1])
  await at(18)
  expect(await reached(both)).toEqual([others, 1, 1])
  await speak(both, 1)
  expect(await reached(both)).toEqual([1, 1, 1])
  await at(26)
  expect(await reached(both)).toEqual([1, others, others])
}

test('B2: what was not heard of for the ageing time is flooded, what was is not', async () => {
  const vlan = { mode: 'access', vid: 10 } as const
  const benches = [
    await bench(kernelSide, { policy: OPEN }),
    await bench(ovsSide, { policy: OPEN, vlan }),
  ]
  await Promise.all(benches.map(life))
}, 90_000)
