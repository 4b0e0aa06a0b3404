/**
 * What Linux makes of a virtio-net header that is written to a TAP: `tun_get_user` (drivers/net/tun.c)
 * and `virtio_net_hdr_to_skb` (include/linux/virtio_net.h) of 6.12 to 6.18, as far as they refuse.
 * The kernel believes more than it should (a TCP GSO type on a UDP frame passes), so `isHonest` asks
 * for the rest: that all the header says is true of the frame.
 */
import { checksumField, isTransport, parse } from './parse.js'
import { Gso, NEEDS_CSUM, type VirtioHeader } from './virtio.js'

const ETH_HLEN = 14
const U16_MAX = 0xffff
/** include/net/sctp: segments lie in frags; not for anyone outside the kernel. */
const GSO_BY_FRAGS = 0xffff
const UDP_MAX_SEGMENTS = 128

/** sizeof(struct tcphdr), sizeof(struct udphdr), and what precedes at least. */
const types = new Map<number, { transport: number; network: number; field: number | undefined }>([
  [Gso.TCPV4, { transport: 20, network: 20, field: 16 }],
  [Gso.TCPV6, { transport: 20, network: 40, field: 16 }],
  [Gso.UDP, { transport: 8, network: 20, field: undefined }],
  [Gso.UDP_L4, { transport: 8, network: 20, field: 6 }],
])

/** Why the kernel would refuse it (EINVAL), or undefined. */
export function kernelRefusal(header: VirtioHeader, frame: Uint8Array): string | undefined {
  return tunRefusal(header, frame) ?? headerRefusal(header, frame)
}

function tunRefusal(header: VirtioHeader, frame: Uint8Array): string | undefined {
  let { headerLength } = header
  if (header.flags & NEEDS_CSUM) {
    headerLength = Math.max(headerLength, header.checksumStart + header.checksumOffset + 2)
  }
  if (headerLength > frame.length) return 'hdr_len past the end'
  if (frame.length < ETH_HLEN) return 'no Ethernet header'
  if (headerLength !== 0 && headerLength < ETH_HLEN) return 'hdr_len below ETH_HLEN'
  return undefined
}

function headerRefusal(header: VirtioHeader, frame: Uint8Array): string | undefined {
  const { flags, gsoType, gsoSize, checksumStart, checksumOffset } = header
  const type = gsoType === Gso.NONE ? undefined : types.get(gsoType & ~Gso.ECN)
  if (gsoType !== Gso.NONE && !type) return 'unknown gso_type'
  if (type && gsoSize === 0) return 'gso_size 0'
  const transport = type?.transport ?? 0
  const network = type?.network ?? 20
  let payloadOffset = network + transport
  if (flags & NEEDS_CSUM) {
    if (checksumStart + Math.max(transport, checksumOffset + 2) > frame.length)
      return 'csum past the end'
    if (checksumStart >= U16_MAX) return 'csum_start too large'
    if (checksumStart < network) return 'csum_start in the network header'
    payloadOffset = checksumStart + transport
  }
  if (!type) return undefined
  if (payloadOffset > frame.length) return 'no transport header'
  const payload = frame.length - payloadOffset
  if ((gsoType & ~Gso.ECN) === Gso.UDP_L4) {
    if (!(flags & NEEDS_CSUM)) return 'UDP_L4 without NEEDS_CSUM'
    if (payload > gsoSize * UDP_MAX_SEGMENTS) return 'too many UDP segments'
    if (gsoType & Gso.ECN) return 'UDP with ECN'
  }
  const partial = (flags & NEEDS_CSUM) !== 0
  if (partial && type.field !== undefined && checksumOffset !== type.field) {
    return 'csum_offset of another protocol'
  }
  return gsoSize === GSO_BY_FRAGS ? 'GSO_BY_FRAGS' : undefined
}

/** What the header says that is not true of the frame, or undefined. */
export function dishonesty(header: VirtioHeader, frame: Uint8Array): string | undefined {
  const { flags, gsoType, gsoSize, headerLength } = header
  if (header.buffers !== 0) return 'num_buffers'
  if (flags === 0) {
    const rest = gsoType | gsoSize | headerLength | header.checksumStart | header.checksumOffset
    return rest === 0 ? undefined : 'fields that belong to no request'
  }
  if (flags !== NEEDS_CSUM) return 'flags'
  const found = parse(frame)
  if (!isTransport(found)) return `a request for a packet that is ${found.kind}`
  if (found.end !== frame.length) return 'padding that would be summed'
  if (header.checksumStart !== found.l4) return 'csum_start'
  if (header.checksumOffset !== checksumField(found)) return 'csum_offset'
  if (gsoType === Gso.NONE) return gsoSize === 0 ? undefined : 'gso_size without a type'
  const tcp = found.version === 4 ? Gso.TCPV4 : Gso.TCPV6
  const expected = found.kind === 'tcp' ? tcp : Gso.UDP_L4
  const type = found.kind === 'tcp' ? gsoType & ~Gso.ECN : gsoType
  if (type !== expected) return 'gso_type of another protocol'
  if (headerLength !== found.payload) return 'hdr_len'
  return frame.length - found.payload > gsoSize ? undefined : 'a super-frame of one segment'
}
