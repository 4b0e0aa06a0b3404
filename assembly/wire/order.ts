/**
 * Byte order: the network's is big-endian, loads are little-endian. Written out, since the compiler's own
 * `bswap` is a call wherever it is used.
 */

@inline
export function swap16(x: u16): u16 {
  return <u16>(((<u32>x) << 8) | (<u32>x >> 8))
}

@inline
export function swap32(x: u32): u32 {
  return (rotl<u32>(x, 8) & 0x00ff00ff) | (rotr<u32>(x, 8) & 0xff00ff00)
}
