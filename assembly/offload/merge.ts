/**
 * Making one frame of several: the first is moved to a room of its own when a second comes, payloads are
 * appended, and in the end the headers say what the whole is. A checksum is verified while the payload
 * is copied; after that the super-frame leaves it to be completed, as a sender with offloads does.
 */
import { Checksum, Frame } from '../frame'
import * as checksum from '../wire/checksum'
import { EtherType } from '../wire/ethernet'
import * as ipv4 from '../wire/ipv4'
import * as ipv6 from '../wire/ipv6'
import { swap16, swap32 } from '../wire/order'
import { TCP } from '../wire/tcp'
import { UDP } from '../wire/udp'
import { Virtio } from '../wire/virtio'
import { headersOf, isPushed, l3Of, l4Of, payloadOf, push } from './candidate'
import { Candidate, isVersion4, leave, shrinkRoom, takeRoom } from './open'

/** What came of appending a segment. */
export namespace Merge {
  export const DONE: u32 = 0
  /** It does not follow, the first segment is damaged, or there is no room for a super-frame. */
  export const REFUSED: u32 = 1
  /** It is damaged. */
  export const DAMAGED: u32 = 2
}

/** Fills a candidate from the first segment of its flow. */
export function begin(candidate: usize, frame: usize, segment: u64): void {
  const address = load<u32>(frame, Frame.ADDRESS)
  store<u32>(candidate, <u32>frame, Candidate.FRAME)
  store<u32>(candidate, address, Candidate.START)
  store<u32>(candidate, <u32>segment >> 8, Candidate.PLACE)
  store<u32>(candidate, payloadOf(segment), Candidate.SIZE)
  store<u32>(candidate, 0, Candidate.END)
  store<u32>(candidate, headersOf(segment) - l3Of(segment) + payloadOf(segment), Candidate.OCTETS)
  store<u32>(candidate, 1, Candidate.COUNT)
  const sequence = swap32(load<u32>(<usize>address + l4Of(segment), 4))
  store<u32>(candidate, sequence + payloadOf(segment), Candidate.NEXT)
}

/**
 * Appends a segment of `length` octets of payload that follows the candidate, which ends with it if it is
 * shorter or pushed. Returns a Merge code.
 */
export function append(space: usize, candidate: usize, frame: usize, length: u32): u32 {
  if (load<u32>(candidate, Candidate.END) == 0 && !move(space, candidate)) return Merge.REFUSED
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const end = <usize>load<u32>(candidate, Candidate.END)
  const place = load<u32>(candidate, Candidate.PLACE)
  if (!bring(end, address, place, length)) return Merge.DAMAGED
  store<u32>(candidate, <u32>end + length, Candidate.END)
  store<u32>(candidate, load<u32>(candidate, Candidate.NEXT) + length, Candidate.NEXT)
  store<u32>(candidate, load<u32>(candidate, Candidate.OCTETS) + length, Candidate.OCTETS)
  store<u32>(candidate, load<u32>(candidate, Candidate.COUNT) + 1, Candidate.COUNT)
  const l4 = (place >> 8) & 0xff
  let isLast = length < load<u32>(candidate, Candidate.SIZE)
  if ((place >> 16) - l4 != UDP.HEADER && isPushed(address + l4)) {
    push(<usize>load<u32>(candidate, Candidate.START) + l4)
    isLast = true
  }
  if (isLast) close(space, candidate)
  return Merge.DONE
}

/** Moves a candidate's first segment to a room of its own; false if there is none, or it is damaged. */
function move(space: usize, candidate: usize): bool {
  const to = takeRoom(space)
  if (to == 0) return false
  const address = <usize>load<u32>(candidate, Candidate.START)
  const headers = <u32>load<u8>(candidate, Candidate.HEADERS)
  const length = load<u32>(candidate, Candidate.SIZE)
  if (!bring(to + headers, address, load<u32>(candidate, Candidate.PLACE), length)) {
    shrinkRoom(space, to, 0)
    return false
  }
  memory.copy(to, address, headers)
  store<u32>(candidate, <u32>to, Candidate.START)
  store<u32>(candidate, <u32>to + headers + length, Candidate.END)
  return true
}

/**
 * Copies the payload, `length` octets, of the frame at `address` to `to`. `place`: where its headers
 * are, see Segment. False if a checksum is wrong.
 */
