/**
 * Memory for segments. Where the network takes them over, each goes there and is never seen again; a
 * buffer of its own for each costs more than to fill it. So they are cut from slabs, whose memory goes when
 * the last segment of it does. Where the network copies them, all are made in the same place.
 */

/** The first is small: most hosts send little. */
const FIRST_SLAB = 1 << 12
const LARGEST_SLAB = 1 << 16

/** Where segments are made that are copied: one for all, since each is sent before the next is made. */
const shared = new Uint8Array(1 << 16)
/** The longest header that a segment has. */
const HEADER_MOST = 60

export class SegmentBuffers {
  /** Of the shared memory, as long as the last segment: most are as long as the one before. */
  #view = shared.subarray(0, 0)
  #slab = new Uint8Array(0)
  #at = 0
  #size = FIRST_SLAB

  /**
   * @param headroom octets left free before each segment
   * @param isCopied a segment is done with when it was sent
   */
  constructor(
    readonly headroom: number,
    readonly isCopied = false,
  ) {}

  /** That many octets, for a header that is all 0 yet, and for payload. */
  take(octets: number): Uint8Array {
    return this.isCopied ? this.#again(octets) : this.#cut(octets)
  }

  #again(octets: number): Uint8Array {
    if (this.#view.length !== octets) this.#view = shared.subarray(0, octets)
    return this.#view.fill(0, 0, HEADER_MOST)
  }

  #cut(octets: number): Uint8Array {
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
