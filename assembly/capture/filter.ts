/** Which frames a capture wants: up to 32 filters, in the directory block, that control sets. */
import { DIRECTORY, Directory } from '../memory'
import { destinationOf, Ethernet, EtherType, sourceOf } from '../wire/ethernet'
import { swap16 } from '../wire/order'
import { payloadOf } from '../wire/payload'
import { tagAt, tciOf, Vlan } from '../wire/vlan'

export const CAPTURES_MAX: u32 = 32
const FILTER_SIZE: usize = 64

/**
 * A filter: 0 wants u32, 4 port u32, 8 mac u64, 16 etherType u32, 20 vlan u32, 24 version u32 (4 or 6),
 * 28 prefix length u32, 32 address 16 octets, 48 most octets of a frame u32.
 */
export namespace Wants {
  export const RECEIVED: u32 = 1
  export const TRANSMITTED: u32 = 2
  export const DROPPED: u32 = 4
  export const PORT: u32 = 8
  export const MAC: u32 = 16
  export const ETHER_TYPE: u32 = 32
  export const VLAN: u32 = 64
  export const ADDRESS: u32 = 128
}

@inline
export function filterOf(which: u32): usize {
  return DIRECTORY + Directory.FILTERS + <usize>which * FILTER_SIZE
}

/** The captures that may want a frame of this port, a bit each; `kind` is of Wants. */
export function whoWants(port: u32, kind: u32): u32 {
  const active = load<u32>(DIRECTORY, Directory.CAPTURING)
  let wanted: u32 = 0
  for (let which: u32 = 0; which < CAPTURES_MAX; which++) {
    if (((active >> which) & 1) == 0) continue
    const filter = filterOf(which)
    const wants = load<u32>(filter)
    if ((wants & kind) == 0) continue
    if ((wants & Wants.PORT) != 0 && load<u32>(filter, 4) != port) continue
    wanted |= 1 << which
  }
  return wanted
}

/** The most octets that any of some captures keeps. */
export function mostOf(captures: u32): u32 {
  let most: u32 = 0
  for (let which: u32 = 0; which < CAPTURES_MAX; which++) {
    if (((captures >> which) & 1) != 0) most = max(most, load<u32>(filterOf(which), 48))
  }
  return most
}

/** True if the filter lets a frame through whose first octets are given. */
export function matches(filter: usize, frame: usize, length: u32): bool {
  const wants = load<u32>(filter)
  if (wants < Wants.MAC) return true
  if (length < Ethernet.HEADER) return false
  if ((wants & Wants.MAC) != 0) {
    const mac = load<u64>(filter, 8)
    if (sourceOf(frame) != mac && destinationOf(frame) != mac) return false
  }
  if ((wants & Wants.VLAN) != 0) {
    const tag = length < Vlan.HEADER ? 0 : tagAt(frame)
    const type = <u32>swap16(<u16>tag)
    const tagged = type == EtherType.VLAN || type == EtherType.QINQ
    if (!tagged || (tciOf(tag) & Vlan.VID_MASK) != load<u32>(filter, 20)) return false
  }
  if ((wants & (Wants.ETHER_TYPE | Wants.ADDRESS)) == 0) return true
  const payload = payloadOf(frame, length)
  if ((wants & Wants.ETHER_TYPE) != 0 && payload >> 16 != load<u32>(filter, 16)) return false
  return (wants & Wants.ADDRESS) == 0 || hasAddress(filter, frame, length, payload)
}

/** True if the IP source or destination, or an address that ARP speaks of, lies in the prefix. */
function hasAddress(filter: usize, frame: usize, length: u32, payload: u32): bool {
  const type = payload >> 16
  const at = payload & 0xffff
  const version6 = load<u32>(filter, 24) == 6
  if (version6) {
    if (type != EtherType.IPV6 || at + 40 > length) return false
    return inPrefix(filter, frame + at + 8) || inPrefix(filter, frame + at + 24)
  }
  if (type == EtherType.IPV4) {
    return (
      at + 20 <= length && (inPrefix(filter, frame + at + 12) || inPrefix(filter, frame + at + 16))
    )
  }
  if (type != EtherType.ARP || at + 28 > length) return false
  return inPrefix(filter, frame + at + 14) || inPrefix(filter, frame + at + 24)
}

function inPrefix(filter: usize, address: usize): bool {
  let bits = load<u32>(filter, 28)
  let at: usize = 0
  for (; bits >= 8; bits -= 8, at++) {
    if (load<u8>(filter + at, 32) != load<u8>(address + at)) return false
  }
  return bits == 0 || <u32>(load<u8>(filter + at, 32) ^ load<u8>(address + at)) >> (8 - bits) == 0
}

/**
 * Starts capture `which` (0 to 31), or changes its filter: `wants` says which of the rest are asked
 * for. The address is four words as a load of its octets gives them.
 */
export function captureStart(
  which: u32,
  wants: u32,
  port: u32,
  macHigh: u32,
  macLow: u32,
  etherType: u32,
  vlan: u32,
  snapLength: u32,
): void {
  const filter = filterOf(which)
  store<u32>(filter, wants)
  store<u32>(filter, port, 4)
  store<u64>(filter, bswap<u64>(((<u64>macHigh) << 32) | <u64>macLow) >> 16, 8)
  store<u32>(filter, etherType, 16)
  store<u32>(filter, vlan, 20)
  store<u32>(filter, snapLength, 48)
  atomic.or<u32>(DIRECTORY, 1 << which, Directory.CAPTURING)
}

/** Sets the address that a capture asks for, before it is started: IP version, prefix, octets as words. */
export function captureAddress(
  which: u32,
  version: u32,
  prefix: u32,
  a: u32,
  b: u32,
  c: u32,
  d: u32,
): void {
  const filter = filterOf(which)
  store<u32>(filter, version, 24)
  store<u32>(filter, prefix, 28)
  store<u32>(filter, a, 32)
  store<u32>(filter, b, 36)
  store<u32>(filter, c, 40)
  store<u32>(filter, d, 44)
}

export function captureStop(which: u32): void {
  atomic.and<u32>(DIRECTORY, ~(1 << which), Directory.CAPTURING)
}
