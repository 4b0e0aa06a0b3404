/** Packets that no router may carry, whoever they are for. */
import { Drop } from '../drop'
import { Fragment, Frame } from '../frame'
import { EtherType } from '../wire/ethernet'
import * as ipv4 from '../wire/ipv4'
import { UDP } from '../wire/udp'
import { mayBeOwn, Route, routeTo4, routeTo6 } from './route'

/** Returns 0, or a drop reason. The packet was parsed. */
export function refusal(config: usize, frame: usize): u32 {
  const packet = <usize>load<u32>(frame, Frame.ADDRESS) + <u32>load<u16>(frame, Frame.L3)
  return <u32>load<u16>(frame, Frame.ETHER_TYPE) == EtherType.IPV4
    ? refusal4(config, packet)
    : refusal6(config, frame, packet)
}

function refusal4(config: usize, packet: usize): u32 {
  const source = packet + 12
  if (isMartian4(source) || isMartian4(packet + 16)) return Drop.MARTIAN
  if (speaksForUs(routeTo4(config, source))) return Drop.MARTIAN
  const header = ipv4.headerLengthOf(packet)
  return header == ipv4.IPv4.HEADER ? 0 : refusalOfOptions(packet, header)
}

/** 0/8, 127/8, and 224/4 and 240/4: nobody's address (RFC 1812 section 5.3.7; CONFORMANCE R3). */
@inline
function isMartian4(address: usize): bool {
  return isMartian(<u32>load<u8>(address))
}

/** The same of an address's first octet. */
@inline
export function isMartian(first: u32): bool {
  return first == 0 || first == 127 || first >= 224
}

/** A source that is the router itself, or the broadcast address of a network of its. */
@inline
export function speaksForUs(route: usize): bool {
  if (route == 0) return false
  const kind = load<u32>(route)
  return kind == Route.LOCAL || kind == Route.BROADCAST
}

/** Walks the options (RFC 791 section 3.1): source routes, and lengths that do not add up. */
function refusalOfOptions(packet: usize, header: u32): u32 {
  let at = ipv4.IPv4.HEADER
  while (at < header) {
    const type = <u32>load<u8>(packet + at)
    if (type == 0) return 0 // end of options
    if (type == 1) {
      at++
      continue
    }
    // Loose and strict source route (RFC 7126 sections 4.3 and 4.4).
    if (type == 131 || type == 137) return Drop.IP_OPTIONS
    const length = at + 1 < header ? <u32>load<u8>(packet + at, 1) : 0
    if (length < 2 || at + length > header) return Drop.IP_OPTIONS
    at += length
  }
  return 0
}

function refusal6(config: usize, frame: usize, packet: usize): u32 {
  const source = packet + 8
  const to = packet + 24
  if (isMartian6(source) || isMartian6(to)) return Drop.MARTIAN
  if (mayBeOwn(config, source) && speaksForUs(routeTo6(config, source))) return Drop.MARTIAN
  if (<u32>load<u8>(frame, Frame.PROTOCOL) != UDP.PROTOCOL) return 0
  if (<u32>load<u8>(frame, Frame.FRAGMENT) == Fragment.LATER) return 0
  const datagram = <usize>load<u32>(frame, Frame.ADDRESS) + <u32>load<u16>(frame, Frame.L4)
  // A partial one is of a pseudo-header, which is never all zeros.
  return load<u16>(datagram, UDP.CHECKSUM) == 0 ? Drop.CHECKSUM_ZERO : 0
}

/** Multicast, and ::, ::1 and the mapped addresses of ::/8 (RFC 4291 section 2.5, RFC 4380 section 2). */
@inline
export function isMartian6(address: usize): bool {
  const first = <u32>load<u8>(address)
  return first == 0xff || first == 0
}
