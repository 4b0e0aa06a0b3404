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
import { follows, headersOf, isPushed, l3Of, l4Of, payloadOf, push } from './candidate'
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
 * Appends the frame to the candidate if it is the segment that follows; if it is shorter or pushed, the
 * candidate ends with it. Returns a Merge code. Nothing but what `differing` sums tells the checksums of
 * one flow's segments apart: they are right if those are the same as of the first, whose were verified.
 */
export function extend(space: usize, candidate: usize, frame: usize): u32 {
  const length = follows(candidate, frame)
  if (length == 0) return Merge.REFUSED
  if (load<u32>(candidate, Candidate.END) == 0 && !move(space, candidate)) return Merge.REFUSED
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const end = <usize>load<u32>(candidate, Candidate.END)
  const l3 = <u32>load<u8>(candidate, Candidate.L3)
  const l4 = <u32>load<u8>(candidate, Candidate.L4)
  const headers = <u32>load<u8>(candidate, Candidate.HEADERS)
  if (isVersion4(address + l3)) {
    if (differing4(address + l3) != load<u32>(candidate, Candidate.SUM4)) return Merge.DAMAGED
  }
  const header = headers - l4
  const sum = checksum.copy(end, address + headers, length)
  const differs = differing(address + l4, header, length, sum)
  if (differs != load<u32>(candidate, Candidate.SUM)) return Merge.DAMAGED
  store<u32>(candidate, <u32>end + length, Candidate.END)
  store<u32>(candidate, load<u32>(candidate, Candidate.NEXT) + length, Candidate.NEXT)
  store<u32>(candidate, load<u32>(candidate, Candidate.OCTETS) + length, Candidate.OCTETS)
  store<u32>(candidate, load<u32>(candidate, Candidate.COUNT) + 1, Candidate.COUNT)
  let isLast = length < load<u32>(candidate, Candidate.SIZE)
  if (header != UDP.HEADER && isPushed(address + l4)) {
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
  if (bring(candidate, to)) return true
  shrinkRoom(space, to, 0)
  return false
}

/** Copies a candidate's first segment to `to`, where it begins then; false if a checksum is wrong. */
function bring(candidate: usize, to: usize): bool {
  const address = <usize>load<u32>(candidate, Candidate.START)
  const headers = <u32>load<u8>(candidate, Candidate.HEADERS)
  const length = load<u32>(candidate, Candidate.SIZE)
  const packet = address + <u32>load<u8>(candidate, Candidate.L3)
  const l4 = address + <u32>load<u8>(candidate, Candidate.L4)
  const header = headers - <u32>(l4 - address)
  const protocol = header == UDP.HEADER ? UDP.PROTOCOL : TCP.PROTOCOL
  let pseudo: u64
  if (isVersion4(packet)) {
    if (checksum.sum(packet, ipv4.IPv4.HEADER) != 0xffff) return false
    store<u32>(candidate, differing4(packet), Candidate.SUM4)
    pseudo = ipv4.pseudoHeaderSum(packet, protocol, header + length)
  } else pseudo = ipv6.pseudoHeaderSum(packet, protocol, header + length)
  const sum = checksum.copy(to + headers, address + headers, length)
  if (checksum.fold(pseudo + <u64>checksum.sum(l4, header) + <u64>sum) != 0xffff) return false
  store<u32>(candidate, differing(l4, header, length, sum), Candidate.SUM)
  memory.copy(to, address, headers)
  store<u32>(candidate, <u32>to, Candidate.START)
  store<u32>(candidate, <u32>to + headers + length, Candidate.END)
  return true
}

/** The folded sum of what differs between the IPv4 headers of a flow: length, identification, checksum. */
@inline
function differing4(packet: usize): u32 {
  return checksum.fold(<u64>load<u32>(packet, 2) + <u64>load<u16>(packet, 10))
}

/**
 * The same of all that the checksum at `l4` covers, `payload` being the payload's sum: lengths, checksum,
 * and of TCP sequence number and flags.
 */
@inline
function differing(l4: usize, header: u32, length: u32, payload: u32): u32 {
  let total = <u64>swap16(<u16>(header + length)) + <u64>load<u32>(l4, 4) + <u64>payload
  if (header != UDP.HEADER) total += <u64>load<u16>(l4, 12) + <u64>load<u16>(l4, TCP.CHECKSUM)
  return checksum.fold(total)
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
  store<u8>(frame, 0, Frame.CLOSE)
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
