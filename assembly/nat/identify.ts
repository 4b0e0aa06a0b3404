/**
 * Identifications of IPv4 packets that may be fragments (RFC 6864 section 5.3.1): hosts behind one address
 * number theirs each for itself, so what leaves by it is numbered anew. An atomic packet, whole and not to
 * be fragmented, keeps what it has.
 */
import { Head, scramble } from '../flow/head'
import { FlowFlag, Kind } from '../flow/record'
import { Fragment, Frame, framesOf } from '../frame'
import { Directory, directory, Worker } from '../memory'
import { IDENTIFICATIONS } from '../size'
import { difference, update } from '../wire/checksum'
import * as ipv4 from '../wire/ipv4'
import { swap16 } from '../wire/order'

/** Numbers that a worker takes of a counter for later. */
const NUMBERS_AT_ONCE: u32 = 32

/** True if packets of this direction of a flow, with these flags, leave by an address that others leave by too. */
@inline
export function leavesShared(flags: u32, reference: u32): bool {
  const outward = ((reference & Kind.REPLY) != 0) == ((flags & FlowFlag.INWARD) != 0)
  return outward && (flags & FlowFlag.ONE_WAY) != 0
}

/** The identification, as it stands on the wire, that a packet of a shared address leaves with. */
export function nextIdentification(block: usize, table: usize, frame: usize, packet: usize): u32 {
  const had = <u32>load<u16>(packet, 4)
  const whole = <u32>load<u8>(frame, Frame.FRAGMENT) == Fragment.WHOLE
  if (whole && !ipv4.mayFragment(packet)) return had
  const number = numberOf(table, load<u32>(packet, 16), <u32>load<u8>(packet, 9))
  return <u32>swap16(<u16>(take(block, number >> 16, framesOf(frame)) + number))
}

/**
 * Which counter numbers the packets of a protocol to an address, as a load gives it, in the upper half, and what
 * is added to its numbers. One counter for those who go to one host; where two hosts share one, no number comes
 * sooner.
 */
export function numberOf(table: usize, destination: u32, protocol: u32): u32 {
  const to = load<u64>(table, Head.SEED) ^ <u64>destination
  const hash = scramble(to ^ ((<u64>protocol) << 32))
  return ((<u32>(hash >> 32) & (IDENTIFICATIONS - 1)) << 16) | (<u32>hash & 0xffff)
}

/** Where a worker has what it took of a counter: the next number u32, and how many it has u32. */
@inline
export function numbersAt(block: usize, index: u32): usize {
  return block + Worker.NUMBERS + ((<usize>index) << 3)
}

/** The first of `count` numbers of a counter that nobody else has. */
@inline
function take(block: usize, index: u32, count: u32): u32 {
  const own = numbersAt(block, index)
  if (load<u32>(own, 4) < count) takeMore(own, index, count)
  const first = load<u32>(own)
  store<u32>(own, first + count)
  store<u32>(own, load<u32>(own, 4) - count, 4)
  return first
}

/** Gives a worker numbers of its own: an exchange with all others for each packet would be dear. */
export function takeMore(own: usize, index: u32, count: u32): void {
  const counter = directory(Directory.IDENTIFIERS) + ((<usize>index) << 2)
  const taken = count + NUMBERS_AT_ONCE
  store<u32>(own, atomic.add<u32>(counter, taken))
  store<u32>(own, taken, 4)
}

/** Writes an identification. */
export function identify(packet: usize, identification: u32): void {
  const had = load<u16>(packet, 4)
  if (<u32>had == identification) return
  const by = difference(<u64>had, <u64>identification)
  store<u16>(packet, <u16>identification, 4)
  store<u16>(packet, <u16>update(load<u16>(packet, 10), by), 10)
}
