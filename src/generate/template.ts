/** Templates: the frame that all frames of one size are made of, and what differs between them. */
import { LinkspanError } from '../error.js'
import { type BuiltTag, buildFrame } from '../packet/build.js'
import { pseudoSum, sumOf } from '../packet/checksum.js'
import type { Flow } from '../packet/flow.js'
import { FRAME_MAX } from '../packet/hex.js'
import { HEADER_SIZE } from './header.js'

/** Frames of an IEEE 802 local experimental EtherType, which no stack handles, and nothing else. */
export interface EthernetFlow {
  protocol: 'ethernet'
  /** EtherType. */
  type: number
}

export type TrafficFlow = Flow | EthernetFlow

export interface TemplateOptions {
  /** 6 octets each. */
  sourceMac: Uint8Array
  destinationMac: Uint8Array
  tags: readonly BuiltTag[]
  /** Whether frames carry sequence numbers and time stamps. */
  stamp: boolean
  /** TCP: SYNs, not ACKs. */
  syn?: boolean
  /** TTL or hop limit. */
  hopLimit?: number
}

/**
 * A frame, and where in it what differs lies; -1: it has none of that. The fields that are counted up
 * and the header of the payload are 0 in `frame`, and the sums are of everything else.
 */
export interface Template {
  frame: Uint8Array
  /** Octets from its start that differ from frame to frame; what is behind is the same in all. */
  head: number
  /** The header of {@link HEADER_SIZE} octets. */
  payload: number
  /** Of the source MAC: its last four octets, and what they begin with. */
  mac: number
  macBase: number
  /** Of the source address: its last four octets, big-endian, and what they begin with. */
  address: number
  addressBase: number
  /** Source port, or identifier of an echo, and what it begins with. */
  port: number
  portBase: number
  /** IPv4 header checksum, and the sum of the header's other words. */
  ipChecksum: number
  ipSum: number
  /** Checksum of UDP, TCP, ICMP, and the sum of the other words it covers. */
  checksum: number
  sum: number
  /** Whether the source address counts into that checksum (not of ICMP over IPv4). */
  pseudo: boolean
  /** Whether a checksum of 0 is sent as 0xffff (RFC 768). */
  udp: boolean
}

/** Octets that every frame has at least: an Ethernet frame without its FCS (IEEE 802.3 3.2.8). */
export const ETHERNET_MIN = 60
const MAC_AT = 8
const CHECKSUM_AT = { udp: 6, tcp: 16, icmp: 2 } as const
const UPPER_SIZE = { udp: 8, tcp: 20, icmp: 8 } as const
const PORT_AT = { udp: 0, tcp: 0, icmp: 4 } as const
const PROTOCOL = { udp: 17, tcp: 6 } as const

/** Octets of the least frame of a flow: with its headers, and that of the payload if it has one. */
export function leastSize(flow: TrafficFlow, tags: number, stamp: boolean): number {
  return Math.max(ETHERNET_MIN, payloadOf(flow, tags) + (stamp ? HEADER_SIZE : 0))
}

/** Where the payload begins. */
function payloadOf(flow: TrafficFlow, tags: number): number {
  const network = 14 + tags * 4
  if (flow.protocol === 'ethernet') return network
  const ip = flow.source.address.family === 4 ? 20 : 40
  return network + ip + UPPER_SIZE[transport(flow)]
}

function transport({ protocol }: Flow): 'udp' | 'tcp' | 'icmp' {
  if (protocol !== 'arp') return protocol
  throw new LinkspanError('USAGE', 'ARP has no payload; expected tcp, udp, icmp or ethernet')
}

/**
 * @param size octets of the frame, without FCS
 * @throws LinkspanError code `INVALID` where the size does not fit; it says which would
 */
export function makeTemplate(flow: TrafficFlow, size: number, options: TemplateOptions): Template {
  checkSize(flow, size, options)
  const { tags, stamp } = options
  const at = payloadOf(flow, tags.length)
  const payload = stamp ? at : -1
  const shape = { payload, head: at + (stamp ? HEADER_SIZE : 0) }
  if (flow.protocol === 'ethernet') {
    const frame = ethernetFrame(flow, size, options)
    if (stamp) frame.fill(0, at, at + HEADER_SIZE)
    return { ...plainTemplate(frame), ...shape, ...macOf(frame) }
  }
  const { syn = false, hopLimit, ...macs } = options
  const limit = hopLimit === undefined ? {} : { hopLimit }
  const frame = buildFrame(flow, { ...macs, ...limit, length: size, established: !syn })
  const segment = segmentOf(flow, frame, tags.length)
  const bases = basesOf(segment)
  clear(segment, payload)
  return { frame, ...shape, ...macOf(frame), ...bases, ...sumsOf(segment) }
}

