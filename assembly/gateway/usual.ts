/** What goes the short way through the router (shortcut.ts), as far as the packet itself can tell. */
import { Frame } from '../frame'
import { destinationOf, Ethernet, EtherType } from '../wire/ethernet'
import { IPv4, totalLengthOf } from '../wire/ipv4'
import { IPv6, payloadLengthOf } from '../wire/ipv6'
import { swap16 } from '../wire/order'
import * as tcp from '../wire/tcp'
import { TCP } from '../wire/tcp'
import * as udp from '../wire/udp'
import { UDP } from '../wire/udp'

/**
 * The families, named by what holds an address, for loops of which there is one for each: so V8 keeps in
 * registers what either needs, and asks nothing of a packet twice.
 */
export type IPv4Address = u32
export type IPv6Address = v128

@inline
export function isWideFamily<T>(): bool {
  return sizeof<T>() == 16
}

/** Where the packet and its transport header begin in the frame. */
export const L3: u32 = Ethernet.HEADER
export const L4: u32 = Ethernet.HEADER + IPv4.HEADER
/** Where that of IPv6 does. */
export const L4_WIDE: u32 = Ethernet.HEADER + IPv6.HEADER

/** Ethernet's type of IPv4, and its version with a header of 20 octets, as a load from the type on gives them. */
export const PLAIN: u32 = 0x450008
export const PLAIN_MASK: u32 = 0xffffff
/** The same of IPv6, of whose first octet the lower half counts for something else. */
const PLAIN6: u32 = 0x60dd86
const PLAIN6_MASK: u32 = 0xf0ffff
/** More Fragments and the offset, as a load gives them. */
export const FRAGMENT: u32 = 0xff3f
/** FIN, SYN and RST; and without SYN. */
const TURNS: u32 = 7
export const ENDS: u32 = 5

/** True if a frame may be a usual one of domain `fid` to `mac`, so that its flow is worth looking for. */
@inline
export function looksUsual(wide: bool, frame: usize, address: usize, fid: u32, mac: u64): bool {
  // The reason for a drop, and the tag behind it.
  if (load<u64>(frame, Frame.CHECKSUM_FIELD) >> 24 != 0) return false
  if (<u32>load<u16>(frame, Frame.FID) != fid || destinationOf(address) != mac) return false
  if (load<u32>(frame, Frame.LENGTH) < (wide ? L4_WIDE : L4) + UDP.HEADER) return false
  if (wide) return looksWide(address)
  if ((load<u32>(address, Ethernet.TYPE) & PLAIN_MASK) != PLAIN) return false
  const packet = address + L3
  if ((<u32>load<u16>(packet, 6) & FRAGMENT) != 0) return false
  const protocol = <u32>load<u8>(packet, 9)
  return protocol == UDP.PROTOCOL || protocol == TCP.PROTOCOL
}

/** What a usual packet says of the header behind its own: the protocol, and its first two words, the ports. */
@inline
export function protocolAt(wide: bool, packet: usize): u32 {
  return wide ? <u32>load<u8>(packet, 6) : <u32>load<u8>(packet, 9)
}

@inline
export function portsAt(wide: bool, packet: usize): u32 {
  return wide ? load<u32>(packet, IPv6.HEADER) : load<u32>(packet, IPv4.HEADER)
}

/** True for a frame that may be over IPv6. */
@inline
export function isWideAt(address: usize): bool {
  return (load<u32>(address, Ethernet.TYPE) & PLAIN6_MASK) == PLAIN6
}

@inline
function looksWide(address: usize): bool {
  if (!isWideAt(address)) return false
  const next = <u32>load<u8>(address, L3 + 6)
  return next == UDP.PROTOCOL || next == TCP.PROTOCOL
}

/**
 * Describes a frame that looks usual, as `parse` (packet.ts) would, if it is: a whole UDP datagram, or a TCP
 * segment without flags of `turns`, so that it neither begins nor ends a connection, in an IPv4 packet
 * without options, or an IPv6 packet without extension headers, with more than one hop left, and sound in
 * all that is asked there and in router/check.ts. Of one that is not PROTOCOL becomes 0.
 */
