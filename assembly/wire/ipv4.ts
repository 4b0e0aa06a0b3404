/**
 * IPv4 (RFC 791 section 3.1). Accessors do not check; `check` at the door does.
 *
 *   0 version|IHL   2 total length   6 flags|fragment offset   9 protocol   12 source   16 destination
 */
import { swap16 } from './order'

export namespace IPv4 {
  export const HEADER: u32 = 20
  /** More Fragments and the fragment offset: zero for a whole datagram. */
  export const FRAGMENT_MASK: u32 = 0x3fff
}

@inline
export function versionOf(packet: usize): u32 {
  return <u32>load<u8>(packet) >> 4
}

/** Header length in octets, options included. */
@inline
export function headerLengthOf(packet: usize): u32 {
  return (<u32>load<u8>(packet) & 15) << 2
}

@inline
export function totalLengthOf(packet: usize): u32 {
  return <u32>swap16(load<u16>(packet, 2))
}

@inline
export function isFragment(packet: usize): bool {
  return (<u32>swap16(load<u16>(packet, 6)) & IPv4.FRAGMENT_MASK) != 0
}

/** Octets by which the fragment lies behind the datagram's beginning. */
@inline
export function fragmentOffsetOf(packet: usize): u32 {
  return (<u32>swap16(load<u16>(packet, 6)) & 0x1fff) << 3
}

@inline
export function moreFragments(packet: usize): bool {
  return (load<u8>(packet, 6) & 0x20) != 0
}

@inline
export function mayFragment(packet: usize): bool {
  return (load<u8>(packet, 6) & 0x40) == 0
}

@inline
export function protocolOf(packet: usize): u32 {
  return <u32>load<u8>(packet, 9)
}

/**
 * True when version, IHL and total length agree with each other and with the `available` octets
 * (RFC 1122 section 3.2.1): the header and the datagram lie within.
 */
export function check(packet: usize, available: u32): bool {
  if (available < IPv4.HEADER || versionOf(packet) != 4) return false
  const header = headerLengthOf(packet)
  const total = totalLengthOf(packet)
  return header >= IPv4.HEADER && header <= total && total <= available
}

/** Sum over the pseudo-header of UDP and TCP (RFC 768, RFC 9293 section 3.1), not folded. */
export function pseudoHeaderSum(packet: usize, protocol: u32, length: u32): u64 {
  const addresses = <u64>load<u32>(packet, 12) + <u64>load<u32>(packet, 16)
  return addresses + <u64>swap16(<u16>protocol) + <u64>swap16(<u16>length)
}
