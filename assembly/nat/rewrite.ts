/**
 * Writes other addresses and ports into a packet, and keeps its checksums right in all three states they
 * can be in (RFC 1624): complete and verified ones change by addresses and ports; a partial one holds the
 * sum of the pseudo-header and changes by addresses only. Of a super-frame the headers are those of all
 * its segments.
 */

import { portsOf } from '../flow/record'
import { Checksum, Fragment, Frame } from '../frame'
import { difference, update, updatePartial } from '../wire/checksum'
import { IPv6 } from '../wire/ipv6'

const ICMP: u32 = 1
const TCP: u32 = 6
const UDP: u32 = 17
const DCCP: u32 = 33
const ICMPV6: u32 = 58
const UDP_LITE: u32 = 136

/** Offset of the checksum in a transport header, NONE without one that we know. */
const NONE: u32 = 0xff

@inline
export function checksumOffsetOf(protocol: u32): u32 {
  if (protocol == TCP) return 16
  if (protocol == UDP || protocol == DCCP || protocol == UDP_LITE) return 6
  return protocol == ICMPV6 || protocol == ICMP ? 2 : NONE
}

/** Makes the packet of a frame say what `tuple` says. */
export function rewrite(frame: usize, packet: usize, wide: bool, tuple: usize): void {
  const source = tuple
  const ports = portsOf(tuple, wide)
  if (wide) rewriteWide(frame, packet, source, source + 16, ports)
  else rewriteNarrow(frame, packet, load<u64>(tuple), ports)
}

/** Over IPv4; `addresses` as a load of both gives them. */
@inline
export function rewriteNarrow(frame: usize, packet: usize, addresses: u64, ports: u32): void {
  const by = difference(sumNarrow(load<u64>(packet, 12)), sumNarrow(addresses))
  store<u64>(packet, addresses, 12)
  store<u16>(packet, <u16>update(load<u16>(packet, 10), by), 10)
  rewriteTransport(frame, packet, by, ports, <u32>load<u8>(frame, Frame.PROTOCOL) == ICMP)
}

@inline
function sumNarrow(addresses: u64): u64 {
  return (addresses & 0xffffffff) + (addresses >> 32)
}

export function rewriteWide(
  frame: usize,
  packet: usize,
  source: usize,
  destination: usize,
  ports: u32,
): void {
  const before = sumWide(packet + 8)
  const a = v128.load(source)
  const b = v128.load(destination)
  v128.store(packet, a, 8)
  v128.store(packet, b, 24)
  rewriteTransport(frame, packet, difference(before, sumWide(packet + 8)), ports, false)
}

/** Sum of two addresses of 16 octets. */
export function sumWide(addresses: usize): u64 {
  let total: u64 = 0
  for (let at: usize = 0; at < IPv6.HEADER - 8; at += 4) total += <u64>load<u32>(addresses + at)
  return total
}

/** `by`: what the addresses change a checksum by; `bare`: it covers none. */
function rewriteTransport(frame: usize, packet: usize, by: u64, ports: u32, bare: bool): void {
  if (<u32>load<u8>(frame, Frame.FRAGMENT) == Fragment.LATER) return
  const l4 = packet + <usize>load<u16>(frame, Frame.L4) - <usize>load<u16>(frame, Frame.L3)
  const protocol = <u32>load<u8>(frame, Frame.PROTOCOL)
  const field = checksumOffsetOf(protocol)
  const had = load<u32>(frame, Frame.PORTS)
  let change: u64 = bare ? 0 : by
  if (had != ports) {
    change += rewritePorts(l4, protocol, had, ports)
    store<u32>(frame, ports, Frame.PORTS)
  }
  if (field == NONE) return
  // Of a protocol whose header nobody has looked at: it may end before.
  if (<u32>load<u16>(frame, Frame.L4) + field + 2 > load<u32>(frame, Frame.LENGTH)) return
  const partial = <u32>load<u8>(frame, Frame.CHECKSUM) == Checksum.PARTIAL
  const sum = <u32>load<u16>(l4 + field)
  if (partial) {
    store<u16>(l4 + field, <u16>updatePartial(sum, by))
    return
  }
  if (protocol == UDP && sum == 0) return
  const then = update(sum, change)
  store<u16>(l4 + field, <u16>(then == 0 && protocol == UDP ? 0xffff : then))
}

/** Writes ports, or the identifier of an echo; returns what a checksum changes by. */
@inline
function rewritePorts(l4: usize, protocol: u32, had: u32, ports: u32): u64 {
  if (protocol == TCP || protocol == UDP) {
    store<u32>(l4, ports)
    return difference(<u64>had, <u64>ports)
  }
  store<u16>(l4, <u16>ports, 4)
  return difference(<u64>(had & 0xffff), <u64>(ports & 0xffff))
}
