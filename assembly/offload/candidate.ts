/**
 * Which frames may be coalesced, and which two of them: questions only, nothing is changed here. The
 * rules are those by which Linux receives (net/ipv4/tcp_offload.c, udp_offload.c, af_inet.c), so that
 * what is made of segments gives the same segments again: nothing may be lost in between that a
 * receiver could tell.
 *
 * What is read of a frame is passed on as one u64, a Segment:
 *
 *   0 verdict u8   8 l3 u8   16 l4 u8   24 headers u8   32 payload u32
 *
 * the offsets counted from the Ethernet header, as in a descriptor, the payload without padding.
 */
import { Frame } from '../frame'
import { Ethernet, EtherType, etherTypeAt, headerLength } from '../wire/ethernet'
import * as ipv4 from '../wire/ipv4'
import * as ipv6 from '../wire/ipv6'
import { swap16, swap32 } from '../wire/order'
import * as tcp from '../wire/tcp'
import * as udp from '../wire/udp'
import { Candidate, isSame32, isVersion4 } from './open'
import { SEGMENTS_MAX } from './segment'

export namespace Verdict {
  /** Of no flow that is coalesced, or malformed: a receiver drops it. */
  export const OTHER: u32 = 0
  /** Of a flow that cannot be told: a fragment, a packet with IPv6 extension headers. */
  export const UNKNOWN: u32 = 1
  /** Of a flow, and to be left as it is. */
  export const WHOLE: u32 = 2
  /** Data that may be one with what comes before and behind. */
  export const SEGMENT: u32 = 3
}

/** Octets of the largest IP packet. */
const PACKET_MAX: u32 = 65_535
/**
 * Datagrams that are coalesced at most: kernels before 6.10 take no more, though a guest of a newer one
 * may send twice as many.
 */
const DATAGRAMS_MAX: u32 = 64
/** Data offset's reserved bits and the flags, but PSH, as a load of both octets gives them; and ACK. */
const FLAGS: u32 = 0xf70f
const ACK: u32 = 0x1000
const PSH: u32 = 0x08
/** The same bit in a load of the eight octets from the acknowledgement number on. */
const PSH_BEHIND: u64 = (<u64>PSH) << 40
/** Flags of IPv4 in the first octet of the word that has the fragment's offset. */
const RESERVED: u32 = 0x80

@inline
export function verdictOf(segment: u64): u32 {
  return <u32>segment & 0xff
}

@inline
export function l3Of(segment: u64): u32 {
  return (<u32>segment >> 8) & 0xff
}

@inline
export function l4Of(segment: u64): u32 {
  return (<u32>segment >> 16) & 0xff
}

@inline
export function headersOf(segment: u64): u32 {
  return <u32>segment >> 24
}

@inline
export function payloadOf(segment: u64): u32 {
  return <u32>(segment >> 32)
}

/** True if a TCP segment asks for what was sent to be handed on at once: nothing follows it. */
@inline
export function isPushed(transport: usize): bool {
  return (<u32>load<u8>(transport, 13) & PSH) != 0
}

/** Has a TCP segment ask for that. */
@inline
export function push(transport: usize): void {
  store<u8>(transport, <u8>(<u32>load<u8>(transport, 13) | PSH), 13)
}

/** True if nothing may follow a segment whose headers begin at `address`. */
@inline
export function isLast(address: usize, segment: u64): bool {
  // UDP's header is shorter than any of TCP's.
  if (headersOf(segment) - l4Of(segment) == udp.UDP.HEADER) return false
  return isPushed(address + l4Of(segment))
}

/** Reads the frame of a descriptor. */
export function read(frame: usize): u64 {
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const length = load<u32>(frame, Frame.LENGTH)
  const l3 = headerLength(address, length)
  const type = etherTypeAt(address, l3 - 2)
  if (type == EtherType.IPV4) return readIPv4(frame, address + l3, l3, length - l3)
  if (type == EtherType.IPV6) return readIPv6(frame, address + l3, l3, length - l3)
  return Verdict.OTHER
}

