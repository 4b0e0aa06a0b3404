/**
 * Where the payload of an Ethernet frame begins and of what EtherType it is, through VLAN tags and
 * LLC/SNAP (RFC 1042, IEEE 802 section 9.3), however they are stacked: what is filtered must be found
 * in whichever of the wrappings a host would unpack (CVE-2021-27853, -27854, -27861, -27862).
 */
import { Ethernet, etherTypeAt, isTag, TAG } from './ethernet'

/** EtherTypes up to here are lengths (IEEE 802.3 clause 3.2.6). */
const LENGTH_MAX: u32 = 1500
/** AA-AA-03 and an OUI of 00-00-00 (RFC 1042) or 00-00-F8 (802.1H), as a load gives them. */
const SNAP: u64 = 0x00000003aaaa
const SNAP_BRIDGED: u64 = 0xf8000003aaaa
const SNAP_SIZE: u32 = 8
/** Tags and SNAP headers that are looked through. */
const LAYERS_MAX: u32 = 8

export namespace Payload {
  /** More wrappings than are looked through, or a frame that ends within one. */
  export const UNKNOWN: u32 = 0
}

/**
 * The EtherType of the payload shifted left by 16, and its offset; UNKNOWN if it cannot be told. An
 * 802.3 frame without SNAP has its length as its type.
 */
export function payloadOf(frame: usize, length: u32): u32 {
  let at = Ethernet.HEADER
  for (let layers: u32 = 0; layers < LAYERS_MAX; layers++) {
    if (at > length) return Payload.UNKNOWN
    const type = etherTypeAt(frame, at - 2)
    if (isTag(type)) {
      at += TAG
    } else if (type <= LENGTH_MAX && isSnap(frame + at, length - at)) {
      at += SNAP_SIZE
    } else {
      return (type << 16) | at
    }
  }
  return Payload.UNKNOWN
}

@inline
function isSnap(header: usize, available: u32): bool {
  if (available < SNAP_SIZE) return false
  const start = load<u64>(header) & 0xffffffffffff
  return start == SNAP || start == SNAP_BRIDGED
}
