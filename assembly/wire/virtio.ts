/**
 * The virtio-net header that TAP and packet sockets put before a frame (virtio 1.2 section 5.1.6,
 * <linux/virtio_net.h>), 12 octets, little-endian on every machine we run on:
 *
 *   0 flags u8   1 gso_type u8   2 hdr_len u16   4 gso_size u16
 *   6 csum_start u16   8 csum_offset u16   10 num_buffers u16
 *
 * It stands directly before the Ethernet header; functions take the address of the latter.
 */
export namespace Virtio {
  export const HEADER: usize = 12

  export const FLAG_NEEDS_CSUM: u32 = 1
  export const FLAG_DATA_VALID: u32 = 2

  export const GSO_NONE: u32 = 0
  export const GSO_TCPV4: u32 = 1
  export const GSO_TCPV6: u32 = 4
  export const GSO_UDP_L4: u32 = 5
  export const GSO_ECN: u32 = 0x80
}

/** flags and gso_type in one load: 0 for a frame that asks for nothing. */
@inline
export function requestOf(frame: usize): u32 {
  return <u32>load<u16>(frame - Virtio.HEADER)
}

@inline
export function gsoSizeOf(frame: usize): u32 {
  return <u32>load<u16>(frame - Virtio.HEADER, 4)
}

@inline
export function checksumStartOf(frame: usize): u32 {
  return <u32>load<u16>(frame - Virtio.HEADER, 6)
}

@inline
export function checksumOffsetOf(frame: usize): u32 {
  return <u32>load<u16>(frame - Virtio.HEADER, 8)
}

/** Writes a header that asks for nothing. */
@inline
export function clear(frame: usize): void {
  store<u64>(frame - Virtio.HEADER, 0)
  store<u32>(frame - Virtio.HEADER, 0, 8)
}

/** Writes a whole header; `num_buffers` is 0, which TAP and packet sockets ignore. */
export function write(
  frame: usize,
  flags: u32,
  gsoType: u32,
  headers: u32,
  gsoSize: u32,
  checksumStart: u32,
  checksumOffset: u32,
): void {
  const header = frame - Virtio.HEADER
  store<u8>(header, <u8>flags)
  store<u8>(header, <u8>gsoType, 1)
  store<u16>(header, <u16>headers, 2)
  store<u16>(header, <u16>gsoSize, 4)
  store<u16>(header, <u16>checksumStart, 6)
  store<u16>(header, <u16>checksumOffset, 8)
  store<u16>(header, 0, 10)
}
