/**
 * ICMP errors belong to the flow of the packet that they quote (RFC 5508 section 4). What is quoted is
 * what left here, so it is turned round to be found, and it gets back what its sender wrote; type and
 * code stay, nothing is refreshed, and an error about no flow goes nowhere (CONFORMANCE A18, A10).
 */
import { Drop } from '../drop'
import { find } from '../flow/bucket'
import { hashOf } from '../flow/hash'
import {
  copyAddresses,
  FlowFlag,
  flagsOf,
  incarnationOf,
  isSame,
  Kind,
  portsOf,
  recordOf,
  sameTuple,
  setPorts,
  tupleOf,
  turn,
} from '../flow/record'
import { isOver } from '../flow/state'
import { Fragment, Frame } from '../frame'
import { difference, fold, sum, update } from '../wire/checksum'
import * as icmp from '../wire/icmp'
import * as icmpv6 from '../wire/icmpv6'
import * as ipv4 from '../wire/ipv4'
import * as ipv6 from '../wire/ipv6'
import { checksumOffsetOf, sumWide } from './rewrite'

const TCP: u32 = 6
const UDP: u32 = 17
/** Octets behind an inner IP header that may change: up to the checksum of TCP. */
const QUOTED_MAX: u32 = 18
/** An inner packet that cannot be read. */
const MALFORMED: u32 = 0xffffffff

/** Room for tuples on the frame's own track: see Track. */
const LEAVES: usize = 64
const WORK: usize = 104
const OTHER: usize = 148

/**
 * Finds the flow of an ICMP error and translates both its headers. Returns 0 or a drop reason;
 * Frame.FLOW is the flow, in the direction of the error.
 */
export function relate(table: usize, wide: bool, frame: usize, tick: u32, track: usize): u32 {
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const message = address + <usize>load<u16>(frame, Frame.L4)
  const length = load<u32>(frame, Frame.LENGTH) - <u32>load<u16>(frame, Frame.L4)
  if (<u32>load<u8>(frame, Frame.FRAGMENT) != Fragment.WHOLE) return Drop.FLOW_INVALID
  if (!isIntact(frame, message, length, wide)) return Drop.FLOW_INVALID
  const inner = message + icmp.Icmp.HEADER
  const available = length - icmp.Icmp.HEADER
  const header = headerOf(inner, available, wide)
  if (header == MALFORMED) return Drop.FLOW_INVALID
  const protocol = header >> 16
  const at = header & 0xffff
  // The tuple of what would have answered the quoted packet.
  copyAddresses(track + LEAVES, inner + (wide ? 8 : 12), wide)
  setPorts(track + LEAVES, wide, portsIn(inner + at, available - at, protocol, wide))
  turn(track + WORK, track + LEAVES, wide)
  const ports = portsOf(track + WORK, wide)
  const hash = hashOf(table, wide, track + WORK, ports, protocol, Kind.ORIGINAL)
  const reference = find(table, wide, hash, track + WORK, ports, protocol, Kind.ORIGINAL)
  if (reference == 0) return Drop.FLOW_INVALID
  const record = recordOf(table, reference)
  const incarnation = incarnationOf(record)
  if (isOver(record, tick)) return Drop.FLOW_INVALID
  if (!sameTuple(tupleOf(record, wide, reference & 1), track + WORK, wide)) return Drop.FLOW_INVALID
  const its = tupleOf(record, wide, (reference & 1) ^ 1)
  const other = track + OTHER
  copyAddresses(other, its, wide)
  setPorts(other, wide, portsOf(its, wide))
  const translated = (flagsOf(record) & FlowFlag.TRANSLATED) != 0
  // Another worker may have ended the flow and begun one in its record.
  if (!isSame(record, incarnation)) return Drop.FLOW_INVALID
  store<u32>(frame, reference, Frame.FLOW)
  if (!translated) return 0
  const before = sum(inner, min(available, at + QUOTED_MAX))
  restoreInner(inner, at, available, protocol, wide, other)
  const change = difference(<u64>before, <u64>sum(inner, min(available, at + QUOTED_MAX)))
  translateOuter(frame, message, wide, track, other, change)
  return 0
}

/** True if the message's own checksum is right (RFC 5508 REQ-3). */
function isIntact(frame: usize, message: usize, length: u32, wide: bool): bool {
  let seed: u64 = 0
  if (wide) {
    const packet = <usize>load<u32>(frame, Frame.ADDRESS) + <usize>load<u16>(frame, Frame.L3)
    seed = ipv6.pseudoHeaderSum(packet, icmpv6.Icmpv6.PROTOCOL, length)
  }
  return fold(seed + <u64>sum(message, length)) == 0xffff
}

