/**
 * The IP packet in a frame, read once for the router, connection tracking and the filter: what the
 * descriptor says of it afterwards is believed by all that comes behind (RFC 1122 section 3.2.1,
 * RFC 1812 section 5.2.2, RFC 8200 section 4). What is checked here is what every one of them needs:
 * lengths, the IPv4 header checksum, the chain of IPv6 extension headers and whole transport headers.
 */
import { Drop } from './drop'
import { Fragment, Frame } from './frame'
import * as checksum from './wire/checksum'
import { Ethernet, EtherType, etherTypeAt, TAG } from './wire/ethernet'
import * as icmp from './wire/icmp'
import * as icmpv6 from './wire/icmpv6'
import * as ipv4 from './wire/ipv4'
import * as ipv6 from './wire/ipv6'
import * as sctp from './wire/sctp'
import * as tcp from './wire/tcp'
import * as udp from './wire/udp'

/** Octets before the network header: the Ethernet header, and the frame's own tag if it has one. */
@inline
export function networkOffsetOf(frame: usize): u32 {
  return load<u32>(frame, Frame.TAG) == 0 ? Ethernet.HEADER : Ethernet.HEADER + TAG
}

/** The EtherType behind the frame's own tag, host order; 0 for a frame that ends before it. */
@inline
export function networkTypeOf(frame: usize): u32 {
  const at = networkOffsetOf(frame)
  if (load<u32>(frame, Frame.LENGTH) < at) return 0
  return etherTypeAt(<usize>load<u32>(frame, Frame.ADDRESS), at - 2)
}

/** True for a packet of IPv6. The frame was parsed, here and below. */
@inline
export function isWideFrame(frame: usize): bool {
  return <u32>load<u16>(frame, Frame.ETHER_TYPE) == EtherType.IPV6
}

@inline
export function packetOf(frame: usize): usize {
  return <usize>load<u32>(frame, Frame.ADDRESS) + <usize>load<u16>(frame, Frame.L3)
}

@inline
export function transportOf(frame: usize): usize {
  return <usize>load<u32>(frame, Frame.ADDRESS) + <usize>load<u16>(frame, Frame.L4)
}

/**
 * Which octets of the packet a fragment has: where it begins u16, where it ends u16, and 1 if no more
 * follow behind it.
 */
export function partOf(frame: usize): u64 {
  const packet = packetOf(frame)
  const at = <u32>load<u16>(frame, Frame.FRAGMENT_AT)
  let header = at + ipv6.IPv6.FRAGMENT_HEADER
  let offset = ipv6.fragmentOffsetOf(packet + at)
  let more = ipv6.moreFragments(packet + at)
  if (at == 0) {
    header = ipv4.headerLengthOf(packet)
    offset = ipv4.fragmentOffsetOf(packet)
    more = ipv4.moreFragments(packet)
  }
  const end = offset + load<u32>(frame, Frame.LENGTH) - <u32>load<u16>(frame, Frame.L3) - header
  return ((<u64>!more) << 32) | ((<u64>end) << 16) | <u64>offset
}

/**
 * Reads the packet of a frame whose `networkTypeOf` is IPv4 or IPv6 into its descriptor: l3, l4,
 * etherType, headers, checksumField and all from protocol to fragmentAt; cuts the padding behind the
 * packet off. Of a later fragment l4 is where its part of the payload begins. Returns 0, or a drop
 * reason.
 */
@inline
export function parse(frame: usize): u32 {
  return parseAt(frame, networkOffsetOf(frame), networkTypeOf(frame))
}

/** The same for a packet of EtherType `type` at `l3`, which may lie behind further wrappings. */
export function parseAt(frame: usize, l3: u32, type: u32): u32 {
  const packet = <usize>load<u32>(frame, Frame.ADDRESS) + l3
  const available = load<u32>(frame, Frame.LENGTH) - l3
  store<u16>(frame, <u16>l3, Frame.L3)
  store<u16>(frame, <u16>type, Frame.ETHER_TYPE)
  store<u32>(frame, 0, Frame.PORTS)
  store<u32>(frame, 0, Frame.FRAGMENT) // and ICMP_TYPE, FRAGMENT_AT
  return type == EtherType.IPV4
    ? parseIPv4(frame, packet, available)
    : parseIPv6(frame, packet, available)
}

function parseIPv4(frame: usize, packet: usize, available: u32): u32 {
  if (!ipv4.check(packet, available)) return Drop.IP_HEADER
  const header = ipv4.headerLengthOf(packet)
  if (checksum.sum(packet, header) != 0xffff) return Drop.IP_HEADER
  const total = ipv4.totalLengthOf(packet)
  const protocol = ipv4.protocolOf(packet)
  if (!ipv4.isFragment(packet)) {
    return parseTransport(frame, packet, protocol, header, total, Fragment.WHOLE)
  }
  const offset = ipv4.fragmentOffsetOf(packet)
  // The largest datagram: RFC 791 section 3.2.
  const most = 0xffff - header
  if (!isSound(offset, total - header, ipv4.moreFragments(packet), most, leastOf(protocol))) {
    return Drop.FRAGMENT_INVALID
  }
  const part = offset != 0 ? Fragment.LATER : Fragment.FIRST
  return parseTransport(frame, packet, protocol, header, total, part)
}

/**
 * False for a fragment of nothing or beyond the largest packet, for a middle one that ends in an odd
 * place, and for a later one that begins within the first `least` octets, where the transport header is:
 * nobody sends that who does not want to put another header in the place of the one that was looked at
 * (RFC 1858, RFC 3128).
 */
