/** What the outer headers take from the frame inside: its flow and its type of service. */
import { Frame } from '../frame'
import { networkOffsetOf, networkTypeOf } from '../packet'
import { destinationOf, EtherType, sourceOf } from '../wire/ethernet'
import * as ipv4 from '../wire/ipv4'
import { TCP } from '../wire/tcp'
import { UDP } from '../wire/udp'

/** Octets of an IP header up to its end that are looked at, and of ports behind it. */
const HEADER4: u32 = 20
const HEADER6: u32 = 40
const PORTS: u32 = 4
const SCTP: u32 = 132

/**
 * The flow of a frame's packet and its type of service, in one reading: a hash of 16 bits, of IP
 * addresses, protocol and ports, of MACs where it is no IP packet (RFC 7348 section 5, RFC 6438), in the
 * lower half; DSCP and ECN, as the octet that IPv4 has, in the upper one, 0 of what is no whole packet.
 * Of fragments, which have no ports but the first, all have the same hash.
 */
export function insideOf(frame: usize): u32 {
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const length = load<u32>(frame, Frame.LENGTH)
  return insideAt(address, length, networkOffsetOf(frame), networkTypeOf(frame))
}

/** The same of a frame at `address`, whose packet of EtherType `type` begins at `at`, `length` at least. */
@inline
export function insideAt(address: usize, length: u32, at: u32, type: u32): u32 {
  const packet = address + at
  const left = length - at
  if (type == EtherType.IPV4 && left >= HEADER4) {
    return hash4(packet, left) | ((<u32>load<u8>(packet, 1)) << 16)
  }
  if (type == EtherType.IPV6 && left >= HEADER6) {
    const word = ((<u32>load<u8>(packet)) << 8) | <u32>load<u8>(packet, 1)
    return hash6(packet, left) | (((word >> 4) & 0xff) << 16)
  }
  return mix(destinationOf(address) ^ (sourceOf(address) * 0x9e3779b97f4a7c15))
}

@inline
function hash4(packet: usize, left: u32): u32 {
  const protocol = ipv4.protocolOf(packet)
  const header = ipv4.headerLengthOf(packet)
  const whole = !ipv4.isFragment(packet) && hasPorts(protocol) && left >= header + PORTS
  const ports = whole ? load<u32>(packet + header) : 0
  return mix(load<u64>(packet, 12) ^ ((<u64>ports ^ ((<u64>protocol) << 40)) * 0x9e3779b97f4a7c15))
}

@inline
function hash6(packet: usize, left: u32): u32 {
  const protocol = <u32>load<u8>(packet, 6)
  const whole = hasPorts(protocol) && left >= HEADER6 + PORTS
  const ports = whole ? load<u32>(packet + HEADER6) : 0
  const addresses =
    load<u64>(packet, 8) ^
    rotl<u64>(load<u64>(packet, 16), 17) ^
    rotl<u64>(load<u64>(packet, 24), 31) ^
    rotl<u64>(load<u64>(packet, 32), 47)
  return mix(addresses ^ ((<u64>ports ^ ((<u64>protocol) << 40)) * 0x9e3779b97f4a7c15))
}

@inline
function hasPorts(protocol: u32): bool {
  return protocol == TCP.PROTOCOL || protocol == UDP.PROTOCOL || protocol == SCTP
}

/** The upper bits of two rounds of multiplication: all of the input reaches them. */
@inline
function mix(x: u64): u32 {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb
  return <u32>(x >> 48)
}
