/**
 * What routing and translation change of a usual packet (usual.ts), all at once: one hop less, another
 * identification, other addresses and ports, and each checksum once. The same as `identify`, `rewrite` and
 * `age` do one after the other for any packet.
 */
import { Frame } from '../frame'
import { identify } from '../nat/identify'
import { rewriteNarrow, rewriteWide } from '../nat/rewrite'
import { age } from '../router/hop'
import { update } from '../wire/checksum'
import { IPv4 } from '../wire/ipv4'
import { IPv6 } from '../wire/ipv6'
import { UDP } from '../wire/udp'

/** Zero in one's complement, larger than any sum of a few words: from it they can be taken. */
export const ZERO: u64 = 0xffffffffffff
/** One hop less, in the word of TTL and protocol: m' - m (RFC 1624 equation 3). */
export const AGED: u64 = 0xfffe

/** Takes a hop from a packet that is not translated, and gives it an identification. */
@inline
export function passOn(packet: usize, identification: u32): void {
  const change = <u64>identification + ZERO - <u64>load<u16>(packet, 4)
  store<u16>(packet, <u16>update(<u32>load<u16>(packet, 10), change + AGED), 10)
  store<u16>(packet, <u16>identification, 4)
  store<u8>(packet, load<u8>(packet, 8) - 1, 8)
}

/** The same of one that is to leave with `addresses`, as a load of both gives them, and `ports` likewise. */
@inline
export function translate(
  frame: usize,
  packet: usize,
  addresses: u64,
  ports: u32,
  identification: u32,
): void {
  if (load<u32>(frame, Frame.CHECKSUM) != 0) {
    translateStepwise(frame, packet, addresses, ports, identification)
    return
  }
  const by = sumOf(addresses) + ZERO - sumOf(load<u64>(packet, 12))
  const change = by + <u64>identification + ZERO - <u64>load<u16>(packet, 4)
  store<u16>(packet, <u16>update(<u32>load<u16>(packet, 10), change + AGED), 10)
  store<u16>(packet, <u16>identification, 4)
  store<u8>(packet, load<u8>(packet, 8) - 1, 8)
  store<u64>(packet, addresses, 12)
  replacePorts(frame, packet + IPv4.HEADER, ports, by)
}

/** The same of what is not as it came from a wire: a super-frame, a partial checksum; or does not come often. */
export function translateStepwise(
  frame: usize,
  packet: usize,
  addresses: u64,
  ports: u32,
  identification: u32,
): void {
  identify(packet, identification)
  rewriteNarrow(frame, packet, addresses, ports)
  age(frame)
}

/** Takes a hop from a packet over IPv6, which is to leave with the 32 octets of `addresses` and `ports`. */
@inline
export function translateWide(frame: usize, packet: usize, addresses: usize, ports: u32): void {
  if (load<u32>(frame, Frame.CHECKSUM) != 0) {
    rewriteWide(frame, packet, addresses, addresses + 16, ports)
    age(frame)
    return
  }
  passOnWide(packet)
  const source = v128.load(addresses)
  const destination = v128.load(addresses, 16)
  const sums = i64x2.sub(
    i64x2.add(halves(source), halves(destination)),
    i64x2.add(halves(v128.load(packet, 8)), halves(v128.load(packet, 24))),
  )
  v128.store(packet, source, 8)
  v128.store(packet, destination, 24)
  const by = ZERO + <u64>i64x2.extract_lane(sums, 0) + <u64>i64x2.extract_lane(sums, 1)
  replacePorts(frame, packet + IPv6.HEADER, ports, by)
}

/** Takes a hop from a packet over IPv6. */
@inline
export function passOnWide(packet: usize): void {
  store<u8>(packet, load<u8>(packet, 7) - 1, 7)
}

/** The words of an address added up in two lanes. */
@inline
function halves(address: v128): v128 {
  const lower = v128.and(address, i64x2.splat(0xffffffff))
  return i64x2.add(lower, i64x2.shr_u(address, 32))
}

/** Writes ports of a complete segment or datagram whose addresses change its checksum by `by`. */
@inline
function replacePorts(frame: usize, transport: usize, ports: u32, by: u64): void {
  const had = <u64>load<u32>(transport)
  store<u32>(transport, ports)
  const field = transport + <usize>load<u16>(frame, Frame.CHECKSUM_FIELD)
  const sum = <u32>load<u16>(field)
  const isDatagram = <u32>load<u8>(frame, Frame.PROTOCOL) == UDP.PROTOCOL
  if (isDatagram && sum == 0) return
  const then = update(sum, by + <u64>ports + ZERO - had)
  // Zero would mean that there is none (RFC 768).
  store<u16>(field, <u16>(isDatagram && then == 0 ? 0xffff : then))
}

/** The sum of two addresses. */
@inline
export function sumOf(addresses: u64): u64 {
  return (addresses & 0xffffffff) + (addresses >> 32)
}
