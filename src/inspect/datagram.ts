/** Datagrams of tunnels as a trace tells of them: what came in one, and what leaves in one. */
import type { PortState, Topology } from '../dataplane/topology.js'
import type { TunnelSettings } from '../dataplane/tunnel-record.js'
import { makeDatagram, type ReadDatagram, readDatagram, vniOf } from '../packet/datagram.js'
import { dissect } from '../packet/dissect/dissect.js'
import { locate, u16 } from '../packet/locate.js'
import type { OuterHeaders } from '../packet/outer.js'

/** The headers around a frame. */
export interface TraceDatagram extends OuterHeaders {
  /** The tunnel's port; null for a datagram of none. */
  tunnel: string | null
  /** Null where the VXLAN header has none. */
  vni: number | null
  /** Octets of the frame inside; null where it has none. */
  inner: number | null
}

export interface ArrivedDatagram extends TraceDatagram {
  /** Of UDP: `right`, `wrong`, `partial`, `absent` or `unchecked`. A socket drops what is wrong. */
  checksum: string
  /** Of the packet inside, as it came and as it goes on; null where there is none, or it was dropped. */
  innerEcn: { before: number; after: number } | null
  /** The checksum of the packet inside was left to an interface that was none; it is completed. */
  partial: boolean
  /** Octets of payload of the segments that it is a super-frame of; null where it is none. */
  segmentSize: number | null
}

export interface LeavingDatagram extends TraceDatagram {
  /** The longest packet that the tunnel takes. */
  mtu: number
  /** What the source port was chosen from. */
  sourcePorts: { first: number; count: number }
  /** By what of the frame inside: IP addresses, protocol and ports; those without ports; MACs. */
  chosenBy: ChosenBy
}

export const CHOSEN_BY = ['ports', 'addresses', 'macs'] as const
export type ChosenBy = (typeof CHOSEN_BY)[number]

/** A tunnel and its port. */
type Tunnel = readonly [name: string, state: Readonly<PortState> & { tunnel: TunnelSettings }]

/** A frame of the underlay on its way in. */
export interface Arrival {
  /** The port of the underlay. */
  socket: string
  /** Address and UDP port of its socket; undefined while no tunnel leaves by it. */
  end: { address: string; port: number } | undefined
  /** The whole datagram. */
  frame: Uint8Array
  read: ReadDatagram | undefined
  vni: number | undefined
  /** Those of the VNI, on this socket. */
  tunnels: readonly Tunnel[]
  /** The one of this sender. */
  expected: Tunnel | undefined
}

/** Whatever a peer may choose from (RFC 7348 section 5): the first of the dynamic ports. */
const SOURCE_PORT = 49_152
const TTL = 64

/**
 * What comes in where a frame is given to a port of the overlay: to one of the underlay the datagram itself,
 * to a tunnel the frame in one that is made for it. Undefined for any other port.
 *
 * @throws LinkspanError INVALID for a frame that fits into no datagram
 */
export function arrivalOf(
  topology: Topology,
  port: string,
  frame: Uint8Array,
): Arrival | undefined {
  const { underlay, tunnel } = topology.port(port)
  if (tunnel) return readArrival(topology, tunnel.underlay, wrap(frame, tunnel))
  return underlay ? readArrival(topology, port, untagged(frame)) : undefined
}

function readArrival(topology: Topology, socket: string, frame: Uint8Array): Arrival {
  const read = readDatagram(frame)
  const vni = read && vniOf(read.header)
  const all = tunnelsOf(topology, socket)
  const { local, port = 0 } = all[0]?.[1].tunnel ?? {}
  const end = local === undefined ? undefined : { address: local, port }
  const tunnels = all.filter(([, { tunnel }]) => tunnel.vni === vni)
  const expected = tunnels.find(([, { tunnel }]) => tunnel.remote === read?.source)
  return { socket, end, frame, read, vni, tunnels, expected }
}

/** The tunnels that leave by a port of the underlay. */
function tunnelsOf(topology: Topology, socket: string): Tunnel[] {
  return [...topology.ports].flatMap(([name, state]): Tunnel[] => {
    const { tunnel } = state
    return tunnel?.underlay === socket ? [[name, { ...state, tunnel }]] : []
  })
}

