/** Neighbour discovery as the router reads it (RFC 4861 sections 4, 6.1 and 7.1; CONFORMANCE D1 to D3). */
import { Frame } from '../frame'
import { networkOffsetOf } from '../packet'
import * as checksum from '../wire/checksum'
import { Icmpv6 } from '../wire/icmpv6'
import * as ipv6 from '../wire/ipv6'
import { Interface } from './interface'
import { isOwnAddress, isZero } from './route'

export namespace Option {
  export const SOURCE: u32 = 1
  export const TARGET: u32 = 2
  export const PREFIX: u32 = 3
  export const MTU: u32 = 5
}

/** Flags of an advertisement, in its fifth octet (RFC 4861 section 4.4). */
export namespace Advertised {
  export const ROUTER: u32 = 0x80
  export const SOLICITED: u32 = 0x40
  export const OVERRIDE: u32 = 0x20
}

/** fe80::/10. */
@inline
export function isLinkLocal(address: usize): bool {
  return (<u32>load<u16>(address) & 0xc0ff) == 0x80fe
}

/**
 * Where in an IPv6 frame the message of neighbour discovery stands, from its network header on; 0 if
 * it is none. One in a fragment is none (RFC 6980).
 */
export function discoveryAt(frame: usize): u32 {
  const at = networkOffsetOf(frame)
  const packet = <usize>load<u32>(frame, Frame.ADDRESS) + at
  if (!ipv6.check(packet, load<u32>(frame, Frame.LENGTH) - at)) return 0
  const total = ipv6.IPv6.HEADER + ipv6.payloadLengthOf(packet)
  const end = ipv6.skipExtensions(packet, total)
  if (end >= ipv6.Chain.TOO_LONG || end >> 16 != Icmpv6.PROTOCOL) return 0
  const message = end & 0xffff
  if (message + Icmpv6.HEADER > total) return 0
  const type = <u32>load<u8>(packet + message)
  return type < Icmpv6.ROUTER_SOLICITATION || type > Icmpv6.REDIRECT ? 0 : message
}

/** True for a message that hosts and routers have to take (RFC 4861 sections 6.1.1, 7.1.1 and 7.1.2). */
export function isValid(packet: usize, at: u32): bool {
  const message = packet + at
  const length = ipv6.IPv6.HEADER + ipv6.payloadLengthOf(packet) - at
  if (load<u8>(packet, 7) != 255 || load<u8>(message, 1) != 0) return false
  const sum = ipv6.pseudoHeaderSum(packet, Icmpv6.PROTOCOL, length)
  if (checksum.fold(sum + <u64>checksum.sum(message, length)) != 0xffff) return false
  const type = <u32>load<u8>(message)
  const nameless = isZero(packet + 8)
  if (type == Icmpv6.ROUTER_SOLICITATION) {
    if (!hasOptions(message, Icmpv6.ROUTER_SOLICITATION_OPTIONS, length)) return false
    return !nameless || optionOf(message, 8, length, Option.SOURCE) == 0
  }
  if (length < Icmpv6.NEIGHBOR_OPTIONS) return false
  if (!hasOptions(message, Icmpv6.NEIGHBOR_OPTIONS, length)) return false
  if (load<u8>(message, Icmpv6.TARGET) == 0xff) return false
  const group = load<u8>(packet, 24) == 0xff
  if (type == Icmpv6.NEIGHBOR_ADVERTISEMENT) {
    return !group || (<u32>load<u8>(message, 4) & Advertised.SOLICITED) == 0
  }
  if (!nameless) return true
  // Duplicate address detection asks the group of the solicited node, and tells no MAC.
  return group && optionOf(message, Icmpv6.NEIGHBOR_OPTIONS, length, Option.SOURCE) == 0
}

/** True if the options from `at` on fill the message. */
function hasOptions(message: usize, at: u32, length: u32): bool {
  while (at < length) {
    const size = at + 8 <= length ? (<u32>load<u8>(message + at, 1)) << 3 : 0
    if (size == 0) return false
    at += size
  }
  return at == length
}

/** The MAC of an option of that kind in a message of valid options, or 0. */
export function optionOf(message: usize, at: u32, length: u32, kind: u32): u64 {
  while (at + 8 <= length) {
    if (<u32>load<u8>(message + at) == kind) return load<u64>(message + at) >> 16
    at += (<u32>load<u8>(message + at, 1)) << 3
  }
  return 0
}

/** True if an IPv6 address is the router's on the interface `own`. */
export function isOurs(config: usize, own: usize, address: usize): bool {
  if (!isLinkLocal(address)) return isOwnAddress(config, 6, address, load<u32>(own, Interface.FID))
  const linkLocal = own + Interface.LINK_LOCAL
  return (
    load<u64>(address) == load<u64>(linkLocal) && load<u64>(address, 8) == load<u64>(linkLocal, 8)
  )
}
