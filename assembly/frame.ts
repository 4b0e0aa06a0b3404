/**
 * The descriptor of a frame in flight: 64 bytes, one cache line. It is authoritative; the bytes in
 * the arena are rewritten from it at egress.
 *
 *    0 address u32     Ethernet header          4 length u32     from there, octets
 *    8 port u16        ingress                 10 fid u16        broadcast domain
 *   12 l3 u16          offset of the L3 header 14 l4 u16         of the transport header
 *   16 etherType u16   host order, inner-most  18 headers u16    octets up to the payload
 *   20 checksum u8     a Checksum state        21 gsoType u8     virtio's, without the ECN bit
 *   22 gsoSize u16     payload of a segment    24 checksumField  u16, offset in the L4 header
 *   26 ecn u8          GSO carries CWR         27 drop u8        the reason it is dropped for, or 0
 *   28 tag u32         the VLAN tag it lies with, four octets as they are; 0 for none
 *   32 source u32      address of the FDB bucket of the source   36 destination u32   likewise, once they
 *                      were read ahead (bridge/approach.ts)
 *   40 tci u16         priority and VID on a VLAN-aware bridge   42 nested u8   a tag is left in it
 *   43 protocol u8     of the transport header, through IPv6 extension headers
 *   44 ports u32       source and destination port as they stand on the wire, the source's in the
 *                      lower half; of ICMP echo the identifier in both; 0 of all else
 *   48 fragment u8     a Fragment      49 icmpType u8     50 fragmentAt u16   IPv6 fragment header, 0: none
 *   52 flow u32        the flow it belongs to, 0 for none     56 outFid u16   where it is routed to
 *   58 close u8        what lies before it belongs to another frame (underlay.ts), of what came by a tunnel
 *   60 track u32       what is known of it until it has a flow (flow/track.ts), 0 for nothing; on the short way
 *                      of one that lies close, the last octets of the frame before (shortcut.ts)
 *
 * Offsets count from `address`. l3, l4, etherType, headers and checksumField are set only where an
 * offload made the door parse that far, and with all from protocol to fragmentAt by `parse` (packet.ts)
 * for the router and the filter; on the plain path nothing reads them. `tag` is set where the
 * bridge is VLAN-aware and took the frame's outermost tag for its own: the frame lies with it, and
 * leaves with it, with another or without.
 */
export const FRAME_SIZE: usize = 64

/** An IPv6 packet of the largest payload length (40 + 65,535) behind an Ethernet header, 18 for tags. */
export const FRAME_MAX: u32 = 14 + 18 + 40 + 65535

/** What is known of a frame's transport checksum. */
export namespace Checksum {
  /** Nothing: the field stands as it came and the receiver verifies it. */
  export const COMPLETE: u32 = 0
  /** The field holds the folded pseudo-header sum, not complemented; whoever sends it out completes it. */
  export const PARTIAL: u32 = 1
  /** The field was verified by a device or by us. */
  export const VERIFIED: u32 = 2
}

export namespace Frame {
  export const ADDRESS: usize = 0
  export const LENGTH: usize = 4
  export const PORT: usize = 8
  export const FID: usize = 10
  export const L3: usize = 12
  export const L4: usize = 14
  export const ETHER_TYPE: usize = 16
  export const HEADERS: usize = 18
  export const CHECKSUM: usize = 20
  export const GSO_TYPE: usize = 21
  export const GSO_SIZE: usize = 22
  export const CHECKSUM_FIELD: usize = 24
  export const ECN: usize = 26
  export const DROP: usize = 27
  export const TAG: usize = 28
  export const SOURCE_BUCKET: usize = 32
  export const DESTINATION_BUCKET: usize = 36
  export const TCI: usize = 40
  export const NESTED: usize = 42
  export const PROTOCOL: usize = 43
  export const PORTS: usize = 44
  export const FRAGMENT: usize = 48
  export const ICMP_TYPE: usize = 49
  export const FRAGMENT_AT: usize = 50
  export const FLOW: usize = 52
  export const OUT_FID: usize = 56
  export const CLOSE: usize = 58
  export const TRACK: usize = 60
}

/** Which part of a datagram a packet is. */
export namespace Fragment {
  export const WHOLE: u32 = 0
  /** The one with the transport header. */
  export const FIRST: u32 = 1
  export const LATER: u32 = 2
}

/** Octets of a super-frame behind its headers. */
@inline
export function payloadOf(frame: usize): u32 {
  return load<u32>(frame, Frame.LENGTH) - <u32>load<u16>(frame, Frame.HEADERS)
}

/** How many segments a super-frame is. */
@inline
export function segmentsOf(frame: usize): u32 {
  const size = <u32>load<u16>(frame, Frame.GSO_SIZE)
  return (payloadOf(frame) + size - 1) / size
}

/** Frames that the frame is on a wire. */
@inline
export function framesOf(frame: usize): u32 {
  return load<u8>(frame, Frame.GSO_TYPE) == 0 ? 1 : segmentsOf(frame)
}
