/** Which way a frame went: on its bridge, or through the router; and what that made of it. */
import { formatMac, isZeroMac, parseAddress } from '../config/address.js'
import type { DryRun } from '../dataplane/dry-run.js'
import type { FlowTuple } from '../dataplane/flows.js'
import { lookUp } from '../dataplane/route-lookup.js'
import type { NeighborRecord } from '../dataplane/router-records.js'
import { neighborOctets, type RouteState } from '../dataplane/router-routes.js'
import type { Topology } from '../dataplane/topology.js'
import { dissect } from '../packet/dissect/dissect.js'
import type { Arrival, ArrivedDatagram, LeavingDatagram } from './datagram.js'
import { translatedBy } from './explain-nat.js'

/** What leaves by one port. */
export interface TracedOutput {
  /** Of the underlay, where it is a datagram. */
  port: string
  /** The tunnel that it leaves by, or the same port. */
  by: string
  frame: Uint8Array
  /** The frame in a datagram, or the same frame. */
  inner: Uint8Array
  segmentSize: number | null
  datagram: LeavingDatagram | null
}

export interface Traced {
  topology: Topology
  /** The one that it came in by: the tunnel, where it was in a datagram of one. */
  port: string
  /** As it came in, without the headers of a datagram. */
  frame: Uint8Array
  /** Where it came in a datagram, and what the tunnel made of it. */
  arrival: Arrival | undefined
  datagram: ArrivedDatagram | null
  run: DryRun
  outputs: readonly TracedOutput[]
  nameOf(port: number): string
}

/** Who talks to whom in a packet. */
export interface Packet extends FlowTuple {
  protocol: string
  /** An ICMP error: it quotes another packet. */
  quotes: boolean
  /** A fragment without the transport header. */
  isLater: boolean
}

export interface Way {
  /** `heard`: ARP and whatever else the router does not route, at its MAC. */
  kind: 'bridged' | 'heard' | 'routed'
  /** Of the interface of the frame's domain. */
  gateway: string | undefined
  packet: Packet | undefined
  /** As it goes on: with what translation made of it. */
  onward: FlowTuple | undefined
  route: RouteState | undefined
  /** For whom the router looks on the link, and what it knows of them. */
  nextHop: { address: string; known: NeighborRecord | undefined } | undefined
  /** It waits: for its next hop's MAC, or for the first fragment. */
  waits: 'neighbor' | 'fragment' | undefined
  refused: DryRun['drops'][number]['reason'] | undefined
  /** What the router itself sends by the ingress port, or the bridge in the name of others. */
  answers: readonly TracedOutput[]
}

/** To a group, or to a MAC of which nobody knows where it is. */
export function isFlood({ frame, run }: Traced): boolean {
  return ((frame[0] ?? 0) & 1) === 1 || run.destination === undefined
}

export function wayOf(traced: Traced): Way {
  const { topology, frame, run, nameOf, port } = traced
  // What is not of the way in is charged to the egress, even where that is the ingress too.
  const refused = run.drops.find(({ port: charged, reason }) => {
    return nameOf(charged) === port && reason.direction === 'rx'
  })?.reason
  const own = [...topology.router.interfaces()].find(({ fid }) => fid === run.fid)
  const packet = packetOf(frame)
  // A frame may be shorter than a MAC.
  const isTo = frame.length >= 6 && own?.mac === formatMac(frame.subarray(0, 6))
  const kind = !isTo ? 'bridged' : packet && !isDiscovery(frame) ? 'routed' : 'heard'
  const base = { kind, gateway: own?.mac, packet, refused } as const
  const none = { onward: undefined, route: undefined, nextHop: undefined, waits: undefined }
  if (kind !== 'routed' || !packet)
    return {
      ...base,
      ...none,
      answers: answersOf(traced, kind === 'routed' || refused !== undefined),
    }
  const onward = onwardOf(traced, packet)
  const { outFid } = run.passage
  const route = lookUp(topology.router.routes(), parseAddress(onward.destination))
  const nextHop = outFid === 0 ? undefined : nextHopOf(route?.via ?? onward.destination, run)
  const waits = refused ? undefined : waitOf(traced, packet, nextHop)
  const passes = !refused && !waits && outFid !== 0
  const answers = passes ? [] : answersOf(traced, true)
  return { ...base, onward, route, nextHop, waits, answers }
}

function nextHopOf(address: string, { passage }: DryRun): NonNullable<Way['nextHop']> {
  const octets = neighborOctets(address)
  const known = passage.neighbors.find((one) =>
    one.octets.every((octet, at) => octet === octets[at]),
  )
  return { address, known }
}

function waitOf({ run, outputs }: Traced, packet: Packet, nextHop: Way['nextHop']): Way['waits'] {
  const untold = run.passage.flow === undefined && outputs.length === 0
  if (packet.isLater && untold) return 'fragment'
  const { known } = nextHop ?? {}
  return known && isZeroMac(known.mac) ? 'neighbor' : undefined
}

/** A bridge never sends a frame back, so what goes there is the router's; where nothing passes, all is. */
function answersOf({ outputs, topology, port }: Traced, isAll: boolean): TracedOutput[] {
  return outputs.filter((output) => {
    if (topology.isMirrorTarget(output.by)) return false
    return isAll || output.by === port
  })
}

/** The packet as it goes on: with the flow's other addresses, or as translation left it. */
function onwardOf({ run, topology }: Traced, packet: Packet): FlowTuple {
  const { flow, frame } = run.passage
  if (flow && !packet.quotes) {
    const { original, reply } = flow.view
    return flip(flow.isReply ? original : reply)
  }
  const lies = packetOf(frame)
  // An answer that was made of the frame itself comes from where that went.
  if (lies?.source === packet.source && lies.destination !== packet.destination) return lies
  // It was given back to its sender as it came: what it had become is in the rules.
  return translatedBy(topology.translation.nat.rules, packet)?.onward ?? packet
}

function flip({ source, sourcePort, destination, destinationPort }: FlowTuple): FlowTuple {
  return {
    source: destination,
    sourcePort: destinationPort,
    destination: source,
    destinationPort: sourcePort,
  }
}

/** Types of neighbour discovery (RFC 4861). */
const DISCOVERY = [133, 137] as const

function isDiscovery(frame: Uint8Array): boolean {
  const type = dissect(frame).find(({ layer }) => layer === 'icmpv6')?.fields.type
  return typeof type === 'number' && type >= DISCOVERY[0] && type <= DISCOVERY[1]
}

/** The IP packet in a frame, if it is one that can be read. */
export function packetOf(frame: Uint8Array): Packet | undefined {
  const layers = dissect(frame)
  const ip = layers.find(({ layer }) => layer === 'ipv4' || layer === 'ipv6')
  const { source, destination, protocol, nextHeader } = ip?.fields ?? {}
  if (typeof source !== 'string' || typeof destination !== 'string') return undefined
  const upper = layers.find(({ layer }) => ['tcp', 'udp', 'icmp', 'icmpv6'].includes(layer))
  const { sourcePort, destinationPort, identifier } = upper?.fields ?? {}
  const number = (value: unknown) => (typeof value === 'number' ? value : 0)
  const part = layers.find(({ layer }) => layer === 'fragment') ?? ip
  return {
    ...{ source, destination },
    sourcePort: number(sourcePort ?? identifier),
    destinationPort: number(destinationPort ?? identifier),
    protocol: upper?.layer ?? String(protocol ?? nextHeader),
    quotes: layers.some(({ fields }) => fields.quoted === true),
    isLater: number(part?.fields.fragmentOffset ?? part?.fields.offset) > 0,
  }
}
