/** Where Linkspan and the kernel bridge differ on purpose: each a line in docs/conformance.md. */
import { expect, test } from 'vitest'
import { Comparer } from '../support/differential/compare.js'
import { markerEntries } from '../support/differential/fixed.js'
import { kernelSide } from '../support/differential/kernel.js'
import { OPEN, PORTS, type PortLayout } from '../support/differential/layout.js'
import { linkspanSide } from '../support/differential/linkspan.js'
import { probe, shapes } from '../support/differential/probe.js'
import { station } from '../support/frames.js'

const layout: PortLayout[] = Array.from({ length: PORTS }, () => ({ policy: OPEN }))
const reserved = (last: number) => Uint8Array.of(0x01, 0x80, 0xc2, 0, 0, last)
/** To all ports but one. */
const flooded = (but: number) =>
  Object.fromEntries(
    [...layout.keys()].filter((port) => port !== but).map((port) => [`p${port}`, 'untagged']),
  )

async function both(options: { sticky?: boolean } = {}): Promise<Comparer> {
  const placed = { port: 0, mac: station(9), vid: undefined }
  const fixed = markerEntries(layout)
  const sides = [
    await linkspanSide(layout, [...fixed, placed], { ageing: 300 }),
    await kernelSide(layout, [...fixed, { ...placed, ...options }], { ageing: 300 }),
  ] as const
  return new Comparer({ layout, sides, seed: 0 })
}

test('B3: without spanning tree the kernel lets STP through, Linkspan only if told', async () => {
  expect(await shapes(await both(), 1, probe([], reserved(0)))).toEqual([{}, flooded(1)])
}, 60_000)

test('B3: both learn from what is dropped, but the kernel not from PAUSE', async () => {
  const made = await both()
  for (const [last, address] of [
    [0x01, 2],
    [0x0e, 3],
  ] as const) {
    expect(await shapes(made, 1, probe([], reserved(last), station(address)))).toEqual([{}, {}])
  }
  expect(await shapes(made, 2, probe([], station(2)))).toEqual([{ p1: 'untagged' }, flooded(2)])
  expect(await shapes(made, 2, probe([], station(3)))).toEqual([
    { p1: 'untagged' },
    { p1: 'untagged' },
  ])
}, 60_000)

test('B5: a static entry of the kernel moves unless it is sticky, one of Linkspan never', async () => {
  const made = await both({ sticky: false })
  expect(await shapes(made, 1, probe([], undefined, station(9)))).toEqual([flooded(1), flooded(1)])
  expect(await shapes(made, 2, probe([], station(9)))).toEqual([
    { p0: 'untagged' },
    { p1: 'untagged' },
  ])
}, 60_000)
