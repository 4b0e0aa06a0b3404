/** What is known of the first packet of a flow before it is handled: in the worker's FIRSTS, 64 octets a frame. */
import { Worker } from '../memory'
import { WAYS_MAX } from '../size'

/** What is known of a first packet; only HOST is set where that is 0. */
export namespace Note {
  /** u64 each: the hashes of the packet, its answer, what a permit lets in, and its inside endpoint. */
  export const ORIGINAL: usize = 0
  export const REPLY: usize = 8
  export const PERMIT: usize = 16
  export const ENDPOINT: usize = 24
  /** u32: where the flows of its host are counted; 0 for a packet that this has not to do with. */
  export const HOST: usize = 32
  /** u32: the source rule that it meets, 0 for none: it is not translated then. */
  export const RULE: usize = 36
  export const SLOT: usize = 40
  /** u32: ports of the answer, as they stand on the wire. */
  export const PORTS: usize = 44
  /** u32 each: addresses of what is about to be read. */
  export const CHAIN: usize = 48
  export const CELL: usize = 52
  export const ANSWER: usize = 56
  export const PERMITTED: usize = 60
}

const NOTE_SIZE: usize = 64
/** Notes are as large as descriptors. */
const MASK: usize = <usize>WAYS_MAX * NOTE_SIZE - 1

/** What is noted of a descriptor. */
@inline
export function noteOf(block: usize, frame: usize): usize {
  return block + Worker.FIRSTS + ((frame - (block + Worker.FRAMES)) & MASK)
}
