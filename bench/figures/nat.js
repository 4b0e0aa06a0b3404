// In memory: established and new translated flows through the router, and what a flow costs.
import { HouseError } from '../../scripts/lib/house.js'
import { withoutCompiler } from '../lib/compile.js'
import { dataplane } from '../lib/pipeline/dataplane.js'
import { Least } from '../lib/router/least.js'
import { answers, firstStream, mixedStream } from '../lib/router/load.js'
import { BenchRouter, routerCapacities } from '../lib/router/router.js'

const BURST = 256
/** The pace at which the clock of the frames goes; time stamps are renewed accordingly. */
const MPPS = 20
/** Flows of an inside endpoint: they share its external port. */
const FAN = 4
const MILLION = 1_000_000
/** Flows that are begun in one measurement, into an empty table of a million. */
const NEW = 2 ** 18

const contestants = [
  { name: 'nat', label: 'with NAT', translated: true },
  { name: 'routed', label: 'without', translated: false },
]

/** A router on which all flows have been answered, about to see random frames of them. */
async function established(flows, translated) {
  const router = await BenchRouter.create({ flows: Math.max(flows, 65_536), translated })
  const first = firstStream(flows, FAN)
  const answer = answers(router, first, flows)
  router.load(answer)
  mustPass(router.run(0, answer.burstCount), answer.burstCount)
  const traffic = mixedStream([first, answer], flows, MPPS)
  router.load(traffic)
  return { router, streams: { first, answers: answer, traffic } }
}

function mustPass({ entries }, bursts) {
  if (entries !== bursts * BURST) throw new HouseError(`bench: ${entries} frames came out`)
}

/** Handles as many bursts at a time; each goes on where it stopped. */
function measuring(runner, bursts) {
  let next = 0
  return async () => {
    const result = await runner.run(next, bursts)
    next += bursts
    mustPass(result, bursts)
    return { value: (bursts * BURST) / result.milliseconds / 1e3 }
  }
}

async function setUpEstablished(flows, { seconds, folder, cleanup, missing }) {
  const without = withoutCompiler('C, the least of NAT', { missing })
  const bursts = Math.ceil((seconds * MPPS * 1e6) / BURST)
  const list = []
  for (const { translated, ...named } of contestants) {
    const { router, streams } = await established(flows, translated)
    list.push({ ...named, measure: measuring(router, bursts) })
    if (!translated || without) continue
    const c = await Least.create(streams, flows, folder)
    cleanup.add(() => c.stop())
    list.push({ name: 'c', label: 'C, the least of NAT', measure: measuring(c, bursts) })
  }
  await warmUp(list)
  return { contestants: list, notes: without ? [without] : [] }
}

/** V8 compiles the hot path anew in the background, after the first seconds of work. */
async function warmUp(list) {
  for (const each of list) await each.measure()
}

async function setUpNew() {
  const stream = firstStream(NEW, 1)
  const list = []
  for (const { translated, ...named } of contestants) {
    const router = await BenchRouter.create({ flows: MILLION, translated })
    router.load(stream)
    const measure = () => {
      const result = router.run(0, stream.burstCount)
      mustPass(result, stream.burstCount)
      if (router.flowCount !== NEW) throw new HouseError(`bench: ${router.flowCount} flows`)
      router.forget()
      return { value: NEW / result.milliseconds / 1e3 }
    }
    list.push({ ...named, measure })
  }
  await warmUp(list)
  return { contestants: list }
}

/** @returns {import('../lib/figure.js').Figure} */
const establishedFigure = (flows, atLeast) => ({
  name: `nat-${flows}`,
  title: `NAT44 in memory, 64 B, ${flows.toLocaleString('en')} flows`,
  unit: 'Mpps',
  better: 'more',
  needs: {},
  seconds: 0.1,
  method: `Time in \`process\` alone, one thread, bursts of ${BURST}. UDP flows of 1,000 hosts on a bridge, ${FAN} an inside endpoint, masqueraded behind an uplink and answered; then bursts of random flows, one from inside and one from outside in turn. Beside it the same flows tracked and routed without translation, and in C the least that any NAT must do with the same frames: headers asked, the flow found, stamp and counters kept, all rewritten and listed; without bridge, routes, neighbours or other workers.`,
  targets: [
    { of: 'nat', atLeast },
    { of: 'nat', to: 'c' },
    { of: 'nat', to: 'routed' },
  ],
  setUp: (context) => setUpEstablished(flows, context),
})

/** @type {import('../lib/figure.js').Figure} */
const fresh = {
  name: 'nat-new',
  title: 'NAT44 in memory, new flows',
  unit: 'M flows/s',
  better: 'more',
  needs: {},
  method: `Time in \`process\` alone, one thread, bursts of ${BURST}. Each frame is the first of a UDP flow of an inside endpoint that has no external port yet: ${NEW.toLocaleString('en')} of them into an empty table for 1,000,000, which is emptied again after. Beside it the same frames tracked and routed without translation.`,
  targets: [
    { of: 'nat', atLeast: 2 },
    { of: 'nat', to: 'routed' },
  ],
  setUp: setUpNew,
}

/** @returns {import('../lib/figure.js').Figure} */
const memoryFigure = (family, key, atMost) => ({
  name: `nat-memory-${key}`,
  title: `Memory a flow at 1,000,000 flows, ${family}`,
  unit: 'bytes',
  better: 'less',
  needs: {},
  rounds: 1,
  method:
    'What the linear memory grows by when a router without room for flows of that family is sized for 1,000,000 of them, external ports, counters of hosts and index included, divided by that. That as many IPv4 flows fit is shown by the figure above that has them.',
  targets: [{ of: 'linkspan', atMost }],
  async setUp() {
    const rooms = await dataplane()
    const module = await rooms.sharedModule()
    const size = (flows) => {
      const wanted = routerCapacities({ flows: 0, [key]: flows })
      return rooms.memorySize(module, 'shared', wanted)
    }
    const measure = () => ({ value: (size(MILLION) - size(0)) / MILLION })
    return { contestants: [{ name: 'linkspan', label: 'Linkspan', measure }] }
  },
})

export const figures = [
  establishedFigure(10_000, 20),
  establishedFigure(MILLION, 8),
  fresh,
  memoryFigure('IPv4', 'flows', 128),
  memoryFigure('IPv6', 'flows6', 224),
]
