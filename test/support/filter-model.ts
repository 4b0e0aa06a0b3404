/** The filter in so few words that one can see it is right: one rule after the other. */
import { contains, parseAddress, parsePrefix } from '../../src/config/address.js'
import type { FilterRule } from '../../src/dataplane/filter.js'

export interface ModelPacket {
  protocol: 'tcp' | 'udp' | 'icmp'
  source: string
  destination: string
  sourcePort: number
  destinationPort: number
  inPort: string
  /** Undefined: flooded. */
  outPort: string | undefined
}

const numbers = { tcp: 6, udp: 17, icmp: 1, icmpv6: 58, sctp: 132 } as const
const ECHO_REQUEST = { 4: 8, 6: 128 } as const

function isOn(ports: FilterRule['sourcePort'], port: number, has: boolean): boolean {
  if (ports === undefined) return true
  return (
    has &&
    ports.some((item) => {
      const [first, last] = String(item).split('-').map(Number) as [number, number | undefined]
      return port >= first && port <= (last ?? first)
    })
  )
}

function takes(rule: FilterRule, packet: ModelPacket, bridge: string): boolean {
  const { family } = parseAddress(packet.source)
  const icmp = packet.protocol === 'icmp'
  const protocol = icmp && family === 6 ? 58 : numbers[packet.protocol]
  const wanted = typeof rule.protocol === 'string' ? numbers[rule.protocol] : rule.protocol
  const isAt = (place: FilterRule['from'], address: string, port: string | undefined) => {
    if (place === undefined) return true
    if (place.port !== undefined && place.port !== port) return false
    if (place.bridge !== undefined && place.bridge !== bridge) return false
    if (place.uplink !== undefined) return false
    return place.prefix === undefined || contains(parsePrefix(place.prefix), parseAddress(address))
  }
  return (
    isAt(rule.from, packet.source, packet.inPort) &&
    isAt(rule.to, packet.destination, packet.outPort) &&
    (wanted === undefined || wanted === protocol) &&
    isOn(rule.sourcePort, packet.sourcePort, !icmp) &&
    isOn(rule.destinationPort, packet.destinationPort, !icmp) &&
    (rule.icmpType === undefined || (icmp && rule.icmpType.includes(ECHO_REQUEST[family]))) &&
    (rule.state === undefined || rule.state.includes('new'))
  )
}

/** The first rule that takes the packet, which begins a flow. */
export function ruleOf(
  rules: readonly FilterRule[],
  packet: ModelPacket,
  bridge: string,
): FilterRule | undefined {
  return rules.find((rule) => takes(rule, packet, bridge))
}
