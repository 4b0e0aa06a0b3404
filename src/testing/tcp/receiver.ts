/**
 * The receive side of a connection: what came is put in order and waits for the reader, and the window
 * follows him (RFC 9293 3.8.6). Positions count from the SYN, which is 0; data begin at 1.
 */

import type { Keeper } from '../../memento/keeper.js'
import { SACK_BLOCKS } from './options.js'
import { Ranges } from './ranges.js'
import { Ring } from './ring.js'
import { distance, FIN, type Segment } from './segment.js'

/** Nothing of it was of use: the other end is told at once where we are. */
export const STALE = 0
/** As expected: an ACK may wait. */
export const EXPECTED = 1
/** A hole was made or filled, or the end has come: an ACK goes at once (RFC 5681 4.2). */
export const URGENT = 2
/** There is no room for another hole. */
export const HOLES = 3

/** Holes that are kept account of. More are of no use: an ACK has room for four. */
const MOST_RANGES = 256
const LARGEST = 0xffff

export class Receiver {
  readonly #ring = new Ring()
  /** What came before its turn. */
  readonly #early = new Ranges()
  /** Where the ranges are that grew last, latest first (RFC 2018 4). */
  readonly #recent: number[] = []
  #initial = 0
  /** What is expected next; 0 until a SYN has come. */
  next = 0
  #readAt = 1
  /** The right edge of the window that the other end was told: never drawn back. */
  #edge = 1
  #finAt = -1
  /** Octets that came since an ACK was sent. */
  #unacknowledged = 0
  #lastAck = 0
  /** The largest payload so far: what "full-sized" means here. */
  #largest = 0
  /** Shift of the window that we announce (RFC 7323 2). */
  scale = 0
  /** Nobody reads: what comes is thrown away. */
  isDiscarding = false

  /** @param limit octets that may wait for the reader */
  constructor(readonly limit: number) {
    this.#edge = 1 + limit
  }

  /** The other end's SYN has come. */
  synchronize(sequence: number): void {
    this.#initial = sequence
    this.next = 1
    this.#lastAck = 1
  }

  position(sequence: number): number {
    return this.next + distance(sequence, this.acknowledgment)
  }

