/**
 * IPv6 and its extension headers (RFC 8200 sections 3 and 4).
 *
 *   0 version|class|flow   4 payload length   6 next header   7 hop limit   8 source   24 destination
 */
import { swap16 } from './order'

export namespace IPv6 {
  export const HEADER: u32 = 40
  export const FRAGMENT_HEADER: u32 = 8
  export const HOP_BY_HOP: u32 = 0
  export const ROUTING: u32 = 43
  export const FRAGMENT: u32 = 44
  export const DESTINATION_OPTIONS: u32 = 60
  /** Bounds on a chain that is followed (CONFORMANCE T10). */
  export const CHAIN_HEADERS: u32 = 8
  export const CHAIN_OCTETS: u32 = 256
}

@inline
export function versionOf(packet: usize): u32 {
  return <u32>load<u8>(packet) >> 4
}

@inline
export function payloadLengthOf(packet: usize): u32 {
  return <u32>swap16(load<u16>(packet, 4))
}

@inline
export function nextHeaderOf(packet: usize): u32 {
  return <u32>load<u8>(packet, 6)
}

/** True when version and payload length agree with the `available` octets. Jumbograms do not. */
export function check(packet: usize, available: u32): bool {
  if (available < IPv6.HEADER || versionOf(packet) != 6) return false
  return IPv6.HEADER + payloadLengthOf(packet) <= available
}

/** A word that most addresses differ in, for tables that tell by the address itself whose a place is. */
@inline
export function mix(address: usize): u32 {
  let word = (load<u64>(address) * 0x9e3779b97f4a7c15) ^ load<u64>(address, 8)
  word = (word ^ (word >> 32)) * 0xbf58476d1ce4e5b9
  return <u32>(word >> 32)
}

/** Octets by which the fragment lies behind the beginning of what was fragmented; `header`: its own. */
@inline
export function fragmentOffsetOf(header: usize): u32 {
  return <u32>swap16(load<u16>(header, 2)) & 0xfff8
}

@inline
export function moreFragments(header: usize): bool {
  return (load<u8>(header, 3) & 1) != 0
}

/** True for a header behind which another follows, but that of a fragment. */
@inline
export function isExtension(next: u32): bool {
  return next == IPv6.HOP_BY_HOP || next == IPv6.ROUTING || next == IPv6.DESTINATION_OPTIONS
}

/** What `skipExtensions` returns when it does not reach a transport header. */
export namespace Chain {
  export const TOO_LONG: u32 = 0xfffffffe
  export const TRUNCATED: u32 = 0xffffffff
}

/**
 * Follows the extension headers of a checked packet of `length` octets. Returns the transport's
 * protocol number shifted left by 16 and its offset from the packet's start, or a Chain code.
 * A fragment header ends the walk and is returned as the protocol.
 */
export function skipExtensions(packet: usize, length: u32): u32 {
  return skipFrom(packet, nextHeaderOf(packet), IPv6.HEADER, length)
}

/** The same from a header of type `next` at `at` on. */
export function skipFrom(packet: usize, next: u32, at: u32, length: u32): u32 {
  let seen: u32 = 0
  while (isExtension(next)) {
    if (++seen > IPv6.CHAIN_HEADERS) return Chain.TOO_LONG
    if (at + 8 > length) return Chain.TRUNCATED
    next = <u32>load<u8>(packet + at)
    at += (<u32>load<u8>(packet + at, 1) + 1) << 3
    if (at > IPv6.HEADER + IPv6.CHAIN_OCTETS) return Chain.TOO_LONG
  }
  return at > length ? Chain.TRUNCATED : (next << 16) | at
}

/** Sum over the pseudo-header (RFC 8200 section 8.1), not folded. No routing header is looked at. */
export function pseudoHeaderSum(packet: usize, protocol: u32, length: u32): u64 {
  let total = <u64>swap16(<u16>protocol) + <u64>swap16(<u16>length)
  for (let at: usize = 8; at < IPv6.HEADER; at += 4) total += <u64>load<u32>(packet + at)
  return total
}
