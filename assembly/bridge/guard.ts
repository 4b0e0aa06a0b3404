/**
 * Source guard: what a port's hosts may call themselves (RFC 7039, RFC 6105 for router
 * advertisements; CONFORMANCE T2, T3). Bound are the source MAC, and the source address of IPv4, ARP,
 * IPv6 and neighbour discovery; a host's link-local address is the one that its MAC gives (RFC 4291
 * appendix A) unless another is bound.
 *
 * A binding: 0 kind u32   4 prefix length u32   16 address, 16 octets (a MAC in the first 6, an IPv4
 * address in the first 4)
 */
import { PortRecord } from '../config'
import { Drop } from '../drop'
import { Frame } from '../frame'
import { BINDING_SIZE } from '../size'
import * as arp from '../wire/arp'
import { EtherType, sourceOf } from '../wire/ethernet'
import * as icmpv6 from '../wire/icmpv6'
import * as ipv4 from '../wire/ipv4'
import * as ipv6 from '../wire/ipv6'
import { swap16 } from '../wire/order'
import { Payload, payloadOf } from '../wire/payload'
import { UDP } from '../wire/udp'

/** Kinds of binding; the same in src/dataplane/abi.ts. */
export namespace Binding {
  export const MAC: u32 = 1
  export const IPV4: u32 = 2
  export const IPV6: u32 = 3
}

/** Ports of DHCP client and server, as a load of both gives them. */
const DHCP: u32 = 0x43004400
/** fe80::/64 and the middle of an interface identifier that was made of a MAC. */
const LINK_LOCAL: u64 = 0x80fe
const EUI_MIDDLE: u64 = 0xfeff000000

/** Returns 0 if the frame may come from the port whose record is given, or a drop reason. */
export function guarded(record: usize, frame: usize): u32 {
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const length = load<u32>(frame, Frame.LENGTH)
  const mac = sourceOf(address)
  if (binds(record, Binding.MAC) && !isBoundMac(record, mac)) return Drop.GUARD_MAC
  const payload = payloadOf(address, length)
  if (payload == Payload.UNKNOWN) return Drop.GUARD_ADDRESS
  const type = payload >> 16
  const at = payload & 0xffff
  const packet = address + at
  if (type == EtherType.ARP) return guardedArp(record, packet, length - at, mac)
  if (type == EtherType.IPV4) return guardedIPv4(record, packet, length - at)
  if (type == EtherType.IPV6) return guardedIPv6(record, packet, length - at, mac)
  return 0
}

/** Whether the port has any binding of the kind: without one it is not bound. */
function binds(record: usize, kind: u32): bool {
  const count = load<u32>(record, PortRecord.BINDING_COUNT)
  let binding = <usize>load<u32>(record, PortRecord.BINDINGS)
  for (let index: u32 = 0; index < count; index++, binding += BINDING_SIZE) {
    if (load<u32>(binding) == kind) return true
  }
  return false
}

function isBoundMac(record: usize, mac: u64): bool {
  const count = load<u32>(record, PortRecord.BINDING_COUNT)
  let binding = <usize>load<u32>(record, PortRecord.BINDINGS)
  for (let index: u32 = 0; index < count; index++, binding += BINDING_SIZE) {
    if (load<u32>(binding) == Binding.MAC && load<u64>(binding, 16) == mac) return true
  }
  return false
}

/** True if the address at `at` lies in one of the port's prefixes of that kind. */
function isBound(record: usize, kind: u32, at: usize): bool {
  const count = load<u32>(record, PortRecord.BINDING_COUNT)
  let binding = <usize>load<u32>(record, PortRecord.BINDINGS)
  for (let index: u32 = 0; index < count; index++, binding += BINDING_SIZE) {
    if (load<u32>(binding) != kind) continue
    if (samePrefix(binding + 16, at, load<u32>(binding, 4))) return true
  }
  return false
}

function samePrefix(one: usize, other: usize, bits: u32): bool {
  for (; bits >= 8; bits -= 8, one++, other++) {
    if (load<u8>(one) != load<u8>(other)) return false
  }
  return bits == 0 || <u32>(load<u8>(one) ^ load<u8>(other)) >> (8 - bits) == 0
}

function guardedArp(record: usize, packet: usize, available: u32, mac: u64): u32 {
  if (!arp.check(packet, available) || arp.senderOf(packet) != mac) return Drop.GUARD_NEIGHBOR
  const sender = packet + arp.Arp.SENDER
  if (load<u32>(sender) == 0) return 0 // a probe (RFC 5227) claims nothing
  return isBound(record, Binding.IPV4, sender) || !bindsAddresses(record) ? 0 : Drop.GUARD_NEIGHBOR
}

@inline
function bindsAddresses(record: usize): bool {
  return binds(record, Binding.IPV4) || binds(record, Binding.IPV6)
}

function guardedIPv4(record: usize, packet: usize, available: u32): u32 {
  if (!bindsAddresses(record)) return 0
  if (!ipv4.check(packet, available)) return Drop.GUARD_ADDRESS
  const source = packet + 12
  if (isBound(record, Binding.IPV4, source)) return 0
  // A DHCP client has no address yet (RFC 2131 section 4.1).
  const header = ipv4.headerLengthOf(packet)
  const dhcp =
    load<u32>(source) == 0 &&
    ipv4.protocolOf(packet) == UDP.PROTOCOL &&
    !ipv4.isFragment(packet) &&
    header + UDP.HEADER <= available &&
    load<u32>(packet + header) == DHCP
  return dhcp ? 0 : Drop.GUARD_ADDRESS
}

