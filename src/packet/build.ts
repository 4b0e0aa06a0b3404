/** Makes the frame that a flow would begin with: a TCP SYN, a datagram, an echo or ARP request. */
import type { Address } from '../config/address.js'
import { LinkspanError } from '../error.js'
import { checksumOf, pseudoSum, sumOf } from './checksum.js'
import type { Flow } from './flow.js'
import { FRAME_MAX } from './hex.js'

export interface BuiltTag {
  /** 0 to 4095. */
  vid: number
  /** 0 to 7; 0 if left out. */
  priority?: number
  /** TPID; 0x8100 if left out. */
  type?: number
}

export interface BuildOptions {
  /** 6 octets; 02:00:00:00:00:01 if left out. */
  sourceMac?: Uint8Array
  /** 6 octets; left out: that of the group, broadcast for ARP, else 02:00:00:00:00:02. */
  destinationMac?: Uint8Array
  /** Outermost first. */
  tags?: readonly BuiltTag[]
  /** Octets of the frame, without FCS; left out: no more than its headers. */
  length?: number
  /** TTL or hop limit; 64 if left out. */
  hopLimit?: number
  /** Of TCP: an ACK, not the SYN that begins a flow. */
  established?: boolean
}

const ETHERTYPE = { 4: 0x0800, 6: 0x86dd } as const
const ARP = 0x0806
const SYN = 0x02
const ACK = 0x10

/**
 * A frame with right lengths and checksums; what is behind its headers is a pattern.
 *
 * @throws LinkspanError code `INVALID` where the length does not fit
 */
export function buildFrame(flow: Flow, options: BuildOptions = {}): Uint8Array {
  const type = flow.protocol === 'arp' ? ARP : ETHERTYPE[flow.source.address.family]
  const head = ethernetHeader(flow, options, type)
  const packet = packetOf(flow, options, 0)
  const { length } = options
  if (length === undefined) return joined(head, packet, head.length + packet.length)
  checkLength(length, head.length + packet.length)
  return joined(head, packetOf(flow, options, length - head.length), length)
}

function joined(head: Uint8Array, packet: Uint8Array, length: number): Uint8Array {
  const frame = new Uint8Array(length)
  frame.set(head)
  frame.set(packet, head.length)
  return frame
}

function checkLength(length: number, headers: number): void {
  if (Number.isInteger(length) && length >= headers && length <= FRAME_MAX) return
  const expected = `${headers} (its headers) to ${FRAME_MAX}`
  throw new LinkspanError('INVALID', `a frame of ${length} octets; expected ${expected}`)
}

/** What is behind the Ethernet header: of that length, or of its headers' if they are longer. */
function packetOf(flow: Flow, options: BuildOptions, length: number): Uint8Array {
  return flow.protocol === 'arp' ? arpPacket(flow, options) : ipPacket(flow, options, length)
}

const sourceMac = (options: BuildOptions): Uint8Array =>
  options.sourceMac ?? Uint8Array.of(2, 0, 0, 0, 0, 1)

function ethernetHeader(flow: Flow, options: BuildOptions, type: number): Uint8Array {
  const { tags = [] } = options
  const destination = options.destinationMac ?? defaultDestination(flow)
  const tagOctets = tags.flatMap(tagOf)
  return Uint8Array.from([...destination, ...sourceMac(options), ...tagOctets, ...word(type)])
}

function tagOf({ vid, priority = 0, type = 0x8100 }: BuiltTag): number[] {
  if (!isUpTo(vid, 4095) || !isUpTo(priority, 7)) {
    const found = `a tag of VLAN ${vid}, priority ${priority}`
    throw new LinkspanError('INVALID', `${found}; expected 0 to 4095, 0 to 7`)
  }
  return [...word(type), ...word((priority << 13) | vid)]
}

const isUpTo = (value: number, most: number) =>
  Number.isInteger(value) && value >= 0 && value <= most

