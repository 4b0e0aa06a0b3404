/**
 * Frames behind a virtio-net header of 12 octets (virtio 1.2, 5.1.6), as they come out of the
 * dataplane, made fit for a file: a checksum that hardware was to complete is completed.
 */
import { checksumOf, sumOf } from './checksum.js'
import { locate, u16 } from './locate.js'

export const VIRTIO_HEADER = 12

/** VIRTIO_NET_HDR_F_NEEDS_CSUM. */
const NEEDS_CSUM = 1

/**
 * The frame behind the header: a view of the same octets, in which the checksum is set if the header
 * asks for it. A super-frame stays one frame.
 */
export function frameOf(message: Uint8Array): Uint8Array {
  const frame = message.subarray(VIRTIO_HEADER)
  if (((message[0] ?? 0) & NEEDS_CSUM) === 0) return frame
  // These fields are little-endian, what is in the frame is not.
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength)
  const start = view.getUint16(6, true)
  const field = start + view.getUint16(8, true)
  const end = endOf(frame)
  if (start >= end || field + 2 > end) return frame
  const sum = checksumOf(sumOf(frame, start, end))
  // 0 would say that UDP has none (RFC 768); to others it is the same number.
  frame.set(sum === 0 ? [0xff, 0xff] : [sum >>> 8, sum & 0xff], field)
  return frame
}

/** Where the IP packet ends: padding behind it is not summed. */
function endOf(frame: Uint8Array): number {
  const { etherType, offset } = locate(frame)
  if (etherType === 0x0800 && offset + 4 <= frame.length) {
    // 0: longer than the field can say.
    const total = u16(frame, offset + 2)
    return total === 0 ? frame.length : Math.min(frame.length, offset + total)
  }
  if (etherType === 0x86dd && offset + 6 <= frame.length) {
    const payload = u16(frame, offset + 4)
    return payload === 0 ? frame.length : Math.min(frame.length, offset + 40 + payload)
  }
  return frame.length
}
