/** A frame behind its virtio header as a link would carry it: a super-frame is many. */
import { isTagType } from '../config/tpid.js'
import { VIRTIO_HEADER } from '../dataplane/abi.js'

const [ETHERNET, TAGGED] = [14, 18]
/** VIRTIO_NET_HDR_GSO_UDP_L4 (virtio 1.2, 5.1.6): all others are TCP. */
const UDP = 5
const UDP_HEADER = 8
/** Where a TCP header says how long it is. */
const DATA_OFFSET = 12

export interface WireSize {
  /** Of all frames together. */
  octets: number
  /** What `octets` has beyond the largest packet: what an MTU does not count. */
  besides: number
  isSuperFrame: boolean
}

/** Writes the size of a frame into `size`: one object serves for all. @param head of the virtio header */
export function measure(view: DataView, head: number, length: number, size: WireSize): void {
  const [start, frame] = [head + VIRTIO_HEADER, length - VIRTIO_HEADER]
  const isTagged = frame >= TAGGED && isTagType(view.getUint16(start + 12))
  const ethernet = isTagged ? TAGGED : ETHERNET
  const segment = view.getUint8(head + 1) === 0 ? 0 : view.getUint16(head + 4, true)
  const headers = segment === 0 ? frame : headersOf(view, head, frame)
  const payload = frame - headers
  size.isSuperFrame = segment > 0 && payload > segment
  size.octets = size.isSuperFrame ? frame + (Math.ceil(payload / segment) - 1) * headers : frame
  const largest = size.isSuperFrame ? headers + segment : frame
  size.besides = size.octets - largest + ethernet
}

/** From where the checksum begins, since what the kernel says of the headers' length is a hint. */
function headersOf(view: DataView, head: number, frame: number): number {
  const upper = view.getUint16(head + 6, true)
  if (view.getUint8(head + 1) === UDP) return Math.min(frame, upper + UDP_HEADER)
  const at = upper + DATA_OFFSET
  if (at >= frame) return frame
  return Math.min(frame, upper + (view.getUint8(head + VIRTIO_HEADER + at) >> 4) * 4)
}
