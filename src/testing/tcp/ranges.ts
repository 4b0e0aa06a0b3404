/**
 * Disjoint ranges of positions, in order: what came out of order at a receiver, what was selectively
 * acknowledged at a sender.
 */
import type { Keeper } from '../../memento/keeper.js'
export class Ranges {
  /** Start and end by turns, ascending; no range touches the next. */
  readonly #edges: number[] = []
  #total = 0

  get count(): number {
    return this.#edges.length / 2
  }

  /** Positions in all of them. */
  get total(): number {
    return this.#total
  }

  start(index: number): number {
    return this.#edges[2 * index] as number
  }

  end(index: number): number {
    return this.#edges[2 * index + 1] as number
  }

  /** The first range that ends at `position` or behind it; `count` if there is none. */
  #find(position: number): number {
    let low = 0
    let high = this.count
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.end(middle) < position) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The range that holds `position`; -1 if none does. */
  holding(position: number): number {
    const index = this.#find(position + 1)
    return index < this.count && this.start(index) <= position ? index : -1
  }

  /** @returns how many positions are new */
  add(start: number, end: number): number {
    const first = this.#find(start)
    let [from, to, held, last] = [start, end, 0, first]
    for (; last < this.count && this.start(last) <= end; last++) {
      from = Math.min(from, this.start(last))
      to = Math.max(to, this.end(last))
      held += this.end(last) - this.start(last)
    }
    this.#edges.splice(2 * first, 2 * (last - first), from, to)
    this.#total += to - from - held
    return to - from - held
  }

  /** Forgets everything before `position`. */
  dropBefore(position: number): void {
    let gone = 0
    while (gone < this.count && this.end(gone) <= position) gone++
    for (let index = 0; index < gone; index++) this.#total -= this.end(index) - this.start(index)
    if (gone > 0) this.#edges.splice(0, 2 * gone)
    if (this.count === 0 || this.start(0) >= position) return
    this.#total -= position - this.start(0)
    this.#edges[0] = position
  }

  /** How many positions from `start` to `end` are held. */
  within(start: number, end: number): number {
    let held = 0
    for (let index = this.#find(start + 1); index < this.count; index++) {
      if (this.start(index) >= end) break
      held += Math.min(end, this.end(index)) - Math.max(start, this.start(index))
    }
    return held
  }

  /** The first position from `from` on that is not held. */
  gapFrom(from: number): number {
    const index = this.holding(from)
    return index < 0 ? from : this.end(index)
  }

  /** Where the next range begins, at `from` or behind it; `otherwise` if there is none. */
  nextStart(from: number, otherwise: number): number {
    const index = this.#find(from + 1)
    return index < this.count ? Math.max(from, this.start(index)) : otherwise
  }

  clear(): void {
    this.#edges.length = 0
    this.#total = 0
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.list(this.#edges)
    keeper.values([this.#total], (total) => {
      this.#total = total
    })
  }
}