/** Where the parts of an IP packet are. */
interface Segment {
  frame: Uint8Array
  upper: 'udp' | 'tcp' | 'icmp'
  isV4: boolean
  /** Of IP, and of what is in it. */
  network: number
  start: number
  end: number
  address: number
  port: number
  checksum: number
}

function segmentOf(flow: Flow, frame: Uint8Array, tags: number): Segment {
  const upper = transport(flow)
  const isV4 = flow.source.address.family === 4
  const network = 14 + tags * 4
  const start = network + (isV4 ? 20 : 40)
  const view = new DataView(frame.buffer)
  const end = isV4 ? network + view.getUint16(network + 2) : start + view.getUint16(network + 4)
  const address = isV4 ? network + 12 : network + 20
  const [port, checksum] = [start + PORT_AT[upper], start + CHECKSUM_AT[upper]]
  return { frame, upper, isV4, network, start, end, address, port, checksum }
}

function basesOf({ frame, address, port }: Segment) {
  const view = new DataView(frame.buffer)
  return { addressBase: view.getUint32(address), portBase: view.getUint16(port) }
}

/** What is set in every frame is 0 in the template, so that the sums are of the rest. */
function clear(segment: Segment, payload: number): void {
  const { frame, network, address, port, checksum, isV4 } = segment
  frame.fill(0, address, address + 4)
  frame.fill(0, port, port + 2)
  frame.fill(0, checksum, checksum + 2)
  if (isV4) frame.fill(0, network + 10, network + 12)
  if (payload >= 0) frame.fill(0, payload, payload + HEADER_SIZE)
}

function sumsOf({ frame, upper, isV4, network, start, end, address, port, checksum }: Segment) {
  const pseudo = !isV4 || upper !== 'icmp'
  const protocol = upper === 'icmp' ? 58 : PROTOCOL[upper]
  const addresses = frame.subarray(network + (isV4 ? 12 : 8), start)
  const before = pseudo ? pseudoSum(addresses, protocol, end - start) : 0
  return {
    ...{ address, port, checksum, pseudo },
    ipChecksum: isV4 ? network + 10 : -1,
    ipSum: isV4 ? sumOf(frame, network, start) : 0,
    sum: before + sumOf(frame, start, end),
    udp: upper === 'udp',
  }
}

function macOf(frame: Uint8Array) {
  return { mac: MAC_AT, macBase: new DataView(frame.buffer).getUint32(MAC_AT) }
}

function ethernetFrame({ type }: EthernetFlow, size: number, options: TemplateOptions): Uint8Array {
  const { tags, sourceMac, destinationMac } = options
  const payload = 14 + tags.length * 4
  const frame = Uint8Array.from({ length: size }, (_, at) => (at - payload) & 0xff)
  const view = new DataView(frame.buffer)
  frame.set(destinationMac)
  frame.set(sourceMac, 6)
  tags.forEach(({ vid, priority = 0, type: tpid = 0x8100 }, index) => {
    view.setUint16(12 + index * 4, tpid)
    view.setUint16(14 + index * 4, (priority << 13) | vid)
  })
  view.setUint16(payload - 2, type)
  return frame
}

/** Octets of the least there is: an Ethernet header. */
export const HEADER_MIN = 14

/** A frame that is sent as it is. */
export function plainTemplate(frame: Uint8Array): Template {
  const none = { payload: -1, mac: -1, address: -1, port: -1, ipChecksum: -1, checksum: -1 }
  const bases = { macBase: 0, addressBase: 0, portBase: 0, ipSum: 0, sum: 0 }
  return { frame, head: frame.length, ...none, ...bases, pseudo: false, udp: false }
}

function checkSize(flow: TrafficFlow, size: number, { tags, stamp }: TemplateOptions): void {
  const least = leastSize(flow, tags.length, stamp)
  if (Number.isInteger(size) && size >= least && size <= FRAME_MAX) return
  const family = flow.protocol === 'ethernet' ? '' : ` over IPv${flow.source.address.family}`
  const tagged =
    tags.length === 0 ? '' : `, ${tags.length} VLAN ${tags.length === 1 ? 'tag' : 'tags'}`
  const what = `${flow.protocol}${family}${tagged}${stamp ? ' with a stamp' : ''}`
  const without = leastSize(flow, tags.length, false)
  const advice = stamp && size >= without && size < least ? '; --no-stamp sends it without one' : ''
  throw new LinkspanError(
    'INVALID',
    `a frame of ${size} octets; ${what} takes ${least} to ${FRAME_MAX}, FCS not counted${advice}`,
  )
}
