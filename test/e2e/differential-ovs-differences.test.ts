/** Where Linkspan and Open vSwitch differ on purpose: each a line in docs/conformance.md. */
import { expect, test } from 'vitest'
import { Comparer } from '../support/differential/compare.js'
import { markerEntries } from '../support/differential/fixed.js'
import { OPEN, type PortLayout, VLANS, type Vlan } from '../support/differential/layout.js'
import { linkspanSide } from '../support/differential/linkspan.js'
import { ovsSide } from '../support/differential/ovs.js'
import { probe, shapes } from '../support/differential/probe.js'
import type { Shapes } from '../support/differential/shape.js'
import { BROADCAST, EtherType, group, station, type Tag } from '../support/frames.js'

const ports: Vlan[] = [
  { mode: 'access', vid: 10 },
  { mode: 'trunk', tagged: [20], native: 10, nativeTagged: false },
  { mode: 'trunk', tagged: [10, 20], nativeTagged: false },
  { mode: 'tunnel', vid: 30 },
  { mode: 'tunnel', vid: 20 },
  { mode: 'trunk', tagged: VLANS, nativeTagged: false },
]
const usual: PortLayout[] = ports.map((vlan) => ({ vlan, policy: OPEN }))
const [ACCESS, NATIVE, TRUNK, TUNNEL] = [0, 1, 2, 3]

const priority = (level: number, vid: number): Tag => ({ vid: (level << 13) | vid })
const CDP = Uint8Array.of(0x01, 0x00, 0x0c, 0xcc, 0xcc, 0xcc)
const LLDP = Uint8Array.of(0x01, 0x80, 0xc2, 0, 0, 0x0e)

type Case = [what: string, port: number, frame: Uint8Array, linkspan: Shapes, ovs: Shapes]

/** What both do with a flood of VLAN 10 from the native port. */
const flooded = { p0: 'untagged', p2: '10.0', p5: '10.0' }

const cases: Case[] = [
  [
    'B8: VID 0, drop eligible',
    NATIVE,
    probe([{ vid: 0xb000 }]),
    { p0: 'untagged', p2: '10.5d', p5: '10.5d' },
    { p0: 'untagged', p2: '10.5', p5: '10.5' },
  ],
  [
    'B8: VID 0 around a tag',
    ACCESS,
    probe([priority(5, 0), { vid: 40 }]),
    { p2: '10.5/40.0', p5: '10.5/40.0' },
    { p1: 'untagged', p2: '10.5', p5: '10.5' },
  ],
  [
    'VID 0 and priority 0 into a tunnel',
    TUNNEL,
    probe([priority(0, 0)]),
    { p5: '30.0/0.0' },
    { p5: '30.0' },
  ],
  [
    'two tags into a tunnel',
    TUNNEL,
    probe([{ vid: 40 }, { vid: 41 }]),
    { p5: '30.0/40.0/41.0' },
    { p5: '30.0/40.0' },
  ],
  [
    'B9: an 802.1ad tag at an access port of an 802.1Q bridge',
    ACCESS,
    probe([{ vid: 40, type: EtherType.QINQ }]),
    { p1: '40.0s', p2: '10.0/40.0s', p5: '10.0/40.0s' },
    {},
  ],
  [
    'B7: an 802.1ad tag at a trunk of an 802.1Q bridge',
    TRUNK,
    probe([{ vid: 10, type: EtherType.QINQ }]),
    {},
    { p0: 'untagged', p1: 'untagged', p5: '10.0s' },
  ],
  ['B1: a group source', NATIVE, probe([], BROADCAST, group(1)), {}, flooded],
  ['B1: a zero source', NATIVE, probe([], BROADCAST, new Uint8Array(6)), {}, flooded],
  ["B3: Cisco's discovery protocol", NATIVE, probe([], CDP), flooded, {}],
]

async function comparer(layout = usual): Promise<Comparer> {
  const fixed = markerEntries(layout)
  const options = { ageing: 300 }
  const sides = [
    await linkspanSide(layout, fixed, options),
    await ovsSide(layout, fixed, options),
  ] as const
  return new Comparer({ layout, sides, seed: 0 })
}

test('differ by no more than docs/conformance.md says', async () => {
  const both = await comparer()
  const found = []
  for (const [what, port, sent] of cases) found.push([what, ...(await shapes(both, port, sent))])
  expect(found).toEqual(cases.map(([what, , , linkspan, ovs]) => [what, linkspan, ovs]))
}, 60_000)

test('B3: Linkspan learns from a reserved frame that it drops, Open vSwitch does not', async () => {
  const both = await comparer()
  expect(await shapes(both, ACCESS, probe([], LLDP, station(2)))).toEqual([{}, {}])
  expect(await shapes(both, TRUNK, probe([{ vid: 10 }], station(2)))).toEqual([
    { p0: 'untagged' },
    { p0: 'untagged', p1: 'untagged', p5: '10.0' },
  ])
}, 60_000)

test('B9, T8: Linkspan never bares a second tag, Open vSwitch does, or takes both off', async () => {
  const both = await comparer()
  const nested = [{ vid: 10 }, { vid: 20 }]
  for (const [port, address, bared] of [
    [NATIVE, 3, '20.0'],
    [ACCESS, 4, 'untagged'],
  ] as const) {
    await shapes(both, port, probe([], BROADCAST, station(address)))
    const sent = probe(nested, station(address))
    expect(await shapes(both, TRUNK, sent)).toEqual([{}, { [`p${port}`]: bared }])
  }
}, 60_000)

test('B7, B8: Linkspan has the VLANs that a port names, Open vSwitch all, 0 and 4095 too', async () => {
  const all: PortLayout = {
    vlan: { mode: 'trunk', tagged: 'all', nativeTagged: false },
    policy: OPEN,
  }
  const both = await comparer(usual.map((port, index) => (index < TRUNK ? port : all)))
  for (const [tags, shape] of [
    [[{ vid: 40 }], '40.0'],
    [[{ vid: 4095 }], '4095.0'],
    [[{ vid: 0 }], 'untagged'],
    [[], 'untagged'],
  ] as const) {
    const flood = { p3: shape, p4: shape, p5: shape }
    expect(await shapes(both, TRUNK, probe(tags))).toEqual([{}, flood])
  }
}, 60_000)
