/** Which rule of translation it was, as far as the rules themselves can tell. */
import { contains, formatAddress, networkOf, parseAddress, parsePrefix } from '../config/address.js'
import type { FlowTuple } from '../dataplane/flows.js'
import type { NatRules } from '../dataplane/nat-rules.js'

interface Called extends FlowTuple {
  protocol: string
}

const same = (one: string, other: string): boolean =>
  formatAddress(parseAddress(one).bytes) === formatAddress(parseAddress(other).bytes)

/** What answers where a packet calls, and by what rule; nothing where only a mapping could tell. */
export function translatedBy(
  { publish, static: fixed, prefixes }: NatRules,
  packet: Called,
): { onward: FlowTuple; by: string } | undefined {
  const { destination, destinationPort: port, protocol } = packet
  const name = protocol === 'icmpv6' ? 'icmp' : protocol
  const published = publish.find(({ address, protocol: of, ports }) => {
    const inRange = !ports || (ports[0] <= port && port <= ports[1])
    return of === name && same(address, destination) && inRange
  })
  if (published) {
    const { to, toPort, ports } = published
    const moved = toPort === undefined || !ports ? port : toPort + port - ports[0]
    const onward = { ...packet, destination: to, destinationPort: moved }
    return { onward, by: `published as "${published.name}"` }
  }
  const whole = fixed.find(({ address }) => same(address, destination))
  if (whole) return { onward: { ...packet, destination: whole.inside }, by: 'by a static rule' }
  const prefix = prefixes.find(({ outside }) => isIn(outside, destination))
  if (prefix) return { onward: packet, by: `by the rule of prefix ${prefix.outside}` }
  return undefined
}

/** The rule that gave a packet from a domain another source on its way out by another. */
export function sourceRule(
  { masquerade, static: fixed, prefixes }: NatRules,
  { from, out, was, is }: { from: number; out: number; was: string; is: string },
): string | undefined {
  const whole = fixed.some(({ address, inside }) => same(address, is) && same(inside, was))
  if (whole) return 'by a static rule'
  const prefix = prefixes.find(({ inside, domain }) => domain === out && isIn(inside, was))
  if (prefix) return `by the rule of prefix ${prefix.inside}`
  const rule = masquerade.find(({ fromDomain, fromPrefix, outDomain, to }) => {
    const fits = fromDomain === undefined || fromDomain === from
    const inside = fromPrefix === undefined || isIn(fromPrefix, was)
    return outDomain === out && fits && inside && to.some((one) => same(one, is))
  })
  if (!rule) return undefined
  return rule.fromPrefix === undefined ? 'masqueraded' : `masqueraded with ${rule.fromPrefix}`
}

function isIn(text: string, address: string): boolean {
  const prefix = networkOf(parsePrefix(text))
  const parsed = parseAddress(address)
  return prefix.family === parsed.family && contains(prefix, parsed)
}
