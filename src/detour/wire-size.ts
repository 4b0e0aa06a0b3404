/** A frame behind its virtio header as a link would carry it: a super-frame is many. */
import { VIRTIO_HEADER } from '../dataplane/abi.js'

/** EtherType of a VLAN tag (IEEE 802.1Q), and the octets of both headers. */
const TAG = 0x8100
const ETHERNET = 14
const TAGGED = 18

export interface WireSize {
  /** Of all frames together. */
  octets: number
  /** What `octets` has beyond the largest packet: what an MTU does not count. */
  besides: number
  isSuperFrame: boolean
}

/** Writes the size of a frame into `size`: one object serves for all. @param head of the virtio header */
export function measure(view: DataView, head: number, length: number, size: WireSize): void {
  const frame = length - VIRTIO_HEADER
  const ethernet =
    frame >= ETHERNET && view.getUint16(head + VIRTIO_HEADER + 12) === TAG ? TAGGED : ETHERNET
  const [type, headers, segment] = [
    view.getUint8(head + 1),
    view.getUint16(head + 2, true),
    view.getUint16(head + 4, true),
  ]
  const payload = frame - headers
  size.isSuperFrame = type !== 0 && segment > 0 && payload > segment
  const segments = size.isSuperFrame ? Math.ceil(payload / segment) : 1
  size.octets = frame + (segments - 1) * headers
  const largest = size.isSuperFrame ? headers + segment : frame
  size.besides = size.octets - largest + ethernet
}
