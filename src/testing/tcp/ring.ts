/** Octets of a stream by their position in it: what waits to be acknowledged, or to be read. */
import type { Keeper } from '../../memento/keeper.js'

const LEAST = 4096

/**
 * Holds a span of positions. It grows by doubling, up to what the caller asks of it, so that a
 * connection that carries little costs little.
 */
export class Ring {
  #bytes = new Uint8Array(0)
  #mask = 0

  /** Makes room for the positions from `base` to `end`; what is held from `base` on stays. */
  reserve(base: number, end: number): void {
    if (end - base > this.#bytes.length) this.#grow(base, end - base)
  }

  #grow(base: number, octets: number): void {
    let size = Math.max(LEAST, this.#bytes.length)
    while (size < octets) size *= 2
    const held = this.#bytes.length
    const bytes = new Uint8Array(size)
    const grown = new Ring()
    grown.#bytes = bytes
    grown.#mask = size - 1
    // Which of these are meant is not known here: all that can be.
    if (held > 0) this.#parts(base, held, (part, at) => grown.write(at, part, 0, part.length))
    this.#bytes = bytes
    this.#mask = size - 1
  }

  /** The one or two parts of memory in which a span lies. */
  #parts(position: number, length: number, visit: (part: Uint8Array, at: number) => void): void {
    const at = this.#index(position)
    const first = Math.min(length, this.#bytes.length - at)
    visit(this.#bytes.subarray(at, at + first), position)
    if (first < length) visit(this.#bytes.subarray(0, length - first), position + first)
  }

  /** A position is up to 2^53; the mask takes its low 32 bits. */
  #index(position: number): number {
    return position & this.#mask
  }

  /** Writes `source` from `from` to `to`; there must be room. */
  write(position: number, source: Uint8Array, from: number, to: number): void {
    const at = this.#index(position)
    const first = Math.min(to - from, this.#bytes.length - at)
    this.#bytes.set(part(source, from, from + first), at)
    if (from + first < to) this.#bytes.set(part(source, from + first, to), 0)
  }

  /** Copies `length` octets from `position` into `target` at `offset`. */
  read(position: number, target: Uint8Array, offset: number, length: number): void {
    const at = this.#index(position)
    const first = Math.min(length, this.#bytes.length - at)
    target.set(this.#bytes.subarray(at, at + first), offset)
    if (first < length) target.set(this.#bytes.subarray(0, length - first), offset + first)
  }

  /** Forgets everything and gives the memory back. */
  clear(): void {
    this.#bytes = new Uint8Array(0)
    this.#mask = 0
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.handles([this.#bytes, this.#mask], (...kept) => {
      ;[this.#bytes, this.#mask] = kept
    })
    keeper.octets(this.#bytes)
  }
}

const part = (source: Uint8Array, from: number, to: number): Uint8Array =>
  from === 0 && to === source.length ? source : source.subarray(from, to)
