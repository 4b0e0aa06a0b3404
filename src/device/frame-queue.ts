/**
 * Frames that wait, one behind the other in one piece of memory: a frame that comes or goes costs a copy
 * and no object of its own.
 */
import type { Keeper } from '../memento/keeper.js'

/** Octets and frames there is room for at first; both grow as they are needed. */
const OCTETS = 2048
const FRAMES = 16
/** A queue that grew beyond that gives the memory back when it is empty: more than a TCP's window of frames. */
const KEPT = 1 << 22

export class FrameQueue {
  /** The octets of all frames; those of one are from `startOf` to `endOf`. */
  bytes = new Uint8Array(OCTETS)
  /** Where each frame ends, from `#first` to `#last`. */
  #ends = new Uint32Array(FRAMES)
  #first = 0
  #last = 0
  /** Where the first frame that waits begins. */
  #start = 0

  /** Frames that wait. */
  get length(): number {
    return this.#last - this.#first
  }

  push(frame: Uint8Array): void {
    const start = this.#last === 0 ? 0 : (this.#ends[this.#last - 1] as number)
    const end = start + frame.length
    if (end > this.bytes.length) return this.#grow(frame)
    if (this.#last === this.#ends.length) this.#ends = grown(this.#ends, this.#last * 2)
    this.bytes.set(frame, start)
    this.#ends[this.#last++] = end
  }

  /** Where the `index`-th frame that waits begins and ends. */
  startOf(index: number): number {
    return index === 0 ? this.#start : (this.#ends[this.#first + index - 1] as number)
  }
  endOf(index: number): number {
    return this.#ends[this.#first + index] as number
  }

  /** Takes the first `count` frames out. */
  drop(count: number): void {
    if (count === 0) return
    this.#start = this.endOf(count - 1)
    this.#first += count
    if (this.#first === this.#last) this.clear()
  }

  clear(): void {
    this.#first = 0
    this.#last = 0
    this.#start = 0
    if (this.bytes.length > KEPT) this.bytes = new Uint8Array(OCTETS)
  }

  /** What has gone makes room; if that is not half of it, there is more memory. */
  #grow(frame: Uint8Array): void {
    const waiting = this.bytes.subarray(this.#start, this.#end())
    const needed = waiting.length + frame.length
    const size = Math.max(this.bytes.length, 2 ** Math.ceil(Math.log2(needed * 2)))
    const bytes = new Uint8Array(size)
    bytes.set(waiting)
    this.bytes = bytes
    const ends = this.#ends.slice(this.#first, this.#last).map((end) => end - this.#start)
    this.#ends = grown(ends, Math.max(FRAMES, ends.length * 2))
    this.#last = ends.length
    this.#first = 0
    this.#start = 0
    this.push(frame)
  }

  #end(): number {
    return this.#last === 0 ? 0 : (this.#ends[this.#last - 1] as number)
  }

  /** @internal */
  keep(keeper: Keeper): void {
    const waiting = Array.from({ length: this.length }, (_, index) =>
      this.bytes.slice(this.startOf(index), this.endOf(index)),
    )
    keeper.values(waiting, (...frames) => {
      this.clear()
      for (const frame of frames) this.push(frame)
    })
  }
}

function grown(values: Uint32Array, size: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(size)
  larger.set(values)
  return larger
}