/** Protocol << 16 | octets of the inner IP header, of a first or whole packet; else MALFORMED. */
function headerOf(inner: usize, available: u32, wide: bool): u32 {
  if (wide) {
    if (available < ipv6.IPv6.HEADER || ipv6.versionOf(inner) != 6) return MALFORMED
    let end = ipv6.skipExtensions(inner, available)
    if (end >> 16 == ipv6.IPv6.FRAGMENT) {
      const fragment = inner + (end & 0xffff)
      const behind = (end & 0xffff) + ipv6.IPv6.FRAGMENT_HEADER
      if (behind > available || ipv6.fragmentOffsetOf(fragment) != 0) return MALFORMED
      end = ipv6.skipFrom(inner, <u32>load<u8>(fragment), behind, available)
    }
    if (end >= ipv6.Chain.TOO_LONG || end >> 16 == ipv6.IPv6.FRAGMENT) return MALFORMED
    return end
  }
  if (available < ipv4.IPv4.HEADER || ipv4.versionOf(inner) != 4) return MALFORMED
  const header = ipv4.headerLengthOf(inner)
  if (header < ipv4.IPv4.HEADER || header > available) return MALFORMED
  if (sum(inner, header) != 0xffff || ipv4.fragmentOffsetOf(inner) != 0) return MALFORMED
  return (ipv4.protocolOf(inner) << 16) | header
}

/** The ports of a quoted packet as packet.ts reads them; of an echo the identifier in both halves. */
function portsIn(l4: usize, available: u32, protocol: u32, wide: bool): u32 {
  if (available < 8) return 0
  if (protocol == TCP || protocol == UDP) return load<u32>(l4)
  const type = <u32>load<u8>(l4)
  const echo = wide
    ? protocol == icmpv6.Icmpv6.PROTOCOL && icmpv6.isEcho(type)
    : protocol == icmp.Icmp.PROTOCOL && icmp.isEcho(type)
  const identifier = <u32>load<u16>(l4, 4)
  return echo ? identifier | (identifier << 16) : 0
}

/** Gives the quoted packet the tuple with which it came here, and checksums to match. */
function restoreInner(
  inner: usize,
  at: u32,
  available: u32,
  protocol: u32,
  wide: bool,
  tuple: usize,
): void {
  const addresses = inner + (wide ? 8 : 12)
  const had = sumAddresses(addresses, wide)
  copyAddresses(addresses, tuple, wide)
  let change = difference(had, sumAddresses(addresses, wide))
  if (!wide) store<u16>(inner, <u16>update(load<u16>(inner, 10), change), 10)
  const l4 = inner + at
  const ports = portsOf(tuple, wide)
  if (protocol == icmp.Icmp.PROTOCOL) change = 0
  if (available >= at + 8 && (protocol == TCP || protocol == UDP)) {
    change += difference(<u64>load<u32>(l4), <u64>ports)
    store<u32>(l4, ports)
  } else if (available >= at + 8 && ports != 0) {
    change += difference(<u64>load<u16>(l4, 4), <u64>(ports & 0xffff))
    store<u16>(l4, <u16>ports, 4)
  }
  const field = checksumOffsetOf(protocol)
  if (available < at + field + 2) return
  const sum = <u32>load<u16>(l4 + field)
  if (protocol == UDP && sum == 0) return
  const then = update(sum, change)
  store<u16>(l4 + field, <u16>(then == 0 && protocol == UDP ? 0xffff : then))
}

function sumAddresses(addresses: usize, wide: bool): u64 {
  if (wide) return sumWide(addresses)
  return <u64>load<u32>(addresses) + <u64>load<u32>(addresses, 4)
}

/**
 * Translates the header of the error itself: its destination is the flow's, and its source is hidden as
 * the flow's is, whoever on the way sent it (RFC 5508 REQ-5).
 */
function translateOuter(
  frame: usize,
  message: usize,
  wide: bool,
  track: usize,
  other: usize,
  change: u64,
): void {
  const packet = <usize>load<u32>(frame, Frame.ADDRESS) + <usize>load<u16>(frame, Frame.L3)
  const addresses = packet + (wide ? 8 : 12)
  const had = sumAddresses(addresses, wide)
  turn(track + LEAVES, other, wide)
  const half: usize = wide ? 16 : 4
  const hides = !sameHalf(track + LEAVES, track + WORK, wide)
  memory.copy(addresses + half, track + LEAVES + half, half)
  if (hides) memory.copy(addresses, track + LEAVES, half)
  const by = difference(had, sumAddresses(addresses, wide))
  if (wide) change += by
  else store<u16>(packet, <u16>update(load<u16>(packet, 10), by), 10)
  store<u16>(message, <u16>update(load<u16>(message, 2), change), 2)
}

/** True if two tuples have the same source. */
function sameHalf(a: usize, b: usize, wide: bool): bool {
  if (!wide) return load<u32>(a) == load<u32>(b)
  return !v128.any_true(v128.xor(v128.load(a), v128.load(b)))
}