@inline
function isCoalesced(protocol: u32): bool {
  return protocol == tcp.TCP.PROTOCOL || protocol == udp.UDP.PROTOCOL
}

function readIPv4(frame: usize, packet: usize, l3: u32, available: u32): u64 {
  // Whatever has no ports is of no flow, here and below.
  if (available < ipv4.IPv4.HEADER + udp.UDP.HEADER) return Verdict.OTHER
  const protocol = ipv4.protocolOf(packet)
  if (!isCoalesced(protocol)) return Verdict.OTHER
  if (ipv4.isFragment(packet)) return Verdict.UNKNOWN
  if (!ipv4.check(packet, available)) return Verdict.OTHER
  const header = ipv4.headerLengthOf(packet)
  const length = ipv4.totalLengthOf(packet) - header
  const plain = header == ipv4.IPv4.HEADER && (<u32>load<u8>(packet, 6) & RESERVED) == 0
  return readTransport(frame, packet + header, protocol, l3, l3 + header, length, plain)
}

function readIPv6(frame: usize, packet: usize, l3: u32, available: u32): u64 {
  if (available < ipv6.IPv6.HEADER + udp.UDP.HEADER) return Verdict.OTHER
  const protocol = ipv6.nextHeaderOf(packet)
  if (!isCoalesced(protocol)) {
    return ipv6.isExtension(protocol) || protocol == ipv6.IPv6.FRAGMENT
      ? Verdict.UNKNOWN
      : Verdict.OTHER
  }
  if (!ipv6.check(packet, available)) return Verdict.OTHER
  const header = ipv6.IPv6.HEADER
  const length = ipv6.payloadLengthOf(packet)
  return readTransport(frame, packet + header, protocol, l3, l3 + header, length, true)
}

/** `length` octets from the transport header to the end of the packet; `plain`: no more is to be asked of IP. */
function readTransport(
  frame: usize,
  transport: usize,
  protocol: u32,
  l3: u32,
  l4: u32,
  length: u32,
  plain: bool,
): u64 {
  if (length < udp.UDP.HEADER) return Verdict.OTHER
  const place = <u64>((l3 << 8) | (l4 << 16))
  // Nor what somebody else has made, or left to be finished.
  let fits = plain && load<u32>(frame, Frame.CHECKSUM) == 0
  let header = udp.UDP.HEADER
  if (protocol == tcp.TCP.PROTOCOL) {
    header = tcp.dataOffsetOf(transport)
    fits = fits && tcp.check(transport, length) && (load<u16>(transport, 12) & FLAGS) == ACK
  } else {
    fits = fits && udp.check(transport, length) && load<u16>(transport, udp.UDP.CHECKSUM) != 0
  }
  if (!fits || header >= length) return place | Verdict.WHOLE
  const payload = <u64>(length - header)
  return (payload << 32) | ((<u64>(l4 + header)) << 24) | place | Verdict.SEGMENT
}

/**
 * Octets of payload of the frame if it is the segment that follows the candidate, else 0. Whatever makes
 * the candidate a segment is compared and not looked at again.
 */
