/** What goes the short way through the router (shortcut.ts), as far as the packet itself can tell. */
import { Frame } from '../frame'
import { destinationOf, Ethernet, EtherType } from '../wire/ethernet'
import { IPv4 } from '../wire/ipv4'
import { swap16 } from '../wire/order'
import * as tcp from '../wire/tcp'
import { TCP } from '../wire/tcp'
import * as udp from '../wire/udp'
import { UDP } from '../wire/udp'

/** Where the packet and its transport header begin in the frame. */
export const L3: u32 = Ethernet.HEADER
export const L4: u32 = Ethernet.HEADER + IPv4.HEADER

/** Ethernet's type of IPv4, and its version with a header of 20 octets, as a load from the type on gives them. */
const PLAIN: u32 = 0x450008
const PLAIN_MASK: u32 = 0xffffff
/** More Fragments and the offset, as a load gives them. */
const FRAGMENT: u32 = 0xff3f
/** FIN, SYN and RST; and without SYN. */
const TURNS: u32 = 7
export const ENDS: u32 = 5

/** True if a frame may be a usual one of domain `fid` to `mac`, so that its flow is worth looking for. */
@inline
export function looksUsual(frame: usize, address: usize, fid: u32, mac: u64): bool {
  // The reason for a drop, and the tag behind it.
  if (load<u64>(frame, Frame.CHECKSUM_FIELD) >> 24 != 0) return false
  if (<u32>load<u16>(frame, Frame.FID) != fid || destinationOf(address) != mac) return false
  if (load<u32>(frame, Frame.LENGTH) < L4 + UDP.HEADER) return false
  if ((load<u32>(address, Ethernet.TYPE) & PLAIN_MASK) != PLAIN) return false
  const packet = address + L3
  if ((<u32>load<u16>(packet, 6) & FRAGMENT) != 0) return false
  const protocol = <u32>load<u8>(packet, 9)
  return protocol == UDP.PROTOCOL || protocol == TCP.PROTOCOL
}

/**
 * Describes a frame that looks usual, as `parse` (packet.ts) would, if it is: a whole UDP datagram, or a TCP
 * segment without flags of `turns`, so that it neither begins nor ends a connection, in an IPv4 packet
 * without options with more than one hop left, and sound in all that is asked there. Of one that is not
 * PROTOCOL becomes 0.
 */
@inline
export function describe(frame: usize, packet: usize, turns: u32 = TURNS): void {
  const header = headerOf(load<u32>(frame, Frame.LENGTH) - L3, packet, turns)
  store<u8>(frame, header == 0 ? 0 : load<u8>(packet, 9), Frame.PROTOCOL)
  if (header == 0) return
  store<u32>(frame, L3 + <u32>swap16(load<u16>(packet, 2)), Frame.LENGTH)
  store<u64>(
    frame,
    <u64>(L3 | (L4 << 16)) | ((<u64>(EtherType.IPV4 | ((L4 + header) << 16))) << 32),
    Frame.L3,
  ) // and ETHER_TYPE, HEADERS
  store<u16>(frame, <u16>(header == UDP.HEADER ? UDP.CHECKSUM : TCP.CHECKSUM), Frame.CHECKSUM_FIELD)
  store<u64>(frame, <u64>load<u32>(packet, IPv4.HEADER), Frame.PORTS) // and FRAGMENT
}

/** Octets of the transport header of a usual packet in `room` octets; 0 if it is none. */
@inline
function headerOf(room: u32, packet: usize, turns: u32): u32 {
  const first = load<u64>(packet)
  const second = load<u64>(packet, 8)
  const total = <u32>swap16(<u16>(first >> 16))
  if (total > room || total < IPv4.HEADER + UDP.HEADER) return 0
  if ((<u32>second & 0xff) <= 1 || !isSound(first, second, load<u32>(packet, 16))) return 0
  const transport = packet + IPv4.HEADER
  const available = total - IPv4.HEADER
  if ((<u32>(second >> 8) & 0xff) == TCP.PROTOCOL) {
    if (!tcp.check(transport, available)) return 0
    return (<u32>load<u8>(transport, 13) & turns) != 0 ? 0 : tcp.dataOffsetOf(transport)
  }
  const length = udp.lengthOf(transport)
  return length < UDP.HEADER || length > available ? 0 : UDP.HEADER
}

/** The checksum of an IPv4 header without options, of two u64 and a u32. */
@inline
function isSound(first: u64, second: u64, third: u32): bool {
  const sum = (first & 0xffffffff) + (first >> 32) + (second & 0xffffffff) + (second >> 32)
  const all = sum + <u64>third
  const folded = (all & 0xffffffff) + (all >> 32)
  const words = <u32>(folded & 0xffff) + <u32>(folded >> 16)
  // Folded once more, both are 0xffff.
  return words == 0xffff || words == 0x1fffe
}
