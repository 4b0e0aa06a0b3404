/** What a filter rule takes, as intervals on the axes of assembly/filter/axis.ts. */
import { contains, lastOf, networkOf, parseAddress, parsePrefix } from '../config/address.js'
import { Axis, FlowState, PROTOCOLS } from './abi.js'

export interface FilterPlace {
  readonly prefix?: string | undefined
  readonly port?: string | undefined
  readonly bridge?: string | undefined
  readonly uplink?: string | undefined
}

/** Which packets a rule takes by where they go. */
export interface FilterTarget extends FilterPlace {
  /** Those of `port`: the router does not know yet by which port a packet will leave. */
  readonly addresses?: readonly string[] | undefined
}

/** A rule as the config has it, every name resolved when it is written. */
export interface FilterRule {
  readonly name: string
  readonly action: 'allow' | 'deny' | 'reject'
  readonly from?: FilterPlace | undefined
  readonly to?: FilterTarget | undefined
  readonly protocol?: keyof typeof PROTOCOLS | number | undefined
  /** Numbers and ranges such as "80-89", which do not overlap. */
  readonly sourcePort?: readonly (number | string)[] | undefined
  readonly destinationPort?: readonly (number | string)[] | undefined
  readonly icmpType?: readonly number[] | undefined
  readonly state?: readonly (keyof typeof FlowState)[] | undefined
}

/** A position on an axis: a number of 128 bits as four words, the highest first. */
type Position = readonly [number, number, number, number]

/** An interval of an axis; both ends belong to it. */
export interface FilterMatch {
  axis: number
  low: Position
  high: Position
}

/** Numbers of what rules name; undefined for what is not there. */
export interface FilterNames {
  portIndex(name: string): number | undefined
  /** Domains of a bridge. */
  bridgeFids(name: string): readonly number[] | undefined
  uplinkFids(name: string): readonly number[] | undefined
}

/** A port or domain that no frame has: what a rule that names something missing asks for. */
const MISSING = 0xffff_fffe

/**
 * The sets of intervals of which a packet must be in one whole: one, and one more a family for the
 * addresses of a port that packets go to.
 */
export function matchesOf(rule: FilterRule, names: FilterNames): FilterMatch[][] {
  const { addresses = [], port: _, ...to } = rule.to ?? {}
  const fitting = addresses.filter(fits(rule))
  const of = (family: 4 | 6) => fitting.filter((text) => parseAddress(text).family === family)
  return [
    matchesWith(rule, names),
    ...([4, 6] as const).flatMap((family) => {
      const list = of(family)
      if (list.length === 0) return []
      const axis = DESTINATION[family]
      const routed = { ...rule, to: { ...to, prefix: hostPrefix(list[0] as string) } }
      const others = matchesWith(routed, names).filter((match) => match.axis !== axis)
      return [[...others, ...list.map((text) => prefixOn(DESTINATION, hostPrefix(text)))]]
    }),
  ]
}

/** Whether an address can be where the rule's packets go. */
function fits({ from, to, protocol }: FilterRule): (address: string) => boolean {
  const version = versionOf({ from, to, protocol })
  return (text) => {
    const address = parseAddress(text)
    if (version !== undefined && address.family !== version) return false
    return to?.prefix === undefined || contains(parsePrefix(to.prefix), address)
  }
}

const hostPrefix = (address: string): string => `${address}/${address.includes(':') ? 128 : 32}`

function matchesWith(rule: FilterRule, names: FilterNames): FilterMatch[] {
  const sides = [
    placeOf(rule.from, names, { port: Axis.IN_PORT, domain: Axis.IN_DOMAIN, address: SOURCE }),
    placeOf(rule.to, names, { port: Axis.OUT_PORT, domain: Axis.OUT_DOMAIN, address: DESTINATION }),
  ]
  const { protocol, icmpType = [], state = [] } = rule
  const number = typeof protocol === 'string' ? PROTOCOLS[protocol] : protocol
  const version = versionOf(rule)
  return [
    ...sides.flat(),
    ...(version === undefined ? [] : [only(Axis.VERSION, version)]),
    ...(number === undefined ? [] : [only(Axis.PROTOCOL, number)]),
    ...(rule.sourcePort ?? []).map((ports) => portsOn(Axis.SOURCE_PORT, ports)),
    ...(rule.destinationPort ?? []).map((ports) => portsOn(Axis.DESTINATION_PORT, ports)),
    ...icmpType.map((type) => only(Axis.ICMP_TYPE, type)),
    ...state.map((name) => only(Axis.STATE, FlowState[name])),
  ]
}

const SOURCE = { 4: Axis.SOURCE4, 6: Axis.SOURCE6 }
const DESTINATION = { 4: Axis.DESTINATION4, 6: Axis.DESTINATION6 }

interface Side {
  port: number
  domain: number
  address: { 4: number; 6: number }
}

function placeOf(place: FilterPlace | undefined, names: FilterNames, side: Side): FilterMatch[] {
  if (place === undefined) return []
  const { prefix, port, bridge, uplink } = place
  const fids =
    bridge !== undefined
      ? (names.bridgeFids(bridge) ?? [MISSING])
      : uplink !== undefined
        ? (names.uplinkFids(uplink) ?? [MISSING])
        : []
  return [
    ...(prefix === undefined ? [] : [prefixOn(side.address, prefix)]),
    ...(port === undefined ? [] : [only(side.port, names.portIndex(port) ?? MISSING)]),
    ...fids.map((fid) => only(side.domain, fid)),
  ]
}

/** A prefix is of one family; so are ICMP and ICMPv6. */
function versionOf({
  from,
  to,
  protocol,
}: Pick<FilterRule, 'from' | 'to' | 'protocol'>): 4 | 6 | undefined {
  if (protocol === 'icmp') return 4
  if (protocol === 'icmpv6') return 6
  const prefix = from?.prefix ?? to?.prefix
  return prefix === undefined ? undefined : parsePrefix(prefix).family
}

function prefixOn(axes: Side['address'], text: string): FilterMatch {
  const prefix = parsePrefix(text)
  const [first, last] = [networkOf(prefix), lastOf(prefix)]
  return { axis: axes[prefix.family], low: positionOf(first.bytes), high: positionOf(last.bytes) }
}

/** @param bytes 4 or 16 octets in network order */
function positionOf(bytes: Uint8Array): Position {
  const wide = new Uint8Array(16)
  wide.set(bytes, 16 - bytes.length)
  const view = new DataView(wide.buffer)
  return [view.getUint32(0), view.getUint32(4), view.getUint32(8), view.getUint32(12)]
}

function portsOn(axis: number, ports: number | string): FilterMatch {
  const [first, last] = String(ports).split('-').map(Number) as [number, number | undefined]
  return { axis, low: [0, 0, 0, first], high: [0, 0, 0, last ?? first] }
}

function only(axis: number, value: number): FilterMatch {
  return { axis, low: [0, 0, 0, value], high: [0, 0, 0, value] }
}
