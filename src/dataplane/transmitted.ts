/** What a call of the dataplane sent, out of its transmit list: assembly/transmit.ts. */
import { BARE, TRANSMIT_SIZE, VIRTIO_HEADER } from './abi.js'

/** A frame and the ports that it goes to, by their numbers. */
export interface Transmitted {
  ports: number[]
  /** The tunnel whose frame is in it, where it is a datagram of the underlay. */
  tunnel: number | undefined
  /** A virtio-net header and the frame. */
  message: Uint8Array
}

/** The frames of a list at an address, as copies. */
export function transmitted(view: DataView, list: number, entries: number): Transmitted[] {
  return Array.from({ length: entries }, (_, index) => {
    const at = list + index * TRANSMIT_SIZE
    const word = (offset: number) => view.getUint32(at + offset, true)
    const [head, headLength, body] = [word(0), word(4), word(8)]
    const bodyLength = body === BARE ? 0 : word(12)
    const message = new Uint8Array(headLength + bodyLength)
    message.set(new Uint8Array(view.buffer, head, headLength))
    // The header of such a frame is written by whoever writes the frame.
    if (body === BARE) message.fill(0, 0, VIRTIO_HEADER)
    else message.set(new Uint8Array(view.buffer, body, bodyLength), headLength)
    const [ports, count, except] = [word(16), word(20), word(24)]
    const numbers = Array.from({ length: count }, (_, n) => view.getUint32(ports + 4 * n, true))
    const tunnel = word(28) === 0 ? undefined : word(28) - 1
    return { ports: numbers.filter((port) => port !== except), tunnel, message }
  })
}
