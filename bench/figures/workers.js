// In memory: two workers beside one, over shared tables and over tables of their own.
import { cpus } from 'node:os'
import { learningStream, trafficStream } from '../lib/pipeline/load.js'
import { PipelineSwitch } from '../lib/pipeline/switch.js'
import { Workers } from '../lib/pipeline/workers.js'
import { answers, firstStream, mixedStream } from '../lib/router/load.js'
import { BenchRouter } from '../lib/router/router.js'

const WORKERS = 2
const BURST = 256
/** The pace at which the clock of the frames goes. */
const MPPS = 20

/** A switch that knows so many MACs. */
async function switchOf(macs) {
  const ports = [{ name: 'a' }, { name: 'b' }]
  const runner = await PipelineSwitch.create('shared', 65_536, ports, {}, WORKERS)
  const learning = learningStream(macs)
  runner.load(learning)
  runner.run(0, learning.burstCount)
  return { runner, stream: trafficStream(macs, BURST, MPPS) }
}

/** A router with so many established flows. */
async function routerOf(flows) {
  const runner = await BenchRouter.create({ flows: 65_536, translated: true, workers: WORKERS })
  const first = firstStream(flows, 4)
  const answer = answers(runner, first, flows)
  runner.load(answer)
  runner.run(0, answer.burstCount)
  return { runner, stream: mixedStream([first, answer], flows, MPPS) }
}

async function setUp(make, { seconds, cleanup }) {
  const [one, other] = [await make(), await make()]
  for (const { runner } of [one, other]) runner.forwarder.quiesce()
  const end = ({ runner: { attachment } }, number) => ({ attachment, number })
  const start = async (name, label, ends) => {
    const workers = await Workers.create(ends, one.stream)
    cleanup.add(() => workers.stop())
    await workers.run(0.5) // V8 compiles the hot path anew in the background, after the first work
    return { name, label, measure: () => workers.run(seconds) }
  }
  // Threads of two contestants may be the same worker: they work in turn.
  return {
    contestants: [
      await start('two', 'two workers', [end(one, 0), end(one, 1)]),
      await start('one', 'one worker', [end(one, 0)]),
      await start('apart', 'two, each alone', [end(one, 0), end(other, 1)]),
    ],
  }
}

/** What the machine gives two threads that have nothing to do with each other. */
function remarks(samples) {
  const rates = (name) => (samples.get(name) ?? []).map(({ value }) => value)
  const [apart, one] = [rates('apart'), rates('one')]
  const gains = apart.map((value, index) => value / one[index]).filter(Number.isFinite)
  if (gains.length === 0) return []
  const gain = gains.sort((a, b) => a - b)[gains.length >> 1]
  return [
    `two threads with a memory each do ${gain.toFixed(2)} x what one does on this machine of ${cpus().length} processors`,
  ]
}

/** @returns {import('../lib/figure.js').Figure} */
const figureFor = (name, what, make) => ({
  name: `workers-${name}`,
  title: `Two workers in memory, 64 B, ${what}`,
  unit: 'Mpps',
  better: 'more',
  needs: {},
  seconds: 0.3,
  method: `Two threads handle bursts of ${BURST} at the same time, of random ${what}, over the same tables; each one's frames over the time it spends in \`process\`, added up. Beside it one of them alone, and two whose tables are not shared: what this machine gives two threads, whose processors may be two halves of one core.`,
  targets: [
    { of: 'two', to: 'one', atLeast: 1.9 },
    { of: 'two', to: 'apart' },
  ],
  setUp: (context) => setUp(make, context),
  remarks,
})

export const figures = [
  figureFor('l2', '10,000 MACs', () => switchOf(10_000)),
  figureFor('nat', '10,000 flows through NAT', () => routerOf(10_000)),
]
