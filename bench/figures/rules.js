// In memory: new flows, each of which is asked of a filter with few rules or many.
import { HouseError } from '../../scripts/lib/house.js'
import { random } from '../lib/random.js'
import { firstStream } from '../lib/router/load.js'
import { BenchRouter } from '../lib/router/router.js'

const FLOWS = 2 ** 16
const FEW = 10
const MANY = 10_000
const FIRST_PORT = 10_000

/** Networks of 256 addresses, by number, of 100.64.0.0/10 (which has 16,384). */
const networkOf = (number) => 0x64400000 + number * 256
const text = (address) => [24, 16, 8, 0].map((bits) => (address >>> bits) & 255).join('.')

/** A network and a port each, which nothing has together; only the last takes anything. */
function rulesOf(count) {
  const rules = Array.from({ length: count - 1 }, (_, index) => ({
    ...{ name: `rule-${index}`, action: 'deny', protocol: 'udp' },
    to: { prefix: `${text(networkOf(index))}/24` },
    destinationPort: [FIRST_PORT + index],
  }))
  return [...rules, { name: 'last', action: 'allow', protocol: 'udp', from: { bridge: 'lan' } }]
}

/** Random networks and ports of the first rules, or of all, but never of one and the same. */
function destinations(rules) {
  const next = random(1)
  return () => {
    const network = next() % (rules - 1)
    const port = (network + 1 + (next() % (rules - 2))) % (rules - 1)
    return [networkOf(network) + (next() & 255), FIRST_PORT + port]
  }
}

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
