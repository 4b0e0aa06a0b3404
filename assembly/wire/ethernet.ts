/**
 * Ethernet II (IEEE 802.3 clause 3.1.1): destination 6, source 6, EtherType 2.
 *
 * A MAC is handled as its six octets in one u64, first octet lowest, as a little-endian load gives
 * them: no swap is ever needed to compare or hash. Accessors do not check lengths; callers are
 * behind `offload/accept`, which has seen 14 octets.
 */
import { swap16 } from './order'

export namespace Ethernet {
  export const DESTINATION: usize = 0
  export const SOURCE: usize = 6
  export const TYPE: usize = 12
  export const HEADER: u32 = 14
}

/** EtherTypes, host order. */
export namespace EtherType {
  export const IPV4: u32 = 0x0800
  export const ARP: u32 = 0x0806
  export const VLAN: u32 = 0x8100
  export const IPV6: u32 = 0x86dd
  export const QINQ: u32 = 0x88a8
}

/** Octets of an 802.1Q tag: TPID and TCI. */
export const TAG: u32 = 4

export const BROADCAST: u64 = 0xffffffffffff
const MAC_MASK: u64 = 0xffffffffffff
/** 01-80-C2-00-00-00 as a load gives it, and the mask that leaves out the low nibble of the last octet. */
const RESERVED: u64 = 0x000000c28001
const RESERVED_MASK: u64 = 0xf0ffffffffff

@inline
export function destinationOf(frame: usize): u64 {
  return load<u64>(frame, Ethernet.DESTINATION) & MAC_MASK
}

@inline
export function sourceOf(frame: usize): u64 {
  return load<u64>(frame, Ethernet.SOURCE) & MAC_MASK
}

/** The EtherType (or 802.3 length) at `offset`, host order. */
@inline
export function etherTypeAt(frame: usize, offset: u32): u32 {
  return <u32>swap16(load<u16>(frame + offset))
}

/** I/G bit of the first octet (IEEE 802 8.2): multicast or broadcast. */
@inline
export function isGroup(mac: u64): bool {
  return (<u32>mac & 1) != 0
}

/** True for what a frame may come from: an individual address, and not zero. */
@inline
export function isStation(mac: u64): bool {
  return !isGroup(mac) && mac != 0
}

/** 01-80-C2-00-00-00 to -0F (IEEE 802.1D-2004 table 7-10). */
@inline
export function isReserved(mac: u64): bool {
  return (mac & RESERVED_MASK) == RESERVED
}

@inline
export function isTag(etherType: u32): bool {
  return etherType == EtherType.VLAN || etherType == EtherType.QINQ
}

/**
 * Octets before the network header: 14, and 4 for each of at most two tags that lie within
 * `length`. The EtherType stands in the two octets before.
 */
@inline
export function headerLength(frame: usize, length: u32): u32 {
  let at = Ethernet.HEADER
  if (isTag(etherTypeAt(frame, 12)) && length >= 18) {
    at = 18
    if (isTag(etherTypeAt(frame, 16)) && length >= 22) at = 22
  }
  return at
}
