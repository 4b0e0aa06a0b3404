/** A checksum that hardware was to complete is completed: what changes a frame behind that is seen by it. */
import { frameOf } from '../packet/virtio.js'

/** VIRTIO_NET_HDR_F_NEEDS_CSUM and _F_DATA_VALID (virtio 1.2, 5.1.6). */
const PROMISES = 1 | 2

/** @param message a frame behind its virtio header, which asks for nothing and promises nothing after that */
export function complete(message: Uint8Array): void {
  frameOf(message)
  message[0] = (message[0] as number) & ~PROMISES
}