function isSound(offset: u32, octets: u32, more: bool, most: u32, least: u32): bool {
  if (octets == 0 || offset + octets > most) return false
  if (more && (octets & 7) != 0) return false
  return offset == 0 || offset >= least
}

@inline
function leastOf(protocol: u32): u32 {
  return protocol == tcp.TCP.PROTOCOL
    ? tcp.TCP.HEADER
    : protocol == sctp.SCTP.PROTOCOL
      ? sctp.SCTP.HEADER
      : 0
}

function parseIPv6(frame: usize, packet: usize, available: u32): u32 {
  if (!ipv6.check(packet, available)) return Drop.IP_HEADER
  const total = ipv6.IPv6.HEADER + ipv6.payloadLengthOf(packet)
  let end = ipv6.skipExtensions(packet, total)
  if (end >= ipv6.Chain.TOO_LONG) return Drop.IP_HEADER
  if (end >> 16 != ipv6.IPv6.FRAGMENT) {
    return parseTransport(frame, packet, end >> 16, end & 0xffff, total, Fragment.WHOLE)
  }
  const at = end & 0xffff
  if (at + ipv6.IPv6.FRAGMENT_HEADER > total) return Drop.IP_HEADER
  store<u16>(frame, <u16>at, Frame.FRAGMENT_AT)
  const header = packet + at
  const offset = ipv6.fragmentOffsetOf(header)
  const behind = at + ipv6.IPv6.FRAGMENT_HEADER
  const more = ipv6.moreFragments(header)
  // What a later one says of the next header is not believed by those who put it together (RFC 8200).
  if (more || offset != 0) {
    if (!isSound(offset, total - behind, more, 0xffff, tcp.TCP.HEADER)) return Drop.FRAGMENT_INVALID
  }
  const next = <u32>load<u8>(header)
  if (offset != 0) return parseTransport(frame, packet, next, behind, total, Fragment.LATER)
  end = ipv6.skipFrom(packet, next, behind, total)
  // All headers stand in the first fragment (RFC 7112).
  if (end >= ipv6.Chain.TOO_LONG || end >> 16 == ipv6.IPv6.FRAGMENT) return Drop.IP_HEADER
  // One that is whole is handled as if it had no such header (RFC 6946).
  const part = more ? Fragment.FIRST : Fragment.WHOLE
  return parseTransport(frame, packet, end >> 16, end & 0xffff, total, part)
}

/** `header` and `total` are octets of the IP header (chain) and of the packet. */
function parseTransport(
  frame: usize,
  packet: usize,
  protocol: u32,
  header: u32,
  total: u32,
  part: u32,
): u32 {
  const l3 = <u32>load<u16>(frame, Frame.L3)
  store<u8>(frame, <u8>protocol, Frame.PROTOCOL)
  store<u8>(frame, <u8>part, Frame.FRAGMENT)
  store<u16>(frame, <u16>(l3 + header), Frame.L4)
  store<u32>(frame, l3 + total, Frame.LENGTH)
  const transport =
    part == Fragment.LATER ? 0 : readTransport(frame, packet + header, protocol, total - header)
  if (transport == MALFORMED) return part == Fragment.FIRST ? Drop.FRAGMENT_INVALID : Drop.IP_HEADER
  store<u16>(frame, <u16>(l3 + header + transport), Frame.HEADERS)
  return 0
}

const MALFORMED: u32 = 0xffffffff

/** Sets ports, ICMP type and checksum field; returns the octets of the header, or MALFORMED. */
function readTransport(frame: usize, l4: usize, protocol: u32, available: u32): u32 {
  if (protocol == tcp.TCP.PROTOCOL) {
    if (!tcp.check(l4, available)) return MALFORMED
    store<u32>(frame, load<u32>(l4), Frame.PORTS)
    store<u16>(frame, <u16>tcp.TCP.CHECKSUM, Frame.CHECKSUM_FIELD)
    return tcp.dataOffsetOf(l4)
  }
  if (protocol == udp.UDP.PROTOCOL) {
    if (available < udp.UDP.HEADER) return MALFORMED
    const length = udp.lengthOf(l4)
    // The first fragment's is that of the whole datagram.
    const whole = <u32>load<u8>(frame, Frame.FRAGMENT) == Fragment.WHOLE
    if (length < udp.UDP.HEADER || (whole && length > available)) return MALFORMED
    store<u32>(frame, load<u32>(l4), Frame.PORTS)
    store<u16>(frame, <u16>udp.UDP.CHECKSUM, Frame.CHECKSUM_FIELD)
    return udp.UDP.HEADER
  }
  if (protocol == sctp.SCTP.PROTOCOL) {
    if (available < sctp.SCTP.HEADER) return MALFORMED
    store<u32>(frame, load<u32>(l4), Frame.PORTS)
    return sctp.SCTP.HEADER
  }
  const version4 = <u32>load<u16>(frame, Frame.ETHER_TYPE) == EtherType.IPV4
  if (protocol != (version4 ? icmp.Icmp.PROTOCOL : icmpv6.Icmpv6.PROTOCOL)) return 0
  if (available < icmp.Icmp.HEADER) return MALFORMED
  const type = <u32>load<u8>(l4)
  store<u8>(frame, <u8>type, Frame.ICMP_TYPE)
  store<u16>(frame, 2, Frame.CHECKSUM_FIELD)
  if (version4 ? icmp.isEcho(type) : icmpv6.isEcho(type)) {
    const identifier = <u32>load<u16>(l4, 4)
    store<u32>(frame, identifier | (identifier << 16), Frame.PORTS)
  }
  return icmp.Icmp.HEADER
}