/** RFC 1112 6.4, RFC 2464 7. */
function defaultDestination({ protocol, destination: { address } }: Flow): number[] {
  const { family, bytes } = address
  const octet = (at: number) => bytes[at] as number
  if (protocol === 'arp' || isLimited(address)) return [255, 255, 255, 255, 255, 255]
  if (family === 4 && octet(0) >>> 4 === 0xe) {
    return [1, 0, 0x5e, octet(1) & 0x7f, octet(2), octet(3)]
  }
  if (family === 6 && octet(0) === 0xff) return [0x33, 0x33, ...bytes.subarray(12)]
  return [2, 0, 0, 0, 0, 2]
}

const isLimited = ({ family, bytes }: Address) =>
  family === 4 && bytes.every((octet) => octet === 255)

function arpPacket({ source, destination }: Flow, options: BuildOptions): Uint8Array {
  const fixed = [...word(1), ...word(0x0800), 6, 4, ...word(1)]
  const sender = [...sourceMac(options), ...source.address.bytes]
  return Uint8Array.from([...fixed, ...sender, 0, 0, 0, 0, 0, 0, ...destination.address.bytes])
}

function ipPacket(flow: Flow, options: BuildOptions, length: number): Uint8Array {
  const { hopLimit = 64, established = false } = options
  const { family } = flow.source.address
  const header = family === 4 ? 20 : 40
  const upper = upperHeader(flow, established ? ACK : SYN)
  const wanted = Math.max(upper.bytes.length, length - header)
  // As much as the length fields can say; what is beyond it is padding.
  const segment = segmentOf(upper, Math.min(wanted, 65_535 - (family === 4 ? header : 0)))
  const addresses = Uint8Array.from([
    ...flow.source.address.bytes,
    ...flow.destination.address.bytes,
  ])
  const seed = upper.pseudo ? pseudoSum(addresses, upper.protocol, segment.length) : 0
  const sum = checksumOf(seed + sumOf(segment))
  segment.set(word(sum === 0 && flow.protocol === 'udp' ? 0xffff : sum), upper.checksum)
  const head = family === 4 ? ipv4Header : ipv6Header
  return Uint8Array.from([...head(addresses, upper.protocol, segment.length, hopLimit), ...segment])
}

interface Upper {
  protocol: number
  /** With checksum 0, and lengths yet to be set. */
  bytes: number[]
  /** Offset of the checksum. */
  checksum: number
  /** Whether it covers the pseudo-header. */
  pseudo: boolean
  /** Offset of a length of header and payload. */
  length?: number
}

function upperHeader({ protocol, source, destination }: Flow, flags: number): Upper {
  const ports = [...word(source.port), ...word(destination.port)]
  if (protocol === 'tcp') {
    const bytes = [...ports, 0, 0, 0, 1, 0, 0, 0, 0, 5 << 4, flags, 0xff, 0xff, 0, 0, 0, 0]
    return { protocol: 6, bytes, checksum: 16, pseudo: true }
  }
  if (protocol === 'udp') {
    return { protocol: 17, bytes: [...ports, 0, 0, 0, 0], checksum: 6, pseudo: true, length: 4 }
  }
  const isV4 = source.address.family === 4
  const echo = [isV4 ? 8 : 128, 0, 0, 0, 0, 1, 0, 1]
  return { protocol: isV4 ? 1 : 58, bytes: echo, checksum: 2, pseudo: !isV4 }
}

/** The header, and a pattern behind it. */
function segmentOf({ bytes: header, length: field }: Upper, length: number): Uint8Array {
  const bytes = Uint8Array.from({ length }, (_, at) => at & 0xff)
  bytes.set(header)
  if (field !== undefined) bytes.set(word(length), field)
  return bytes
}

function ipv4Header(
  addresses: Uint8Array,
  protocol: number,
  payload: number,
  hopLimit: number,
): Uint8Array {
  const start = [0x45, 0, ...word(20 + payload), 0, 1, 0x40, 0, hopLimit, protocol, 0, 0]
  const header = Uint8Array.from([...start, ...addresses])
  header.set(word(checksumOf(sumOf(header))), 10)
  return header
}

function ipv6Header(
  addresses: Uint8Array,
  protocol: number,
  payload: number,
  hopLimit: number,
): Uint8Array {
  return Uint8Array.from([0x60, 0, 0, 0, ...word(payload), protocol, hopLimit, ...addresses])
}

function word(value: number): [number, number] {
  return [(value >>> 8) & 0xff, value & 0xff]
}
