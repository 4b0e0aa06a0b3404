/**
 * VXLAN (RFC 7348 section 5), behind UDP:
 *
 *   0 flags u8 (I: 0x08)   1 reserved   4 VNI, 3 octets   7 reserved u8
 */
export namespace Vxlan {
  export const HEADER: u32 = 8
  /** The header says a VNI. */
  export const FLAG_VNI: u32 = 0x08
}

/** All of a header but its VNI, as a load gives it. */
const BESIDE_VNI: u64 = 0xff000000_ffffffff

/** True if there is a VNI. What is reserved is not looked at (CONFORMANCE X2). */
@inline
export function hasVni(header: usize): bool {
  return (<u32>load<u8>(header) & Vxlan.FLAG_VNI) != 0
}

/** True if there is a VNI and nothing that is reserved is set. */
@inline
export function isClean(header: usize): bool {
  return (load<u64>(header) & BESIDE_VNI) == <u64>Vxlan.FLAG_VNI
}

/** The VNI as it stands there, its first octet lowest. */
@inline
export function vniOf(header: usize): u32 {
  return load<u32>(header, 4) & 0xffffff
}