/** In a datagram from the tunnel's other end, with the type of service of the packet inside. */
function wrap(inner: Uint8Array, { local, remote, port, vni }: TunnelSettings): Uint8Array {
  const ends = { source: remote, destination: local }
  const ports = { sourcePort: SOURCE_PORT, destinationPort: port }
  const { dscp, ecn } = serviceOf(inner) ?? { dscp: 0, ecn: 0 }
  return makeDatagram(inner, { ...ends, ...ports, vni, ttl: TTL, dscp, ecn })
}

/** A socket never sees the tags of the link. */
function untagged(frame: Uint8Array): Uint8Array {
  const { etherTypes, offset } = locate(frame)
  if (etherTypes.length < 2 || offset > frame.length) return frame
  return Uint8Array.from([...frame.subarray(0, 12), ...frame.subarray(offset - 2)])
}

/** DSCP and ECN of the packet in a frame; undefined where it is none. */
export function serviceOf(frame: Uint8Array): { dscp: number; ecn: number } | undefined {
  const ip = dissect(frame).find(({ layer }) => layer !== 'ethernet' && layer !== 'vlan')
  const { dscp, ecn } = ip?.fields ?? {}
  return typeof dscp === 'number' && typeof ecn === 'number' ? { dscp, ecn } : undefined
}

/** The headers as data, without those of the frame inside. */
function headersOf({ header, inner, outer: _, checksum: __, ...headers }: ReadDatagram) {
  const vni = vniOf(header) ?? null
  return { ...headers, vni, inner: vni === null ? null : inner.length }
}

/**
 * @param tunnel what the packet path took it for
 * @param after the frame as it went on, and what was left to do to it; undefined where it did not
 */
export function describeArrival(
  { read }: Arrival,
  tunnel: string | null,
  after: { frame: Uint8Array; partial: boolean; segmentSize: number } | undefined,
): ArrivedDatagram | null {
  if (!read) return null
  const [was, is] = [serviceOf(read.inner), after && serviceOf(after.frame)]
  return {
    tunnel,
    ...headersOf(read),
    checksum: read.checksum,
    innerEcn: was && is ? { before: was.ecn, after: is.ecn } : null,
    partial: after?.partial ?? false,
    segmentSize: after?.segmentSize || null,
  }
}

/** What leaves by a tunnel, and the frame inside; undefined for what does not. */
export function describeDeparture(
  topology: Topology,
  name: string,
  frame: Uint8Array,
): { datagram: LeavingDatagram; inner: Uint8Array } | undefined {
  const { mtu, tunnel } = topology.port(name)
  const read = tunnel && readDatagram(frame)
  if (!read) return undefined
  const { inner } = read
  const { first, count } = tunnel.sources
  const chosen = { sourcePorts: { first, count }, chosenBy: chosenBy(inner) }
  return { datagram: { tunnel: name, ...headersOf(read), mtu, ...chosen }, inner }
}

/** TCP, UDP, SCTP. */
const WITH_PORTS: readonly number[] = [6, 17, 132]

/** As assembly/overlay/inner.ts takes them. */
function chosenBy(frame: Uint8Array): ChosenBy {
  const at = packetAt(frame)
  const type = u16(frame, at - 2)
  const left = frame.length - at
  if (type === 0x0800 && left >= 20) {
    const ports = at + ((frame[at] as number) & 15) * 4 + 4
    const whole = (u16(frame, at + 6) & 0x3fff) === 0 && ports <= frame.length
    return whole && WITH_PORTS.includes(frame[at + 9] as number) ? 'ports' : 'addresses'
  }
  if (type === 0x86dd && left >= 40) {
    const whole = left >= 44 && WITH_PORTS.includes(frame[at + 6] as number)
    return whole ? 'ports' : 'addresses'
  }
  return 'macs'
}

/** Octets before the packet in a frame: behind two tags at most, as the packet path sees them. */
export function packetAt(frame: Uint8Array): number {
  const isTag = (at: number) => at + 6 <= frame.length && [0x8100, 0x88a8].includes(u16(frame, at))
  if (!isTag(12)) return 14
  return isTag(16) ? 22 : 18
}
