/** TCP (RFC 9293 section 3.1): 12 data offset|reserved, 13 flags, 16 checksum. */
export namespace TCP {
  export const PROTOCOL: u32 = 6
  export const HEADER: u32 = 20
  export const CHECKSUM: u32 = 16
}

/** Data offset in octets, options included. */
@inline
export function dataOffsetOf(segment: usize): u32 {
  return (<u32>load<u8>(segment, 12) >> 4) << 2
}

/** True when the header, options included, lies within the `available` octets. */
export function check(segment: usize, available: u32): bool {
  if (available < TCP.HEADER) return false
  const offset = dataOffsetOf(segment)
  return offset >= TCP.HEADER && offset <= available
}

/** True for a segment with SYN. */
@inline
export function isOpening(segment: usize): bool {
  return (load<u8>(segment, 13) & 2) != 0
}
