/**
 * What routing and translation change of a usual packet (usual.ts), all at once: one hop less, another
 * identification, other addresses and ports, and each checksum once. The same as `identify`, `rewrite` and
 * `age` do one after the other for any packet.
 */
import { Frame } from '../frame'
import { identify } from '../nat/identify'
import { rewriteNarrow } from '../nat/rewrite'
import { age } from '../router/hop'
import { fold } from '../wire/checksum'
import { IPv4 } from '../wire/ipv4'
import { UDP } from '../wire/udp'

/** Zero in one's complement, larger than any sum of a few words: from it they can be taken. */
const ZERO: u64 = 0xffffffffffff
/** One hop less, in the word of TTL and protocol: m' - m (RFC 1624 equation 3). */
const AGED: u64 = 0xfffe

/** Takes a hop from a packet that is not translated, and gives it an identification. */
@inline
export function passOn(packet: usize, identification: u32): void {
  const change = <u64>identification + ZERO - <u64>load<u16>(packet, 4)
  store<u16>(packet, <u16>updated(<u32>load<u16>(packet, 10), change + AGED), 10)
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
  store<u16>(packet, <u16>updated(<u32>load<u16>(packet, 10), change + AGED), 10)
  store<u16>(packet, <u16>identification, 4)
  store<u8>(packet, load<u8>(packet, 8) - 1, 8)
  store<u64>(packet, addresses, 12)
  const transport = packet + IPv4.HEADER
  const had = <u64>load<u32>(transport)
  store<u32>(transport, ports)
  const field = transport + <usize>load<u16>(frame, Frame.CHECKSUM_FIELD)
  const sum = <u32>load<u16>(field)
  const isDatagram = <u32>load<u8>(frame, Frame.PROTOCOL) == UDP.PROTOCOL
  if (isDatagram && sum == 0) return
  const then = updated(sum, by + <u64>ports + ZERO - had)
  // Zero would mean that there is none (RFC 768).
  store<u16>(field, <u16>(isDatagram && then == 0 ? 0xffff : then))
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

/** The sum of two addresses. */
@inline
function sumOf(addresses: u64): u64 {
  return (addresses & 0xffffffff) + (addresses >> 32)
}

/** A checksum after a change of what it covers by m' - m (RFC 1624 equation 3). */
@inline
function updated(checksum: u32, change: u64): u32 {
  return ~fold(<u64>(~checksum & 0xffff) + change) & 0xffff
}
