/**
 * The door. Whatever a device or guest claims about a frame in its virtio-net header is checked
 * here against the frame itself, once, and put into the descriptor; from then on the descriptor is
 * believed and the header is only ever written, never read again (CONFORMANCE T11).
 *
 * A frame that asks for nothing is carried as it is, whatever is in it: a bridge does not judge
 * payloads. A frame that asks for a checksum or for segmentation must be a TCP or UDP packet over
 * IPv4 or IPv6 whose headers lie whole within it, must ask for the checksum of that very protocol,
 * and a super-frame's type must be that protocol's; the checksum of a packet in a tunnel is completed
 * here (inner.ts). Everything else is a drop with a reason. Padding behind the IP packet is cut off,
 * since the device that completes the checksum would sum it.
 */
import { Drop } from '../drop'
import { Checksum, FRAME_MAX, Frame } from '../frame'
import { Ethernet, EtherType, etherTypeAt, headerLength } from '../wire/ethernet'
import * as ipv4 from '../wire/ipv4'
import * as ipv6 from '../wire/ipv6'
import * as tcp from '../wire/tcp'
import * as udp from '../wire/udp'
import { checksumOffsetOf, checksumStartOf, gsoSizeOf, requestOf, Virtio } from '../wire/virtio'
import { completeInner, isTunnel } from './inner'

/** True if a frame can be that long. */
@inline
export function isLength(length: u32): bool {
  return length - Ethernet.HEADER <= FRAME_MAX - Ethernet.HEADER
}

/**
 * Fills the descriptor `frame`: its `address` and `length` are set, what an offload asks for is zero.
 * Returns 0, or a drop reason.
 */
@inline
export function accept(frame: usize, address: usize, length: u32): u32 {
  if (!isLength(length)) {
    return length > FRAME_MAX ? Drop.LONG_FRAME : Drop.SHORT_FRAME
  }
  const request = requestOf(address)
  return request == 0 ? 0 : acceptRequest(frame, request)
}

function acceptRequest(frame: usize, request: u32): u32 {
  const flags = request & 0xff
  const gso = request >> 8
  if ((flags & ~(Virtio.FLAG_NEEDS_CSUM | Virtio.FLAG_DATA_VALID)) != 0) {
    return Drop.CHECKSUM_REQUEST
  }
  if ((flags & Virtio.FLAG_NEEDS_CSUM) == 0) {
    if (gso != Virtio.GSO_NONE) return Drop.SEGMENTATION_REQUEST
    // DATA_VALID alone: the peer's kernel vouches for a checksum that the next one verifies anyway.
    return 0
  }
  const unfit = parse(frame)
  if (unfit != 0) return unfit
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const start = checksumStartOf(address)
  const field = checksumOffsetOf(address)
  if (start != <u32>load<u16>(frame, Frame.L4)) {
    // Only UDP and the tunnels over IP have an inner packet, and no super-frame has.
    const outer = <u32>load<u16>(frame, Frame.CHECKSUM_FIELD)
    if (outer == tcp.TCP.CHECKSUM || gso != Virtio.GSO_NONE) return Drop.CHECKSUM_REQUEST
    return completeInner(frame, start, field)
  }
  if (field != <u32>load<u16>(frame, Frame.CHECKSUM_FIELD)) return Drop.CHECKSUM_REQUEST
  store<u8>(frame, <u8>Checksum.PARTIAL, Frame.CHECKSUM)
  return gso == Virtio.GSO_NONE ? 0 : acceptSegmentation(frame, address, gso)
}

/**
 * Takes over the GSO type and size. A payload that fits one segment is no super-frame (the kernel
 * treats it so too); one of more segments than a UDP super-frame may have, of size 0, or with a SYN, of
 * which each segment would open the connection at another sequence number, is a lie.
 */
