/**
 * VLAN tags (IEEE 802.1Q-2022 section 9.4): TPID 2, TCI 2 (PCP 3 bits, DEI 1, VID 12), between the
 * source address and the EtherType.
 *
 * A tag is handled as its four octets in one u32, as a load gives them: TPID in the lower half, TCI
 * in the upper, both in the byte order of the wire.
 */
import { Ethernet } from './ethernet'
import { swap16 } from './order'

export namespace Vlan {
  /** Octets of a frame up to the end of its outermost tag. */
  export const HEADER: u32 = 18
  export const VID_MASK: u32 = 0xfff
  /** Only a priority is told. */
  export const VID_NONE: u32 = 0
  export const VID_RESERVED: u32 = 0xfff
}

/** The four octets behind the addresses, whatever they are. */
@inline
export function tagAt(frame: usize): u32 {
  return load<u32>(frame, Ethernet.TYPE)
}

/** TCI of a tag, host order. */
@inline
export function tciOf(tag: u32): u32 {
  return <u32>swap16(<u16>(tag >> 16))
}

/** The tag of a TPID as it stands on the wire, and a TCI in host order. */
@inline
export function tagOf(tpid: u32, tci: u32): u32 {
  return tpid | ((<u32>swap16(<u16>tci)) << 16)
}

/** Copies both addresses from `frame` to `to`, which may overlap: 12 octets. */
@inline
export function copyAddresses(to: usize, frame: usize): void {
  const low = load<u64>(frame)
  const high = load<u32>(frame, 8)
  store<u64>(to, low)
  store<u32>(to, high, 8)
}

/** The same with a tag behind them: 16 octets. */
@inline
export function copyTagged(to: usize, frame: usize, tag: u32): void {
  copyAddresses(to, frame)
  store<u32>(to, tag, Ethernet.TYPE)
}
