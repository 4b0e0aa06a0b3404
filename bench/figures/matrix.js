// In memory: every way through the packet path, by length of the frames and by how many entries there are.
import { HouseError } from '../../scripts/lib/house.js'
import { learningStream, trafficStream } from '../lib/pipeline/load.js'
import { innerStream, OverlaySwitch, outerStream } from '../lib/pipeline/overlay.js'
import { PipelineSwitch } from '../lib/pipeline/switch.js'
import { answers, firstStream, mixedStream } from '../lib/router/load.js'
import { BenchRouter } from '../lib/router/router.js'
import { rulesOf } from '../lib/router/rules.js'

const BURST = 256
/** The pace at which the clock of the frames goes. */
const MPPS = 20
const MILLION = 1_000_000
/** Flows of an inside endpoint: they share its external port. */
const FAN = 4

/** Of twelve frames: seven minimum ones, four of 590 octets, one as long as an MTU of 1500 lets it be. */
const MIX = [60, 590, 60, 60, 590, 60, 60, 590, 1514, 60, 590, 60]
const lengths = [
  { name: '64', label: '64 B', of: () => 60 },
  { name: '512', label: '512 B', of: () => 508 },
  { name: '1500', label: '1500 B', of: () => 1496 },
  { name: 'mix', label: 'mix', of: (frame) => MIX[frame % MIX.length] },
]

/** Streams by length through one runner: each goes on where it stopped. */
async function setUp({ runner, streams }, { seconds }) {
  const bursts = Math.ceil((seconds * MPPS * 1e6) / BURST)
  const contestants = streams.map(({ name, label, stream }) => {
    let next = 0
    const measure = () => {
      runner.load(stream)
      const { milliseconds, entries } = runner.run(next, bursts)
      next += bursts
      if (entries !== bursts * BURST) {
        throw new HouseError(`bench: ${label}: ${entries} of ${bursts * BURST} frames came out`)
      }
      return { value: entries / milliseconds / 1e3 }
    }
    return { name, label, measure }
  })
  for (const { measure } of contestants) measure() // V8 compiles the hot path anew after the first work
  return { contestants }
}

const streamsOf = (make) => lengths.map(({ of, ...named }) => ({ ...named, stream: make(of) }))

async function switched(macs) {
  const ports = [{ name: 'a' }, { name: 'b' }]
  const runner = await PipelineSwitch.create('shared', Math.max(macs, 65_536), ports)
  const learning = learningStream(macs)
  runner.load(learning)
  runner.run(0, learning.burstCount)
  return {
    runner,
    streams: streamsOf((lengthOf) => trafficStream(macs, BURST, MPPS, { lengthOf })),
  }
}

async function routed(flows, { wide = false, translated = true, rules }) {
  const room = Math.max(flows, 65_536)
  const runner = await BenchRouter.create({ flows: room, wide, translated, rules })
  const first = firstStream(flows, FAN, { wide })
  const answer = answers(runner, first, flows)
  runner.load(answer)
  runner.run(0, answer.burstCount)
  const of = (lengthOf) => mixedStream([first, answer], flows, MPPS, { wide, lengthOf })
  // The least frame of IPv6 with UDP is two octets longer.
  return { runner, streams: streamsOf((lengthOf) => of((frame) => Math.max(62, lengthOf(frame)))) }
}

async function tunnelled(make) {
  const runner = await OverlaySwitch.create()
  return { runner, streams: streamsOf((lengthOf) => make(lengthOf)) }
}

const METHOD = `Time in \`process\` alone, one thread, bursts of ${BURST}, the shared build. Lengths are with FCS; the mix is of 64, 594 and 1518 octets, 7 to 4 to 1. What differs with the length is where frames lie: none is looked at beyond its headers.`

/** @returns {import('../lib/figure.js').Figure} */
const figureFor = ({ name, title, atLeast, make, method = '' }) => ({
  name: `matrix-${name}`,
  title: `In memory by length: ${title}`,
  unit: 'Mpps',
  better: 'more',
  needs: {},
  seconds: 0.1,
  method: `${METHOD}${method}`,
  targets: lengths.map((length) => ({
    of: length.name,
    ...(length.name === '64' && { atLeast }),
  })),
  setUp: async (context) => setUp(await make(), context),
})

const count = (number) => number.toLocaleString('en')
const layer2 = (macs, atLeast) =>
  figureFor({
    ...{ name: `l2-${macs}`, title: `L2, ${count(macs)} MACs`, atLeast },
    make: () => switched(macs),
  })
const routes = (name, title, how) => (flows, atLeast) =>
  figureFor({
    name: `${name}-${flows}`,
    title: `${title}, ${count(flows)} ${flows === 1 ? 'flow' : 'flows'}`,
    atLeast,
    make: () => routed(flows, how),
  })
const nat44 = routes('nat44', 'NAT44', {})
const nat66 = routes('nat66', 'NAT66', { wide: true })
const ipv6 = routes('ipv6', 'IPv6', { wide: true, translated: false })
const filtered = (rules) =>
  routes(`filter-${rules}`, `${count(rules)} filter rules`, {
    translated: false,
    rules: rulesOf(rules),
  })

export const figures = [
  layer2(2, 60),
  layer2(10_000, 25),
  layer2(MILLION, 10),
  nat44(1, 40),
  nat44(10_000, 20),
  nat44(MILLION, 8),
  nat66(1),
  nat66(10_000),
  nat66(MILLION),
  ipv6(10_000),
  filtered(10)(10_000),
  filtered(10_000)(10_000),
  figureFor({
    ...{ name: 'encap', title: 'into a tunnel', atLeast: 40 },
    make: () => tunnelled((lengthOf) => innerStream('far', lengthOf, BURST, MPPS)),
  }),
  figureFor({
    ...{ name: 'decap', title: 'out of a tunnel', atLeast: 40 },
    make: () => tunnelled((lengthOf) => outerStream(lengthOf, 1, BURST, MPPS)),
  }),
]
