/**
 * What a sender left to its interface, and no interface did. Between namespaces and guests of one machine
 * frames never cross a wire: the kernel's vxlan device there hands over inner TCP and UDP packets with
 * partial checksums, and TCP super-frames, as they are. A TAP tells so with each frame; a UDP socket does
 * not, so it is read from the packet itself.
 *
 * A partial checksum is the folded sum of the pseudo-header. If a complete one should happen to be the
 * same, completing it once more gives the same: so nothing is lost by taking the one for the other.
 */
import { Checksum, FRAME_SIZE, Frame, payloadOf } from '../frame'
import * as checksum from '../wire/checksum'
import { Ethernet, EtherType, etherTypeAt } from '../wire/ethernet'
import * as ipv4 from '../wire/ipv4'
import * as ipv6 from '../wire/ipv6'
import { swap16 } from '../wire/order'
import * as tcp from '../wire/tcp'
import * as udp from '../wire/udp'
import { Virtio } from '../wire/virtio'
import { parse } from './accept'

/** The MTU that any link has which carries IPv6 (RFC 8200 section 5): segments of it get anywhere. */
const MTU_SAFE: u32 = 1280
const CWR: u32 = 0x80

/** EtherType, version and header length of IPv4 without options, as a load gives them. */
const PLAIN: u32 = 0x00450008
const PLAIN_MASK: u32 = 0x00ffffff
/** Where in such a frame the protocol, the addresses and the transport header stand. */
const PROTOCOL: usize = 23
const ADDRESSES: usize = 26
const TRANSPORT: usize = 34

/**
 * Puts into the descriptors from `frame` to `end`, of frames without tags, what is left to be done to each:
 * that the checksum is partial and, where it is a TCP packet larger than `mtu`, that it is a super-frame. Of
 * what size its segments were nobody knows, and TCP does not mind.
 */
export function adoptAll(frame: usize, end: usize, mtu: u32): void {
  for (; frame < end; frame += FRAME_SIZE) {
    const address = <usize>load<u32>(frame, Frame.ADDRESS)
    if (!isDone(address, load<u32>(frame, Frame.LENGTH))) adopt(frame, mtu)
  }
}

/**
 * True if it is seen at once that nothing is left: of most, IPv4 without options. Its pseudo-header is
 * summed from two loads; what is cut off, or pretends to be longer, is looked at by who is asked next.
 */
@inline
function isDone(address: usize, length: u32): bool {
  if ((load<u32>(address, Ethernet.TYPE) & PLAIN_MASK) != PLAIN) return false
  if (length < <u32>TRANSPORT + tcp.TCP.CHECKSUM + 2) return false
  const protocol = <u32>load<u8>(address, PROTOCOL)
  const field = fieldOf(protocol)
  if (field == 0) return true
  const addresses = load<u64>(address, ADDRESSES)
  const octets = ipv4.totalLengthOf(address + Ethernet.HEADER) - ipv4.IPv4.HEADER
  const sum = (addresses & 0xffffffff) + (addresses >> 32) + <u64>swap16(<u16>octets)
  const left = checksum.fold(sum + ((<u64>protocol) << 8))
  return left != <u32>load<u16>(address + TRANSPORT + field)
}

function adopt(frame: usize, mtu: u32): void {
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const type = etherTypeAt(address, <u32>Ethernet.TYPE)
  const packet = address + Ethernet.HEADER
  const available = load<u32>(frame, Frame.LENGTH) - Ethernet.HEADER
  if (type == EtherType.IPV4) {
    if (!isLeft4(packet, available)) return
  } else if (type != EtherType.IPV6 || !isLeft6(packet, available)) return
  if (parse(frame) != 0) return
  store<u8>(frame, <u8>Checksum.PARTIAL, Frame.CHECKSUM)
  if (load<u32>(frame, Frame.LENGTH) - Ethernet.HEADER > mtu) cut(frame, mtu)
}

@inline
function isLeft4(packet: usize, available: u32): bool {
  if (available < ipv4.IPv4.HEADER) return false
  const protocol = ipv4.protocolOf(packet)
  const header = ipv4.headerLengthOf(packet)
  const field = fieldOf(protocol)
  if (field == 0 || available < header + field + 2) return false
  const length = ipv4.totalLengthOf(packet) - header
  const sum = ipv4.pseudoHeaderSum(packet, protocol, length)
  return <u32>load<u16>(packet + header + field) == checksum.fold(sum)
}

@inline
function isLeft6(packet: usize, available: u32): bool {
  if (available < ipv6.IPv6.HEADER) return false
  let protocol = ipv6.nextHeaderOf(packet)
  let header = ipv6.IPv6.HEADER
  if (ipv6.isExtension(protocol)) {
    const end = ipv6.skipExtensions(packet, available)
    if (end >= ipv6.Chain.TOO_LONG) return false
    protocol = end >> 16
    header = end & 0xffff
  }
  const field = fieldOf(protocol)
  if (field == 0 || available < header + field + 2) return false
  const length = ipv6.IPv6.HEADER + ipv6.payloadLengthOf(packet) - header
  const sum = ipv6.pseudoHeaderSum(packet, protocol, length)
  return <u32>load<u16>(packet + header + field) == checksum.fold(sum)
}

/** Where the transport's checksum is in its header; 0: none that is left to an interface. */
@inline
function fieldOf(protocol: u32): u32 {
  if (protocol == tcp.TCP.PROTOCOL) return tcp.TCP.CHECKSUM
  return protocol == udp.UDP.PROTOCOL ? udp.UDP.CHECKSUM : 0
}

/** Makes a packet with a partial checksum a super-frame, if it can be one. */
function cut(frame: usize, mtu: u32): void {
  if (<u32>load<u16>(frame, Frame.CHECKSUM_FIELD) != tcp.TCP.CHECKSUM) return
  const headers = <u32>load<u16>(frame, Frame.HEADERS) - Ethernet.HEADER
  const most = min(mtu, MTU_SAFE)
  if (most <= headers || payloadOf(frame) <= most - headers) return
  const segment = <usize>load<u32>(frame, Frame.ADDRESS) + <usize>load<u16>(frame, Frame.L4)
  if (tcp.isOpening(segment)) return
  const version4 = <u32>load<u16>(frame, Frame.ETHER_TYPE) == EtherType.IPV4
  store<u8>(frame, <u8>(version4 ? Virtio.GSO_TCPV4 : Virtio.GSO_TCPV6), Frame.GSO_TYPE)
  store<u16>(frame, <u16>(most - headers), Frame.GSO_SIZE)
  const reduced = (<u32>load<u8>(segment, 13) & CWR) != 0
  store<u8>(frame, <u8>(reduced ? Virtio.GSO_ECN : 0), Frame.ECN)
}