export function follows(candidate: usize, frame: usize): u32 {
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const first = <usize>load<u32>(candidate, Candidate.START)
  const known = <usize>load<u32>(candidate, Candidate.FRAME)
  const l3 = <u32>load<u8>(candidate, Candidate.L3)
  const l4 = <u32>load<u8>(candidate, Candidate.L4)
  const headers = <u32>load<u8>(candidate, Candidate.HEADERS)
  const length = load<u32>(frame, Frame.LENGTH)
  // Neither dropped, nor what somebody else has made, or left to be finished.
  if (length <= headers || load<u64>(frame, Frame.CHECKSUM) != 0) return 0
  // Port and domain, and the tag with which it lies.
  if (load<u32>(known, Frame.PORT) != load<u32>(frame, Frame.PORT)) return 0
  if (load<u32>(known, Frame.TAG) != load<u32>(frame, Frame.TAG)) return 0
  if (!isSameLink(first, address, l3)) return 0
  const total = isVersion4(first + l3)
    ? lengthIfSame4(candidate, first + l3, address + l3)
    : lengthIfSame6(first + l3, address + l3)
  const end = l3 + total
  if (end <= headers || end > length) return 0
  const payload = end - headers
  if (payload > load<u32>(candidate, Candidate.SIZE)) return 0
  if (payload + load<u32>(candidate, Candidate.OCTETS) > PACKET_MAX) return 0
  const transport = address + l4
  if (load<u32>(first + l4) != load<u32>(transport)) return 0
  const fits =
    headers - l4 == udp.UDP.HEADER
      ? isDatagram(candidate, transport, end - l4)
      : isNext(candidate, first + l4, transport, headers - l4)
  return fits ? payload : 0
}

/** True if the Ethernet headers of `l3` octets, tags among them, are the same. */
@inline
function isSameLink(first: usize, address: usize, l3: u32): bool {
  if (load<u64>(first) != load<u64>(address)) return false
  if (load<u64>(first + l3 - 8) != load<u64>(address + l3 - 8)) return false
  // What two tags leave between them.
  return l3 == Ethernet.HEADER || load<u64>(first + l3 - 14) == load<u64>(address + l3 - 14)
}

/**
 * Octets of the packet if its IPv4 header differs in length, checksum and identification only, else 0.
 * Fragments are told by the identification, so it must count on where there may be some; otherwise it
 * means nothing (RFC 6864 section 4.1), and many senders count it for all flows together.
 */
@inline
function lengthIfSame4(candidate: usize, first: usize, packet: usize): u32 {
  if (load<u16>(first) != load<u16>(packet)) return 0
  if (load<u32>(first, 6) != load<u32>(packet, 6)) return 0
  if (load<u64>(first, 12) != load<u64>(packet, 12)) return 0
  if (ipv4.mayFragment(packet)) {
    const expected = <u32>swap16(load<u16>(first, 4)) + load<u32>(candidate, Candidate.COUNT)
    if (<u16>expected != swap16(load<u16>(packet, 4))) return 0
  }
  return ipv4.totalLengthOf(packet)
}

/** The same for IPv6, whose headers differ in length only. */
@inline
function lengthIfSame6(first: usize, packet: usize): u32 {
  if (load<u32>(first) != load<u32>(packet)) return 0
  if (load<u16>(first, 6) != load<u16>(packet, 6)) return 0
  if (!isSame32(first + 8, packet + 8)) return 0
  return ipv6.IPv6.HEADER + ipv6.payloadLengthOf(packet)
}

@inline
function isDatagram(candidate: usize, transport: usize, length: u32): bool {
  if (udp.lengthOf(transport) != length || load<u16>(transport, udp.UDP.CHECKSUM) == 0) return false
  return load<u32>(candidate, Candidate.COUNT) < DATAGRAMS_MAX
}

/** True if a TCP header of `length` octets differs in checksum and PSH only, and is next in sequence. */
@inline
function isNext(candidate: usize, first: usize, transport: usize, length: u32): bool {
  if (swap32(load<u32>(transport, 4)) != load<u32>(candidate, Candidate.NEXT)) return false
  // Acknowledgement, data offset, flags and window; the urgent pointer; the options.
  if (((load<u64>(first, 8) ^ load<u64>(transport, 8)) & ~PSH_BEHIND) != 0) return false
  if (load<u16>(first, 18) != load<u16>(transport, 18)) return false
  let at: usize = tcp.TCP.HEADER
  for (; at + 8 <= <usize>length; at += 8) {
    if (load<u64>(first + at) != load<u64>(transport + at)) return false
  }
  if (at < <usize>length) if (load<u32>(first + at) != load<u32>(transport + at)) return false
  return load<u32>(candidate, Candidate.COUNT) < SEGMENTS_MAX
}
