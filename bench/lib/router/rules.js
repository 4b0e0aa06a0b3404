// Filter rules in numbers, and packets that only the last of them takes.
import { random } from '../random.js'

const FIRST_PORT = 10_000

/** Networks of 256 addresses, by number, of 100.64.0.0/10 (which has 16,384). */
const networkOf = (number) => 0x64400000 + number * 256
const text = (address) => [24, 16, 8, 0].map((bits) => (address >>> bits) & 255).join('.')

/** A network and a port each, which nothing has together; only the last takes anything. */
export function rulesOf(count) {
  const rules = Array.from({ length: count - 1 }, (_, index) => ({
    ...{ name: `rule-${index}`, action: 'deny', protocol: 'udp' },
    to: { prefix: `${text(networkOf(index))}/24` },
    destinationPort: [FIRST_PORT + index],
  }))
  return [...rules, { name: 'last', action: 'allow', protocol: 'udp', from: { bridge: 'lan' } }]
}

/** Random networks and ports of the first rules, or of all, but never of one and the same. */
export function destinations(rules) {
  const next = random(1)
  return () => {
    const network = next() % (rules - 1)
    const port = (network + 1 + (next() % (rules - 2))) % (rules - 1)
    return [networkOf(network) + (next() & 255), FIRST_PORT + port]
  }
}
