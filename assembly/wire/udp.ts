/** UDP (RFC 768): 0 source port, 2 destination port, 4 length, 6 checksum (0: none). */
import { swap16 } from './order'

export namespace UDP {
  export const PROTOCOL: u32 = 17
  export const HEADER: u32 = 8
  export const CHECKSUM: u32 = 6
  /** Datagrams that one UDP_L4 super-frame may stand for (UDP_MAX_SEGMENTS of <linux/udp.h>). */
  export const SEGMENTS_MAX: u32 = 128
}

/**
 * True when the datagram, by its own length, is all of the `available` octets. IP would let it end
 * earlier, but whoever completes the checksum sums to the end of the packet.
 */
export function check(datagram: usize, available: u32): bool {
  return available >= UDP.HEADER && lengthOf(datagram) == available
}

/** Octets of the datagram by its own header, which is among them. */
@inline
export function lengthOf(datagram: usize): u32 {
  return <u32>swap16(load<u16>(datagram, 4))
}
