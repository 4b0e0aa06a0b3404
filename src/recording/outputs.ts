/** What a call of the dataplane sent, out of its transmit list. */
import { BARE, TRANSMIT_SIZE, VIRTIO_HEADER } from '../dataplane/abi.js'
import { mix, mixOctets } from './hash.js'

/** A frame and the ports that it goes to, by their numbers. */
export interface Sent {
  ports: number[]
  /** A virtio-net header and the frame. */
  message: Uint8Array
}

/** A hash of all frames of a list, with where they go. */
export function hashOfList(view: DataView, list: number, entries: number): number {
  let hash = entries
  for (let index = 0; index < entries; index++) {
    const at = list + index * TRANSMIT_SIZE
    const word = (offset: number) => view.getUint32(at + offset, true)
    const isBare = word(8) === BARE
    // The header of such a frame is written by whoever writes the frame.
    const skipped = isBare ? VIRTIO_HEADER : 0
    hash = mixOctets(hash, view, word(0) + skipped, word(4) - skipped)
    if (!isBare) hash = mixOctets(hash, view, word(8), word(12))
    const count = word(20)
    hash = mix(mixOctets(hash, view, word(16), 4 * count), word(24))
  }
  return hash >>> 0
}

/** The frames of a list, as copies. */
export function framesOfList(view: DataView, list: number, entries: number): Sent[] {
  return Array.from({ length: entries }, (_, index) => {
    const at = list + index * TRANSMIT_SIZE
    const word = (offset: number) => view.getUint32(at + offset, true)
    const [head, headLength, body] = [word(0), word(4), word(8)]
    const bodyLength = body === BARE ? 0 : word(12)
    const message = new Uint8Array(headLength + bodyLength)
    message.set(new Uint8Array(view.buffer, head, headLength))
    if (body === BARE) message.fill(0, 0, VIRTIO_HEADER)
    else message.set(new Uint8Array(view.buffer, body, bodyLength), headLength)
    const numbers = Array.from({ length: word(20) }, (_, n) =>
      view.getUint32(word(16) + 4 * n, true),
    )
    return { ports: numbers.filter((port) => port !== word(24)), message }
  })
}
