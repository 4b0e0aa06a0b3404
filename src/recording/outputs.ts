/** A hash over what a call of the dataplane sent. */
import { BARE, TRANSMIT_SIZE, VIRTIO_HEADER } from '../dataplane/abi.js'
import { mix, mixOctets } from './hash.js'

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