function bring(to: usize, address: usize, place: u32, length: u32): bool {
  const packet = address + (place & 0xff)
  const l4 = (place >> 8) & 0xff
  const header = (place >> 16) - l4
  const protocol = header == UDP.HEADER ? UDP.PROTOCOL : TCP.PROTOCOL
  let pseudo: u64
  if (isVersion4(packet)) {
    if (checksum.sum(packet, ipv4.IPv4.HEADER) != 0xffff) return false
    pseudo = ipv4.pseudoHeaderSum(packet, protocol, header + length)
  } else pseudo = ipv6.pseudoHeaderSum(packet, protocol, header + length)
  const sum =
    <u64>checksum.sum(address + l4, header) + <u64>checksum.copy(to, address + l4 + header, length)
  return checksum.fold(pseudo + sum) == 0xffff
}

/** Nothing follows the candidate any more: what was made of several segments becomes a super-frame. */
export function close(space: usize, candidate: usize): void {
  const end = <usize>load<u32>(candidate, Candidate.END)
  if (end != 0) {
    const isOne = load<u32>(candidate, Candidate.COUNT) == 1
    if (!isOne) finish(candidate)
    shrinkRoom(space, <usize>load<u32>(candidate, Candidate.START), isOne ? 0 : end)
  }
  leave(space, candidate)
}

/** Headers and descriptor as the door would have them of a super-frame that came in as one. */
function finish(candidate: usize): void {
  const frame = <usize>load<u32>(candidate, Candidate.FRAME)
  const start = <usize>load<u32>(candidate, Candidate.START)
  const l3 = <u32>load<u8>(candidate, Candidate.L3)
  const l4 = <u32>load<u8>(candidate, Candidate.L4)
  const headers = <u32>load<u8>(candidate, Candidate.HEADERS)
  const octets = load<u32>(candidate, Candidate.OCTETS)
  const transport = octets - (l4 - l3)
  const isUdp = headers - l4 == UDP.HEADER
  const protocol = isUdp ? UDP.PROTOCOL : TCP.PROTOCOL
  const field: u32 = isUdp ? UDP.CHECKSUM : TCP.CHECKSUM
  const version4 = isVersion4(start + l3)
  const pseudo = version4
    ? lengthenIPv4(start + l3, octets, protocol, transport)
    : lengthenIPv6(start + l3, protocol, transport)
  if (isUdp) store<u16>(start + l4, swap16(<u16>transport), 4)
  store<u16>(start + l4 + field, <u16>checksum.fold(pseudo))
  store<u32>(frame, <u32>start, Frame.ADDRESS)
  store<u32>(frame, l3 + octets, Frame.LENGTH)
  store<u16>(frame, <u16>l3, Frame.L3)
  store<u16>(frame, <u16>l4, Frame.L4)
  store<u16>(frame, <u16>(version4 ? EtherType.IPV4 : EtherType.IPV6), Frame.ETHER_TYPE)
  store<u16>(frame, <u16>headers, Frame.HEADERS)
  store<u8>(frame, <u8>Checksum.PARTIAL, Frame.CHECKSUM)
  const gso = version4 ? Virtio.GSO_TCPV4 : Virtio.GSO_TCPV6
  store<u8>(frame, <u8>(isUdp ? Virtio.GSO_UDP_L4 : gso), Frame.GSO_TYPE)
  store<u16>(frame, <u16>load<u32>(candidate, Candidate.SIZE), Frame.GSO_SIZE)
  store<u16>(frame, <u16>field, Frame.CHECKSUM_FIELD)
  store<u8>(frame, 0, Frame.ECN)
}

/** Length and checksum of the header; returns the sum over the pseudo-header. */
function lengthenIPv4(packet: usize, octets: u32, protocol: u32, transport: u32): u64 {
  store<u16>(packet, swap16(<u16>octets), 2)
  store<u16>(packet, 0, 10)
  store<u16>(packet, <u16>~checksum.sum(packet, ipv4.IPv4.HEADER), 10)
  return ipv4.pseudoHeaderSum(packet, protocol, transport)
}

function lengthenIPv6(packet: usize, protocol: u32, transport: u32): u64 {
  store<u16>(packet, swap16(<u16>transport), 4)
  return ipv6.pseudoHeaderSum(packet, protocol, transport)
}
