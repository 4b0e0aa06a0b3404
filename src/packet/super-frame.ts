/** Super-frames as a TAP hands them over: one frame whose segments somebody else is to cut. */
import { pseudoSum } from './checksum.js'
import { dissect } from './dissect/dissect.js'
import { VIRTIO_HEADER } from './virtio.js'

/** VIRTIO_NET_HDR_F_NEEDS_CSUM, and GSO types (virtio 1.2, 5.1.6). */
const NEEDS_CSUM = 1
const GSO = { TCPV4: 1, TCPV6: 4, UDP_L4: 5, ECN: 0x80 } as const
const CWR = 0x80

const uppers = {
  tcp: { protocol: 6, checksum: 16 },
  udp: { protocol: 17, checksum: 6 },
} as const

/**
 * A frame behind a virtio-net header of 12 octets. Where it is a TCP or UDP packet with more payload than
 * `segmentSize`, the header asks for segments of so many octets, and its checksum is partial; else, and
 * without a size, the header asks for nothing.
 */
export function messageOf(frame: Uint8Array, segmentSize?: number): Uint8Array {
  const message = new Uint8Array(VIRTIO_HEADER + frame.length)
  message.set(frame, VIRTIO_HEADER)
  const found = segmentSize === undefined ? undefined : findUpper(frame)
  if (!found || segmentSize === undefined || found.end - found.payload <= segmentSize)
    return message
  const { version, protocol, start, checksum, payload, end, addresses } = found
  const isTcp = protocol === uppers.tcp.protocol
  const type = isTcp ? (version === 4 ? GSO.TCPV4 : GSO.TCPV6) : GSO.UDP_L4
  const ecn = isTcp && ((frame[start + 13] ?? 0) & CWR) !== 0 ? GSO.ECN : 0
  // These are little-endian, what is in the frame is not.
  const view = new DataView(message.buffer)
  message.set([NEEDS_CSUM, type | ecn])
  view.setUint16(2, payload, true)
  view.setUint16(4, segmentSize, true)
  view.setUint16(6, start, true)
  view.setUint16(8, checksum, true)
  view.setUint16(VIRTIO_HEADER + start + checksum, pseudoSum(addresses, protocol, end - start))
  return message
}

/** Where TCP or UDP is in a frame, whole, in a packet that is no fragment; undefined where it is not. */
function findUpper(frame: Uint8Array) {
  const layers = dissect(frame)
  const at = layers.findIndex(({ layer }) => layer === 'tcp' || layer === 'udp')
  const upper = layers[at]
  const [ip, ...more] = layers.slice(0, at).filter(({ layer }) => layer.startsWith('ipv'))
  const { checksumState = 'unchecked' } = upper?.fields ?? {}
  if (!upper || !ip || more.length > 0 || checksumState === 'unchecked') return undefined
  const version = ip.layer === 'ipv4' ? 4 : 6
  const { totalLength, payloadLength } = ip.fields
  const length = version === 4 ? Number(totalLength) : 40 + Number(payloadLength)
  const { protocol, checksum } = uppers[upper.layer as 'tcp' | 'udp']
  const from = ip.offset + (version === 4 ? 12 : 8)
  const addresses = frame.subarray(from, from + (version === 4 ? 8 : 32))
  const { offset: start } = upper
  const payload = start + upper.length
  return { version, protocol, start, checksum, payload, end: ip.offset + length, addresses }
}