function guardedIPv6(record: usize, packet: usize, available: u32, mac: u64): u32 {
  if (!ipv6.check(packet, available)) return Drop.GUARD_ADDRESS
  const length = ipv6.IPv6.HEADER + ipv6.payloadLengthOf(packet)
  const end = ipv6.skipExtensions(packet, length)
  if (end == ipv6.Chain.TOO_LONG || end == ipv6.Chain.TRUNCATED) return Drop.GUARD_ADDRESS
  const source = packet + 8
  const nameless = load<u64>(source) == 0 && load<u64>(source, 8) == 0
  const bound = !bindsAddresses(record) || isOwn(record, source, mac)
  if (!bound && !nameless) return Drop.GUARD_ADDRESS
  const protocol = end >> 16
  const at = end & 0xffff
  if (protocol == ipv6.IPv6.FRAGMENT) return guardedFragment(packet, at, length, nameless)
  if (protocol == icmpv6.Icmpv6.PROTOCOL) {
    return guardedIcmpv6(record, packet + at, length - at, mac, nameless)
  }
  return nameless ? Drop.GUARD_ADDRESS : 0
}

/**
 * Fragmented neighbour discovery is refused (RFC 6980). A first fragment must hold the whole chain of
 * headers (RFC 7112), or what it is of could not be told; later ones are nothing without it.
 */
function guardedFragment(packet: usize, at: u32, length: u32, nameless: bool): u32 {
  if (nameless || at + 8 > length) return Drop.GUARD_ADDRESS
  const header = packet + at
  if (<u32>swap16(load<u16>(header, 2)) >> 3 != 0) return 0
  const end = ipv6.skipFrom(packet, <u32>load<u8>(header), at + 8, length)
  if (end == ipv6.Chain.TOO_LONG || end == ipv6.Chain.TRUNCATED) return Drop.GUARD_ADDRESS
  const protocol = end >> 16
  if (protocol == ipv6.IPv6.FRAGMENT) return Drop.GUARD_ADDRESS
  if (protocol != icmpv6.Icmpv6.PROTOCOL) return 0
  if ((end & 0xffff) >= length) return Drop.GUARD_ADDRESS
  const type = icmpv6.typeOf(packet + (end & 0xffff))
  const discovery = type >= icmpv6.Icmpv6.ROUTER_SOLICITATION && type <= icmpv6.Icmpv6.REDIRECT
  return discovery ? Drop.GUARD_NEIGHBOR : 0
}

/** A bound address, or the link-local one that the MAC gives. */
function isOwn(record: usize, at: usize, mac: u64): bool {
  if (load<u64>(at) == LINK_LOCAL && load<u64>(at, 8) == identifierOf(mac)) return true
  return isBound(record, Binding.IPV6, at)
}

/** The modified EUI-64 of a MAC, as a load gives it. */
function identifierOf(mac: u64): u64 {
  return ((mac & 0xffffff) ^ 2) | EUI_MIDDLE | ((mac >> 24) << 40)
}

function guardedIcmpv6(record: usize, message: usize, length: u32, mac: u64, nameless: bool): u32 {
  if (length < 8) return Drop.GUARD_NEIGHBOR
  const type = icmpv6.typeOf(message)
  if (type == icmpv6.Icmpv6.ROUTER_ADVERTISEMENT || type == icmpv6.Icmpv6.REDIRECT) {
    return Drop.GUARD_NEIGHBOR
  }
  if (type == icmpv6.Icmpv6.ROUTER_SOLICITATION) {
    const from = icmpv6.Icmpv6.ROUTER_SOLICITATION_OPTIONS
    return icmpv6.speaksFor(message, from, length, mac) ? 0 : Drop.GUARD_NEIGHBOR
  }
  const solicits = type == icmpv6.Icmpv6.NEIGHBOR_SOLICITATION
  if (solicits || type == icmpv6.Icmpv6.NEIGHBOR_ADVERTISEMENT) {
    if (length < icmpv6.Icmpv6.NEIGHBOR_OPTIONS) return Drop.GUARD_NEIGHBOR
    const own = !bindsAddresses(record) || isOwn(record, message + icmpv6.Icmpv6.TARGET, mac)
    // A solicitation without a source is duplicate address detection: of an address of one's own.
    if ((!solicits || nameless) && !own) return Drop.GUARD_NEIGHBOR
    const from = icmpv6.Icmpv6.NEIGHBOR_OPTIONS
    return icmpv6.speaksFor(message, from, length, mac) ? 0 : Drop.GUARD_NEIGHBOR
  }
  const report =
    type == icmpv6.Icmpv6.LISTENER_REPORT ||
    type == icmpv6.Icmpv6.LISTENER_DONE ||
    type == icmpv6.Icmpv6.LISTENER_REPORT_2
  return nameless && !report ? Drop.GUARD_ADDRESS : 0
}