  /** What goes into the header, u32. */
  get acknowledgment(): number {
    return (this.#initial + this.next) >>> 0
  }

  /** The other end has sent its FIN, and all before it has come. */
  get isFinished(): boolean {
    return this.#finAt >= 0 && this.next > this.#finAt
  }

  /** Of payload, in order, so far. */
  get octets(): number {
    return Math.max(0, (this.isFinished ? this.#finAt : this.next) - 1)
  }

  /** Octets that can be read. */
  get available(): number {
    return Math.max(0, (this.isFinished ? this.#finAt : this.next) - this.#readAt)
  }

  /** Whether a segment lies in the window (RFC 9293 3.4). */
  isAcceptable(position: number, extent: number): boolean {
    if (extent === 0) return position >= this.next && position <= this.#edge
    return position < Math.max(this.#edge, this.next + 1) && position + extent > this.next
  }

  /** Whether it begins at what was acknowledged last, or before. */
  isAtLastAck(position: number): boolean {
    return position <= this.#lastAck
  }

  /** Takes payload and FIN of an acceptable segment. @returns STALE, EXPECTED, URGENT or HOLES */
  accept(segment: Segment, position: number): number {
    const end = position + segment.length
    const from = Math.max(position, this.next)
    const to = Math.min(end, this.#edge)
    if (segment.length > this.#largest) this.#largest = segment.length
    if ((segment.flags & FIN) !== 0 && to === end && this.#finAt < 0) this.#finAt = end
    if (to > from && this.#finAt >= 0 && to > this.#finAt) return STALE
    if (from > this.next && to > from) return this.#acceptEarly(segment, position, from, to)
    if (to > from) this.#store(segment, position, from, to)
    else if (this.next !== this.#finAt) return STALE
    const filled = this.#early.count > 0
    this.#unacknowledged += Math.max(0, to - from)
    this.#advance(Math.max(to, this.next))
    return filled || this.isFinished ? URGENT : EXPECTED
  }

  #acceptEarly(segment: Segment, position: number, from: number, to: number): number {
    if (this.#early.count >= MOST_RANGES && this.#early.holding(from - 1) < 0) return HOLES
    this.#store(segment, position, from, to)
    this.#early.add(from, to)
    this.#recent.unshift(from)
    if (this.#recent.length > 2 * SACK_BLOCKS) this.#recent.length = 2 * SACK_BLOCKS
    return URGENT
  }

  #store(segment: Segment, position: number, from: number, to: number): void {
    if (this.isDiscarding) return
    const offset = segment.payload - position
    this.#ring.reserve(this.#readAt, to)
    this.#ring.write(from, segment.bytes, offset + from, offset + to)
  }

  #advance(to: number): void {
    this.next = to
    if (this.#early.count > 0) {
      this.next = this.#early.gapFrom(to)
      this.#early.dropBefore(this.next)
    }
    if (this.isDiscarding) this.#readAt = this.next
    if (this.next === this.#finAt) this.next++
  }

  /** Whether two full-sized segments wait for their ACK (RFC 5681 4.2). */
  get mustAcknowledge(): boolean {
    return this.#unacknowledged >= 2 * this.#largest
  }

  get owesAck(): boolean {
    return this.#lastAck < this.next
  }

  /** The window's field of a segment that goes out now with an ACK; what it says is kept to. */
  advertise(shift = this.scale): number {
    const wanted = this.#readAt + this.limit
    const edge = wanted - this.#edge >= this.#worth(1) ? wanted : this.#edge
    // While something waits, a window that has been opened may be less than what is expected next.
    const field = Math.min(LARGEST, Math.max(0, edge - this.next) >>> shift)
    this.#edge = Math.max(this.#edge, this.next + field * 2 ** shift)
    this.#lastAck = this.next
    this.#unacknowledged = 0
    return field
  }

  /** The silly window syndrome is avoided here (RFC 9293 3.8.6.2.2). */
  #worth(segments: number): number {
    return Math.min(this.limit / 2, segments * Math.max(536, this.#largest))
  }

  /** Whether the other end should hear that there is room again. */
  get updateDue(): boolean {
    const grown = this.#readAt + this.limit - this.#edge
    return grown >= this.#worth(2) && this.#edge - this.next < this.limit / 2
  }

  /** Reads `length` octets; so many there must be. */
  read(target: Uint8Array, offset: number, length: number): void {
    this.#ring.read(this.#readAt, target, offset, length)
    this.#readAt += length
  }

  discard(): void {
    this.isDiscarding = true
    this.#readAt += this.available
    this.#ring.clear()
  }

  /** How many blocks of SACK an ACK would have, and where: positions by turns, in `blocks`. */
  sack(blocks: number[], most: number): number {
    let count = 0
    if (this.#early.count === 0) return 0
    for (const position of this.#recent) {
      const index = this.#early.holding(position)
      if (index < 0) continue
      const start = this.#early.start(index)
      if (isAmong(blocks, count, start)) continue
      blocks[2 * count] = start
      blocks[2 * count + 1] = this.#early.end(index)
      if (++count === most) break
    }
    return count
  }

  sequence(position: number): number {
    return (this.#initial + position) >>> 0
  }

  /** Whether something waits for what is missing before it. */
  get hasHoles(): boolean {
    return this.#early.count > 0
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.part(this.#ring)
    keeper.part(this.#early)
    keeper.list(this.#recent)
    keeper.values(
      [this.#initial, this.next, this.#readAt, this.#edge, this.#finAt, this.#unacknowledged],
      (...kept) => {
        ;[this.#initial, this.next, this.#readAt, this.#edge, this.#finAt, this.#unacknowledged] =
          kept
      },
    )
    keeper.values([this.#lastAck, this.#largest, this.scale, this.isDiscarding], (...kept) => {
      ;[this.#lastAck, this.#largest, this.scale, this.isDiscarding] = kept
    })
  }
}

function isAmong(blocks: readonly number[], count: number, start: number): boolean {
  for (let index = 0; index < count; index++) if (blocks[2 * index] === start) return true
  return false
}
