// In memory: new flows, each of which is asked of a filter with few rules or many.
import { HouseError } from '../../scripts/lib/house.js'
import { firstStream } from '../lib/router/load.js'
import { BenchRouter } from '../lib/router/router.js'
import { destinations, rulesOf } from '../lib/router/rules.js'

const FLOWS = 2 ** 16
const FEW = 10
const MANY = 10_000

async function contestant(name, count) {
  const router = await BenchRouter.create({
    ...{ flows: 4 * FLOWS, translated: true },
    rules: rulesOf(count),
  })
  const stream = firstStream(FLOWS, 1, { destinationOf: destinations(count) })
  router.load(stream)
  const measure = () => {
    const { milliseconds, entries } = router.run(0, stream.burstCount)
    const taken = router.topology.filter.counters('last').packets
    router.taken = (router.taken ?? 0) + FLOWS
    if (entries !== FLOWS || taken !== router.taken) {
      throw new HouseError(`bench: ${entries} frames came out, the last rule took ${taken}`)
    }
    router.forget()
    return { value: FLOWS / milliseconds / 1e3 }
  }
  measure() // V8 compiles the hot path anew in the background, after the first work
  return { name, label: `${count.toLocaleString('en')} rules`, measure }
}

/** @type {import('../lib/figure.js').Figure} */
export const figure = {
  name: 'rules',
  title: `Filter in memory, new flows, ${MANY.toLocaleString('en')} rules`,
  unit: 'M flows/s',
  better: 'more',
  needs: {},
  method: `Time in \`process\` alone, one thread, bursts of 256. Each frame is the first of a masqueraded UDP flow, and is taken by the last rule only; each of the others names a network and a port, and every frame has the network of one and the port of another. Beside it the same with ${FEW} rules.`,
  targets: [{ of: 'many', to: 'few', as: 'time', atMost: 1.3 }],
  async setUp() {
    return { contestants: [await contestant('many', MANY), await contestant('few', FEW)] }
  },
}
