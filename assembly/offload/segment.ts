/**
 * Segmentation of super-frames (GSO) for devices that take none: each segment gets headers of its own
 * in the worker's space for them, with lengths, IP identification, sequence number, flags and
 * checksums as the sender's stack would have written them, and its part of the payload as the body.
 * Nothing is copied but headers.
 */
import { Frame } from '../frame'
import * as checksum from '../wire/checksum'
import { EtherType } from '../wire/ethernet'
import * as ipv4 from '../wire/ipv4'
import * as ipv6 from '../wire/ipv6'
import { swap16, swap32 } from '../wire/order'
import { TCP } from '../wire/tcp'
import { UDP } from '../wire/udp'
import { clear } from '../wire/virtio'

/** Segments that are made of one super-frame at most. */
export const SEGMENTS_MAX: u32 = 192

/** TCP flags that only the last segment has, the one that only the first has, and urgent data. */
const FIN_PSH: u32 = 0x09
const CWR: u32 = 0x80
const URG: u32 = 0x20

/**
 * Makes the headers of segment `index` with the Ethernet header at `head`, where all headers of the
 * super-frame were copied, `longer` octets of tag among them. `payload` is
 * the address and `length` the octets of the segment's payload.
 */
export function segment(
  frame: usize,
  head: usize,
  longer: u32,
  index: u32,
  payload: usize,
  length: u32,
  last: bool,
): void {
  const packet = head + <u32>load<u16>(frame, Frame.L3) + longer
  const l4 = head + <u32>load<u16>(frame, Frame.L4) + longer
  const header = <u32>load<u16>(frame, Frame.HEADERS) - <u32>load<u16>(frame, Frame.L4)
  clear(head)
  const transport = header + length
  const isTcp = <u32>load<u16>(frame, Frame.CHECKSUM_FIELD) == TCP.CHECKSUM
  if (isTcp) cutTcp(l4, index * <u32>load<u16>(frame, Frame.GSO_SIZE), index == 0, last)
  else store<u16>(l4, swap16(<u16>transport), 4)
  if (<u32>load<u16>(frame, Frame.ETHER_TYPE) == EtherType.IPV4) {
    cutIPv4(packet, <u32>(l4 - packet) + transport, index)
  } else {
    const chain = <u32>(l4 - packet) - ipv6.IPv6.HEADER
    store<u16>(packet, swap16(<u16>(chain + transport)), 4)
  }
  const whole = load<u32>(frame, Frame.LENGTH) - <u32>load<u16>(frame, Frame.L4)
  sumTransport(l4, header, payload, length, whole, isTcp)
}

/**
 * Sequence number, flags and the urgent pointer, which counts from the segment's own sequence number: the
 * segments behind the urgent data have none (RFC 9293 section 3.8.5; CWR: RFC 3168 section 6.1.2).
 */
function cutTcp(l4: usize, offset: u32, first: bool, last: bool): void {
  store<u32>(l4, swap32(swap32(load<u32>(l4, 4)) + offset), 4)
  let flags = <u32>load<u8>(l4, 13)
  if (!last) flags &= ~FIN_PSH
  if (!first) flags &= ~CWR
  if ((flags & URG) != 0) {
    const urgent = <u32>swap16(load<u16>(l4, 18))
    if (urgent <= offset && !first) flags &= ~URG
    store<u16>(l4, swap16(<u16>(urgent - min(urgent, offset))), 18)
  }
  store<u8>(l4, <u8>flags, 13)
}

/** Total length, identification and header checksum. */
function cutIPv4(packet: usize, total: u32, index: u32): void {
  store<u16>(packet, swap16(<u16>total), 2)
  const identification = <u32>swap16(load<u16>(packet, 4)) + index
  store<u16>(packet, swap16(<u16>identification), 4)
  store<u16>(packet, 0, 10)
  store<u16>(packet, <u16>~checksum.sum(packet, ipv4.headerLengthOf(packet)), 10)
}

/**
 * Completes the checksum. Its field has the sum over the pseudo-header of the super-frame, `whole` octets
 * from the transport header on, of which only the length is another now. It is not worked out anew, since
 * the destination that counts may be in a routing header (RFC 8200 section 8.1).
 */
function sumTransport(
  l4: usize,
  header: u32,
  payload: usize,
  length: u32,
  whole: u32,
  isTcp: bool,
): void {
  const field: usize = isTcp ? TCP.CHECKSUM : UDP.CHECKSUM
  const lengths = <u64>swap16(<u16>(header + length)) + <u64>(~swap16(<u16>whole) & 0xffff)
  // Headers are of an even length, so that the payload's words line up with theirs.
  const sum = lengths + <u64>checksum.sum(l4, header) + <u64>checksum.sum(payload, length)
  const folded = ~checksum.fold(sum) & 0xffff
  store<u16>(l4 + field, folded == 0 && !isTcp ? 0xffff : <u16>folded)
}
