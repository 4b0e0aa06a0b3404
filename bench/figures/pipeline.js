// In memory: `process` on bursts of minimum frames, the module beside the same algorithm in C.
import { HouseError } from '../../scripts/lib/house.js'
import { withoutCompiler } from '../lib/compile.js'
import { learningStream, trafficStream } from '../lib/pipeline/load.js'
import { PipelineSwitch } from '../lib/pipeline/switch.js'
import { difference, Twin } from '../lib/pipeline/twin.js'

/** The FDB's rated capacity: the default of a config, or what the figure is about. */
const capacityFor = (macs) => Math.max(macs, 65_536)
const plain = { ports: [{ name: 'a' }, { name: 'b' }] }
/** The pace at which the clock of the frames goes; time stamps are renewed accordingly. */
const MPPS = 20

/** VLANs that stations are spread over: every frame may be of another one than the last. */
const VLANS = [10, 20, 21, 22, 23, 24, 25, 26]

const policy = {
  vlan: { mode: 'trunk', native: undefined, tagged: VLANS, nativeTagged: false, admit: 'all' },
  ...{ learning: true, locked: false, sticky: false },
  flood: { broadcast: true, multicast: true, unknownUnicast: true },
  // Ten times what comes in at MPPS: looked at for every frame, and never reached.
  limits: { receive: { bits: 100e9, frames: 200e6, burst: 1 << 20 } },
}

/** Two trunks; frames between a port that is isolated and one that is not pass. */
const featured = {
  bridge: { vlanAware: true },
  ports: [
    { name: 'a', policy: { ...policy, isolated: true } },
    { name: 'b', policy: { ...policy, isolated: false } },
  ],
}

async function learned(build, macs, stream, { ports, bridge, vlans } = plain) {
  const learning = learningStream(macs, vlans)
  const switch_ = await PipelineSwitch.create(build, capacityFor(macs), ports, bridge)
  switch_.load(learning)
  switch_.run(0, learning.burstCount)
  const count = switch_.manager.exports.fdbCount()
  if (count !== macs) throw new HouseError(`bench: ${count} of ${macs} MACs were learnt`)
  switch_.load(stream)
  return switch_
}

/** Handles the same bursts as all others: each goes on where it stopped. */
function contestant(name, label, runner, bursts, frames) {
  let next = 0
  const measure = async () => {
    const { milliseconds, entries } = await runner.run(next, bursts)
    next += bursts
    if (entries !== bursts * frames) throw new HouseError(`${label}: ${entries} frames came out`)
    return { value: (bursts * frames) / milliseconds / 1e3 }
  }
  return { name, label, measure }
}

async function setUp(macs, frames, context) {
  const stream = trafficStream(macs, frames, MPPS)
  const [shared, single] = [
    await learned('shared', macs, stream),
    await learned('single', macs, stream),
  ]
  const without = withoutCompiler('C -O3', context)
  const twin = without ? undefined : await Twin.create(shared.image(), stream, context.folder)
  context.cleanup.add(() => twin?.stop())
  const bursts = Math.ceil((context.seconds * MPPS * 1e6) / frames)
  const contestants = [
    contestant('shared', 'module, shared', shared, bursts, frames),
    contestant('single', 'module, single', single, bursts, frames),
    ...(twin ? [contestant('c', 'C -O3', twin, bursts, frames)] : []),
  ]
  await warmUp(contestants)
  const notes = without ? [without] : []
  return { contestants, notes, check: () => mustBeEqual(shared, single, twin) }
}

/** V8 compiles the hot path anew in the background, after the first seconds of work. */
async function warmUp(contestants) {
  for (const each of contestants) await each.measure()
}

/** The same tagged frames through trunks with policy and through ports that look at no tag. */
async function setUpFeatures(macs, frames, context) {
  const stream = trafficStream(macs, frames, MPPS, { vlans: VLANS })
  const on = await learned('shared', macs, stream, { ...featured, vlans: VLANS })
  const off = await learned('shared', macs, stream, { ...plain, vlans: VLANS })
  const bursts = Math.ceil((context.seconds * MPPS * 1e6) / frames)
  const contestants = [
    contestant('features', 'with features', on, bursts, frames),
    contestant('plain', 'without', off, bursts, frames),
  ]
  await warmUp(contestants)
  return { contestants }
}

/** Whatever the frames did, to tables, counters, transmit lists and the frames themselves. */
async function mustBeEqual(shared, single, twin) {
  const image = shared.image()
  const others = { single: single.image(), ...(twin && { C: await twin.image() }) }
  for (const [name, other] of Object.entries(others)) {
    const at = difference(image, other)
    if (at === undefined) continue
    throw new HouseError(`bench: shared and ${name} differ at address ${at}: see bench/README.md`)
  }
}

/** @returns {import('../lib/figure.js').Figure} */
function figureFor({ macs, frames, atLeast }) {
  const limits = atLeast === undefined ? [] : [{ of: 'shared', atLeast }]
  return {
    name: `pipeline-${macs}-${frames}`,
    title: `In memory, 64 B, ${macs.toLocaleString('en')} MACs, bursts of ${frames}`,
    unit: 'Mpps',
    better: 'more',
    needs: {},
    seconds: 0.2,
    method:
      'Time in `process` alone, one thread. Each burst is put into the arena first, as a read leaves it; sources and destinations are random over the MACs, half of them on each of two ports. The C program is the same algorithm over a copy of the same memory, compiled with -O3 -march=native; after the last burst all memories are equal, octet by octet.',
    targets: [...limits, { of: 'shared', to: 'c', as: 'time', atMost: 1.3 }],
    setUp: (context) => setUp(macs, frames, context),
  }
}

/** @type {import('../lib/figure.js').Figure} */
const features = {
  name: 'pipeline-features-10000-256',
  title: 'In memory, 64 B, VLANs, isolation and policing, 10,000 MACs, bursts of 256',
  unit: 'Mpps',
  better: 'more',
  needs: {},
  seconds: 0.2,
  method: `As above, the shared build alone. Two ports are trunks of ${VLANS.length} VLANs, over which the stations are spread at random; one port is isolated, and what both send is policed by octets and frames at rates that are never reached. Tags are taken out, classified and put back. Beside it the same tagged frames on a bridge that is not VLAN-aware, without policy.`,
  targets: [
    { of: 'features', atLeast: 20 },
    { of: 'features', to: 'plain' },
  ],
  setUp: (context) => setUpFeatures(10_000, 256, context),
}

export const figures = [
  figureFor({ macs: 2, frames: 256, atLeast: 60 }),
  figureFor({ macs: 10_000, frames: 256, atLeast: 20 }),
  figureFor({ macs: 1_000_000, frames: 256, atLeast: 10 }),
  figureFor({ macs: 2, frames: 32 }),
  figureFor({ macs: 10_000, frames: 32 }),
  figureFor({ macs: 1_000_000, frames: 32 }),
  features,
]
