/**
 * ICMP errors (RFC 792, RFC 1812 section 4.3.2, RFC 4443): which packets may cause one, and what it
 * looks like. An error quotes the packet that caused it: up to 576 octets in all over IPv4 (RFC 1812
 * section 4.3.2.3), 1280 over IPv6 (RFC 4443 section 2.4(c)).
 */
import { Fragment, Frame } from '../frame'
import { Directory, directory } from '../memory'
import { PORT_SHARED_SIZE } from '../size'
import * as checksum from '../wire/checksum'
import { Ethernet, EtherType } from '../wire/ethernet'
import * as icmp from '../wire/icmp'
import { Icmpv6 } from '../wire/icmpv6'
import * as ipv4 from '../wire/ipv4'
import * as ipv6 from '../wire/ipv6'
import { swap16, swap32 } from '../wire/order'
import { writeEthernet } from './arp'
import { HOPS } from './echo'

/** What is wrong; the families say it in codes of their own. */
export namespace Complaint {
  export const TTL: u32 = 0
  export const NET: u32 = 1
  export const HOST: u32 = 2
  export const PROTOCOL: u32 = 3
  export const PORT: u32 = 4
  export const PROHIBITED: u32 = 5
  export const TOO_BIG: u32 = 6
}

const QUOTED4: u32 = 576 - 28
const QUOTED6: u32 = 1280 - 48

/** Type and code, for each complaint: a nibble for the type, one for the code. */
const CODES4: u64 = 0x343d33323130b0
const CODES6: u64 = 0x20111441131030

/** Octets of the packet in a frame. */
@inline
function packetLengthOf(frame: usize): u32 {
  return load<u32>(frame, Frame.LENGTH) - <u32>load<u16>(frame, Frame.L3)
}

/** Octets of the frame with the error that a packet causes. */
export function errorLength(frame: usize): u32 {
  return isVersion4(frame)
    ? Ethernet.HEADER + 28 + min(QUOTED4, packetLengthOf(frame))
    : Ethernet.HEADER + 48 + min(QUOTED6, packetLengthOf(frame))
}

@inline
export function isVersion4(frame: usize): bool {
  return <u32>load<u16>(frame, Frame.ETHER_TYPE) == EtherType.IPV4
}

/**
 * True if a packet may cause an error: none about an error, a later fragment, a group, or to nobody
 * (RFC 1122 section 3.2.2, RFC 4443 section 2.4(e); CONFORMANCE R5). Its source was seen to be a host's.
 */
export function mayComplain(frame: usize): bool {
  if (<u32>load<u8>(frame, Frame.FRAGMENT) == Fragment.LATER) return false
  const protocol = <u32>load<u8>(frame, Frame.PROTOCOL)
  const type = <u32>load<u8>(frame, Frame.ICMP_TYPE)
  if (isVersion4(frame)) return protocol != icmp.Icmp.PROTOCOL || !icmp.isError(type)
  if (protocol != Icmpv6.PROTOCOL) return true
  return type >= Icmpv6.INFORMATIONAL && type != Icmpv6.REDIRECT
}

/** Time between two errors because of one port, and how many may come at once (RFC 1812 section 4.3.2.8). */
const INTERVAL: u64 = 10
const BURST: u64 = 64
/** Where the time of a port's last error stands among its shared words, u64 ms. */
const METER: usize = 16

/** True if there may be one more error because of what came in by a port (CONFORMANCE R6). */
export function mayComplainAgain(port: u32, now: f64): bool {
  const meter = directory(Directory.PORTS) + <usize>port * PORT_SHARED_SIZE + METER
  const clock = <u64>now
  while (true) {
    const scheduled = atomic.load<u64>(meter)
    const base = max(scheduled, clock)
    if (base - clock >= BURST * INTERVAL) return false
    if (atomic.cmpxchg<u64>(meter, scheduled, base + INTERVAL) == scheduled) return true
  }
}

/** Where in an error's frame the packet is quoted. */
@inline
export function quotedAt(frame: usize): u32 {
  return isVersion4(frame) ? Ethernet.HEADER + 28 : Ethernet.HEADER + 48
}

