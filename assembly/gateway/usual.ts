/** What goes the short way through the router (shortcut.ts), as far as the packet itself can tell. */
import { Frame } from '../frame'
import { fold } from '../wire/checksum'
import { destinationOf, Ethernet, EtherType } from '../wire/ethernet'
import * as ipv4 from '../wire/ipv4'
import { IPv4 } from '../wire/ipv4'
import * as tcp from '../wire/tcp'
import { TCP } from '../wire/tcp'
import * as udp from '../wire/udp'
import { UDP } from '../wire/udp'

/** Where the packet and its transport header begin in the frame. */
export const L3: u32 = Ethernet.HEADER
export const L4: u32 = Ethernet.HEADER + IPv4.HEADER

/** Ethernet's type of IPv4, and its version with a header of 20 octets, as loads give them. */
const TYPE: u32 = 0x0008
const PLAIN: u32 = 0x45
/** More Fragments and the offset, as a load gives them. */
const FRAGMENT: u32 = 0xff3f
/** FIN, SYN and RST. */
const TURNS: u32 = 7

/** True if a frame may be a usual one of domain `fid` to `mac`, so that its flow is worth looking for. */
@inline
export function looksUsual(frame: usize, address: usize, fid: u32, mac: u64): bool {
  if (load<u8>(frame, Frame.DROP) != 0 || load<u32>(frame, Frame.TAG) != 0) return false
  if (<u32>load<u16>(frame, Frame.FID) != fid || destinationOf(address) != mac) return false
  if (<u32>load<u16>(address, Ethernet.TYPE) != TYPE) return false
  if (load<u32>(frame, Frame.LENGTH) < L4 + UDP.HEADER) return false
  const packet = address + L3
  if (<u32>load<u8>(packet) != PLAIN || (<u32>load<u16>(packet, 6) & FRAGMENT) != 0) return false
  const protocol = <u32>load<u8>(packet, 9)
  return protocol == UDP.PROTOCOL || protocol == TCP.PROTOCOL
}

/**
 * True if a frame that looks usual is: a whole UDP datagram, or a TCP segment that neither begins nor ends
 * a connection, in an IPv4 packet without options with more than one hop left, and sound in all that
 * `parse` (packet.ts) asks; it is described then as there.
 */
@inline
export function isUsual(frame: usize, address: usize): bool {
  const packet = address + L3
  const total = ipv4.totalLengthOf(packet)
  if (total > load<u32>(frame, Frame.LENGTH) - L3 || total < IPv4.HEADER + UDP.HEADER) return false
  if (!isSound(packet) || load<u8>(packet, 8) <= 1) return false
  const transport = packet + IPv4.HEADER
  const available = total - IPv4.HEADER
  const protocol = <u32>load<u8>(packet, 9)
  let header = UDP.HEADER
  let field = UDP.CHECKSUM
  if (protocol == TCP.PROTOCOL) {
    if (!tcp.check(transport, available)) return false
    if ((<u32>load<u8>(transport, 13) & TURNS) != 0) return false
    header = tcp.dataOffsetOf(transport)
    field = TCP.CHECKSUM
  } else {
    const length = udp.lengthOf(transport)
    if (length < header || length > available) return false
  }
  store<u32>(frame, L3 + total, Frame.LENGTH)
  store<u64>(
    frame,
    <u64>(L3 | (L4 << 16)) | ((<u64>(EtherType.IPV4 | ((L4 + header) << 16))) << 32),
    Frame.L3,
  ) // and ETHER_TYPE, HEADERS
  store<u16>(frame, <u16>field, Frame.CHECKSUM_FIELD)
  store<u8>(frame, <u8>protocol, Frame.PROTOCOL)
  store<u64>(frame, <u64>load<u32>(transport), Frame.PORTS) // and FRAGMENT
  return true
}

/** The checksum of an IPv4 header without options. */
@inline
function isSound(packet: usize): bool {
  const words = load<u64>(packet)
  const sum = (words & 0xffffffff) + (words >> 32) + <u64>load<u32>(packet, 8)
  return fold(sum + <u64>load<u32>(packet, 12) + <u64>load<u32>(packet, 16)) == 0xffff
}
