/**
 * Memory for segments. Each goes to the network and is never seen again; a buffer of its own for each
 * costs more than to fill it. So they are cut from slabs, whose memory goes when the last segment of it
 * does.
 */

/** The first is small: most hosts send little. */
const FIRST_SLAB = 1 << 12
const LARGEST_SLAB = 1 << 16

export class SegmentBuffers {
  #slab = new Uint8Array(0)
  #at = 0
  #size = FIRST_SLAB

  /** @param headroom octets left free before each segment */
  constructor(readonly headroom: number) {}

  /** That many octets, all 0. */
  take(octets: number): Uint8Array {
    const from = this.#at + this.headroom
    const to = from + octets
    if (to <= this.#slab.length) {
      this.#at = to
      return this.#slab.subarray(from, to)
    }
    this.#slab = new Uint8Array(Math.max(this.#size, this.headroom + octets))
    this.#size = Math.min(LARGEST_SLAB, 2 * this.#size)
    this.#at = this.headroom + octets
    return this.#slab.subarray(this.headroom, this.#at)
  }
}
