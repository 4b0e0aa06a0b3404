/** Longer and longer pauses between attempts that fail, ms. */
const FIRST = 500
const LONGEST = 8000

export class Backoff {
  #until = 0
  #pause = 0

  isOver(): boolean {
    return performance.now() >= this.#until
  }

  /** After an attempt that failed. */
  grow(): void {
    this.#pause = Math.min(LONGEST, Math.max(FIRST, this.#pause * 2))
    this.#until = performance.now() + this.#pause
  }

  /** After one that did not. */
  reset(): void {
    this.#pause = 0
    this.#until = 0
  }
}