/**
 * Writes the error that a packet causes at `to`, `errorLength` octets, all but what `seal` adds:
 * from the router's address at `source` to where the packet came from.
 */
export function writeError(to: usize, frame: usize, length: u32, mac: u64, source: usize): void {
  const cause = <usize>load<u32>(frame, Frame.ADDRESS)
  const quoted = cause + <u32>load<u16>(frame, Frame.L3)
  const at = quotedAt(frame)
  const sender = load<u64>(cause, Ethernet.SOURCE) & 0xffffffffffff
  writeEthernet(to, sender, mac, <u32>load<u16>(frame, Frame.ETHER_TYPE))
  memory.copy(to + at, quoted, length - at)
  const packet = to + Ethernet.HEADER
  const total = length - Ethernet.HEADER
  if (isVersion4(frame)) {
    writeIPv4(packet, total, icmp.Icmp.PROTOCOL, load<u32>(source), load<u32>(quoted, 12))
    typeAs(packet, <u32>load<u8>(quoted, 1))
    return
  }
  writeIPv6(packet, total - ipv6.IPv6.HEADER, HOPS)
  memory.copy(packet + 8, source, 16)
  memory.copy(packet + 24, quoted + 8, 16)
}

/** The type of service of what caused it stays (RFC 1812 section 4.3.2.5), but for ECN's bits (RFC 3168). */
function typeAs(packet: usize, service: u32): void {
  store<u8>(packet, <u8>(load<u8>(packet, 1) | (service & 0x1c)), 1)
  store<u16>(packet, 0, 10)
  store<u16>(packet, <u16>~checksum.sum(packet, ipv4.IPv4.HEADER), 10)
}

/** An IPv4 header of ours: of internetwork control (RFC 1812 section 4.3.2.5), not to be fragmented. */
function writeIPv4(packet: usize, total: u32, protocol: u32, source: u32, destination: u32): void {
  store<u32>(packet, 0xc045 | ((<u32>swap16(<u16>total)) << 16))
  store<u32>(packet, 0x00400000, 4) // identification 0 (RFC 6864), DF
  store<u32>(packet, HOPS | (protocol << 8), 8)
  store<u32>(packet, source, 12)
  store<u32>(packet, destination, 16)
  store<u16>(packet, <u16>~checksum.sum(packet, ipv4.IPv4.HEADER), 10)
}

/** An IPv6 header of ours with ICMPv6 behind it, all but its addresses. */
export function writeIPv6(packet: usize, payload: u32, hops: u32): void {
  store<u32>(packet, 0x60)
  store<u16>(packet, swap16(<u16>payload), 4)
  store<u16>(packet, <u16>(Icmpv6.PROTOCOL | (hops << 8)), 6)
}

/** Sets type, code and the word behind them, and the checksum, once what is quoted stands. */
export function seal(to: usize, version4: bool, length: u32, what: u32, detail: u32): void {
  const at = Ethernet.HEADER + (version4 ? ipv4.IPv4.HEADER : ipv6.IPv6.HEADER)
  const codes = <u32>((version4 ? CODES4 : CODES6) >> (what << 3)) & 0xff
  const message = to + at
  store<u32>(message, (codes >> 4) | ((codes & 15) << 8))
  store<u32>(message, swap32(detail), 4) // an MTU stands in the lower half, or in all of it
  sealMessage(to, version4, length)
}

/** Sets the checksum of the ICMP message of one of our own frames. */
export function sealMessage(to: usize, version4: bool, length: u32): void {
  const at = Ethernet.HEADER + (version4 ? ipv4.IPv4.HEADER : ipv6.IPv6.HEADER)
  const message = to + at
  const octets = length - at
  store<u16>(message, 0, 2)
  const packet = to + Ethernet.HEADER
  const pseudo = version4 ? 0 : ipv6.pseudoHeaderSum(packet, Icmpv6.PROTOCOL, octets)
  const sum = checksum.fold(pseudo + <u64>checksum.sum(message, octets))
  store<u16>(message, <u16>~sum, 2)
}
