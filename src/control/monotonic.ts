/**
 * Counters that a scraper may take for what they are: they never fall while the object they belong to
 * is there. Forgotten with the object.
 */
export class Monotonic {
  readonly #highest = new WeakMap<object, Map<string, number>>()
  readonly #sums = new WeakMap<object, Map<string, { last: number; sum: number }>>()

  /**
   * For a counter from which little is taken back now and then, as frames are that a device refused
   * after they were counted: it stands still until it is there again.
   */
  clamped(owner: object, name: string, value: number): number {
    const highest = Math.max(value, this.#of(this.#highest, owner).get(name) ?? 0)
    this.#of(this.#highest, owner).set(name, highest)
    return highest
  }

  /** For a counter that begins anew now and then, as the kernel's do with a new interface. */
  summed(owner: object, name: string, value: number): number {
    const known = this.#of(this.#sums, owner).get(name) ?? { last: 0, sum: 0 }
    const more = value >= known.last ? value - known.last : value
    const sum = known.sum + more
    this.#of(this.#sums, owner).set(name, { last: value, sum })
    return sum
  }

  #of<T>(all: WeakMap<object, Map<string, T>>, owner: object): Map<string, T> {
    const known = all.get(owner) ?? new Map<string, T>()
    all.set(owner, known)
    return known
  }
}