@inline
export function describe(wide: bool, frame: usize, packet: usize, turns: u32 = TURNS): void {
  const room = load<u32>(frame, Frame.LENGTH) - L3
  const header = wide ? headerOfWide(room, packet, turns) : headerOf(room, packet, turns)
  store<u8>(frame, header == 0 ? 0 : <u8>protocolAt(wide, packet), Frame.PROTOCOL)
  if (header == 0) return
  const l4 = wide ? L4_WIDE : L4
  const type = wide ? EtherType.IPV6 : EtherType.IPV4
  const length = wide ? IPv6.HEADER + payloadLengthOf(packet) : totalLengthOf(packet)
  store<u32>(frame, L3 + length, Frame.LENGTH)
  store<u64>(
    frame,
    <u64>(L3 | (l4 << 16)) | ((<u64>(type | ((l4 + header) << 16))) << 32),
    Frame.L3,
  ) // and ETHER_TYPE, HEADERS
  store<u16>(frame, <u16>(header == UDP.HEADER ? UDP.CHECKSUM : TCP.CHECKSUM), Frame.CHECKSUM_FIELD)
  store<u64>(frame, <u64>portsAt(wide, packet), Frame.PORTS) // and FRAGMENT
}

/** True for a TCP segment as `describe` wants it, in an IPv4 packet of `total` octets. */
export function isUsualSegment(packet: usize, protocol: u32, total: u32): bool {
  if (protocol != TCP.PROTOCOL || total < IPv4.HEADER + TCP.HEADER) return false
  const segment = packet + IPv4.HEADER
  return tcp.check(segment, total - IPv4.HEADER) && (load<u8>(segment, 13) & TURNS) == 0
}

/** Octets of the transport header of a usual packet in `room` octets; 0 if it is none. */
@inline
function headerOf(room: u32, packet: usize, turns: u32): u32 {
  const first = load<u64>(packet)
  const second = load<u64>(packet, 8)
  const total = <u32>swap16(<u16>(first >> 16))
  if (total > room || total < IPv4.HEADER + UDP.HEADER) return 0
  if ((<u32>second & 0xff) <= 1 || !isSound(first, second, load<u32>(packet, 16))) return 0
  const protocol = <u32>(second >> 8) & 0xff
  return behind(packet + IPv4.HEADER, protocol, total - IPv4.HEADER, turns)
}

/** The same over IPv6, where a datagram must have a checksum (RFC 8200 section 8.1). */
@inline
function headerOfWide(room: u32, packet: usize, turns: u32): u32 {
  const first = load<u64>(packet)
  const available = <u32>swap16(<u16>(first >> 32))
  if (IPv6.HEADER + available > room || available < UDP.HEADER) return 0
  if (first >> 56 <= 1) return 0
  const transport = packet + IPv6.HEADER
  const protocol = <u32>(first >> 48) & 0xff
  if (protocol == UDP.PROTOCOL && load<u16>(transport, UDP.CHECKSUM) == 0) return 0
  return behind(transport, protocol, available, turns)
}

/** Octets of the header of a usual segment or datagram in `available` octets; 0 if it is none. */
@inline
function behind(transport: usize, protocol: u32, available: u32, turns: u32): u32 {
  if (protocol == TCP.PROTOCOL) {
    if (!tcp.check(transport, available)) return 0
    return (<u32>load<u8>(transport, 13) & turns) != 0 ? 0 : tcp.dataOffsetOf(transport)
  }
  const length = udp.lengthOf(transport)
  return length < UDP.HEADER || length > available ? 0 : UDP.HEADER
}

/** The checksum of an IPv4 header without options, of two u64 and a u32. */
@inline
export function isSound(first: u64, second: u64, third: u32): bool {
  const sum = (first & 0xffffffff) + (first >> 32) + (second & 0xffffffff) + (second >> 32)
  const all = sum + <u64>third
  const folded = (all & 0xffffffff) + (all >> 32)
  const words = <u32>(folded & 0xffff) + <u32>(folded >> 16)
  // Folded once more, both are 0xffff.
  return words == 0xffff || words == 0x1fffe
}
