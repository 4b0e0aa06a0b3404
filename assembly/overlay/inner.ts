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

/** DSCP and ECN of the packet, as the octet that IPv4 has; 0 of what is none. */
export function serviceOf(frame: usize): u32 {
  const type = networkTypeOf(frame)
  const at = networkOffsetOf(frame)
  const packet = <usize>load<u32>(frame, Frame.ADDRESS) + at
  if (load<u32>(frame, Frame.LENGTH) < at + 2) return 0
  if (type == EtherType.IPV4) return <u32>load<u8>(packet, 1)
  if (type != EtherType.IPV6) return 0
  const word = ((<u32>load<u8>(packet)) << 8) | <u32>load<u8>(packet, 1)
  return (word >> 4) & 0xff
}

/**
 * A hash of the flow that the frame belongs to, 16 bits: of IP addresses, protocol and ports, of MACs
 * where it is no IP packet (RFC 7348 section 5, RFC 6438). Of fragments, which have no ports but the
 * first, all have the same.
 */
export function flowHash(frame: usize): u32 {
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const at = networkOffsetOf(frame)
  const left = load<u32>(frame, Frame.LENGTH) - at
  const type = networkTypeOf(frame)
  if (type == EtherType.IPV4 && left >= HEADER4) return hash4(address + at, left)
  if (type == EtherType.IPV6 && left >= HEADER6) return hash6(address + at, left)
  return mix(destinationOf(address) ^ (sourceOf(address) * 0x9e3779b97f4a7c15))
}

function hash4(packet: usize, left: u32): u32 {
  const protocol = ipv4.protocolOf(packet)
  const header = ipv4.headerLengthOf(packet)
  const whole = !ipv4.isFragment(packet) && hasPorts(protocol) && left >= header + PORTS
  const ports = whole ? load<u32>(packet + header) : 0
  return mix(load<u64>(packet, 12) ^ ((<u64>ports ^ ((<u64>protocol) << 40)) * 0x9e3779b97f4a7c15))
}

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
