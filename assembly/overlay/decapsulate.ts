/**
 * Out of a tunnel (RFC 7348 section 4.1): what the outer headers of a received datagram say, and which
 * inner frames are let in. A device hands a run of datagrams of one sender over as one, behind one
 * header, as UDP super-frames are: then the virtio-net header says how long each is.
 */
import { Drop } from '../drop'
import { FRAME_MAX } from '../frame'
import { Tunnel, TunnelOption } from '../tunnel'
import { Ethernet, EtherType, etherTypeAt, isTag } from '../wire/ethernet'
import * as ipv4 from '../wire/ipv4'
import * as ipv6 from '../wire/ipv6'
import * as udp from '../wire/udp'
import { gsoSizeOf, requestOf, Virtio } from '../wire/virtio'
import { isClean, Vxlan } from '../wire/vxlan'
import { carryIn } from './ecn'

/** Octets up to the UDP payload of a datagram with its Ethernet header at `address`; 0 if it is none. */
export function payloadAt(address: usize, length: u32): u32 {
  if (length < Ethernet.HEADER) return 0
  const type = etherTypeAt(address, <u32>Ethernet.TYPE)
  const packet = address + Ethernet.HEADER
  const left = length - Ethernet.HEADER
  let at: u32 = 0
  if (type == EtherType.IPV4) {
    if (!ipv4.check(packet, left) || ipv4.isFragment(packet)) return 0
    if (ipv4.protocolOf(packet) != udp.UDP.PROTOCOL) return 0
    at = ipv4.headerLengthOf(packet)
  } else if (type == EtherType.IPV6) {
    if (!ipv6.check(packet, left) || ipv6.nextHeaderOf(packet) != udp.UDP.PROTOCOL) return 0
    at = ipv6.IPv6.HEADER
  } else return 0
  if (left < at + udp.UDP.HEADER) return 0
  const octets = udp.lengthOf(packet + at)
  if (octets < udp.UDP.HEADER || octets > left - at) return 0
  return Ethernet.HEADER + at + udp.UDP.HEADER
}

/** Octets from the Ethernet header to the end of the UDP payload that begins `at`. */
@inline
export function payloadEnd(address: usize, at: u32): u32 {
  return at - udp.UDP.HEADER + udp.lengthOf(address + at - udp.UDP.HEADER)
}

/** Octets of each datagram of a run but the last; `all` where it is but one. */
@inline
export function datagramSize(address: usize, all: u32): u32 {
  if (requestOf(address) >> 8 != Virtio.GSO_UDP_L4) return all
  const size = gsoSizeOf(address)
  return size == 0 ? all : min(size, all)
}

@inline
export function isWide(address: usize): bool {
  return etherTypeAt(address, <u32>Ethernet.TYPE) == EtherType.IPV6
}

/** Where the sender's address stands: 4 octets of IPv4, 16 of IPv6. */
@inline
export function senderOf(address: usize, wide: bool): usize {
  return address + Ethernet.HEADER + (wide ? 8 : 12)
}

/** The outer ECN codepoint. */
@inline
export function ecnOf(address: usize, wide: bool): u32 {
  const octet = <u32>load<u8>(address + Ethernet.HEADER, 1)
  return (wide ? octet >> 4 : octet) & 3
}

/**
 * Looks at what lies behind UDP in a datagram of a tunnel: a VXLAN header that has a VNI, and an inner
 * frame up to `length` octets from there. Returns 0, or a drop reason.
 */
export function look(tunnel: usize, vxlan: usize, length: u32, ecn: u32): u32 {
  const options = <u32>load<u8>(tunnel, Tunnel.OPTIONS)
  if ((options & TunnelOption.STRICT) != 0 && !isClean(vxlan)) return Drop.VXLAN_HEADER
  const frame = vxlan + Vxlan.HEADER
  const octets = length - Vxlan.HEADER
  if (octets < Ethernet.HEADER) return Drop.SHORT_FRAME
  if (octets > FRAME_MAX) return Drop.LONG_FRAME
  if ((options & TunnelOption.TAGGED) == 0 && isTag(etherTypeAt(frame, <u32>Ethernet.TYPE))) {
    return Drop.OVERLAY_TAGGED
  }
  return carryIn(frame, octets, ecn) ? 0 : Drop.CONGESTION_MARKED
}