function acceptSegmentation(frame: usize, address: usize, gso: u32): u32 {
  const type = gso & ~Virtio.GSO_ECN
  const isTcp = <u32>load<u16>(frame, Frame.CHECKSUM_FIELD) == tcp.TCP.CHECKSUM
  const version4 = <u32>load<u16>(frame, Frame.ETHER_TYPE) == EtherType.IPV4
  const expected = isTcp ? (version4 ? Virtio.GSO_TCPV4 : Virtio.GSO_TCPV6) : Virtio.GSO_UDP_L4
  if (type != expected || (!isTcp && gso != type)) return Drop.SEGMENTATION_REQUEST
  const size = gsoSizeOf(address)
  if (size == 0) return Drop.SEGMENTATION_REQUEST
  const payload = load<u32>(frame, Frame.LENGTH) - <u32>load<u16>(frame, Frame.HEADERS)
  if (payload <= size) return 0
  if (isTcp) {
    if (tcp.isOpening(address + <usize>load<u16>(frame, Frame.L4))) return Drop.SEGMENTATION_REQUEST
  } else if (payload > size * udp.UDP.SEGMENTS_MAX) return Drop.SEGMENTATION_REQUEST
  store<u8>(frame, <u8>type, Frame.GSO_TYPE)
  store<u16>(frame, <u16>size, Frame.GSO_SIZE)
  store<u8>(frame, <u8>(gso & Virtio.GSO_ECN), Frame.ECN)
  return 0
}

/** Finds the network and transport headers. Returns 0, or a drop reason. */
export function parse(frame: usize): u32 {
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const length = load<u32>(frame, Frame.LENGTH)
  const l3 = headerLength(address, length)
  const etherType = etherTypeAt(address, l3 - 2)
  store<u16>(frame, <u16>l3, Frame.L3)
  store<u16>(frame, <u16>etherType, Frame.ETHER_TYPE)
  if (etherType == EtherType.IPV4) return parseIPv4(frame, address + l3, length - l3)
  if (etherType == EtherType.IPV6) return parseIPv6(frame, address + l3, length - l3)
  return Drop.CHECKSUM_REQUEST
}

function parseIPv4(frame: usize, packet: usize, available: u32): u32 {
  if (!ipv4.check(packet, available)) return Drop.TRUNCATED_HEADER
  if (ipv4.isFragment(packet)) return Drop.CHECKSUM_REQUEST
  const protocol = ipv4.protocolOf(packet)
  return parseTransport(
    frame,
    packet,
    protocol,
    ipv4.headerLengthOf(packet),
    ipv4.totalLengthOf(packet),
  )
}

function parseIPv6(frame: usize, packet: usize, available: u32): u32 {
  if (!ipv6.check(packet, available)) return Drop.TRUNCATED_HEADER
  const length = ipv6.IPv6.HEADER + ipv6.payloadLengthOf(packet)
  const end = ipv6.skipExtensions(packet, length)
  if (end == ipv6.Chain.TOO_LONG) return Drop.HEADER_CHAIN
  if (end == ipv6.Chain.TRUNCATED) return Drop.TRUNCATED_HEADER
  return parseTransport(frame, packet, end >> 16, end & 0xffff, length)
}

/** `header` and `total` are octets of the IP header (chain) and of the packet. */
function parseTransport(frame: usize, packet: usize, protocol: u32, header: u32, total: u32): u32 {
  const l3 = <u32>load<u16>(frame, Frame.L3)
  const l4 = packet + header
  const available = total - header
  let transport: u32
  if (protocol == tcp.TCP.PROTOCOL) {
    if (!tcp.check(l4, available)) return Drop.TRUNCATED_HEADER
    transport = tcp.dataOffsetOf(l4)
    store<u16>(frame, <u16>tcp.TCP.CHECKSUM, Frame.CHECKSUM_FIELD)
  } else if (protocol == udp.UDP.PROTOCOL) {
    if (!udp.check(l4, available)) return Drop.TRUNCATED_HEADER
    transport = udp.UDP.HEADER
    store<u16>(frame, <u16>udp.UDP.CHECKSUM, Frame.CHECKSUM_FIELD)
  } else if (isTunnel(protocol)) {
    transport = 0
    store<u16>(frame, 0xffff, Frame.CHECKSUM_FIELD) // has none that a request could mean
  } else {
    return Drop.CHECKSUM_REQUEST
  }
  store<u16>(frame, <u16>(l3 + header), Frame.L4)
  store<u16>(frame, <u16>(l3 + header + transport), Frame.HEADERS)
  store<u32>(frame, l3 + total, Frame.LENGTH)
  return 0
}
