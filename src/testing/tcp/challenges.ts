/** How many answers to what nobody should have sent there are at most (RFC 5961 7). */
import type { Keeper } from '../../memento/keeper.js'

const A_SECOND = 10

export class Challenges {
  #count = 0
  #since = 0

  /** @returns whether one more may be sent at `now`, in milliseconds */
  take(now: number): boolean {
    if (now - this.#since >= 1000) {
      this.#count = 0
      this.#since = now
    }
    return ++this.#count <= A_SECOND
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.values([this.#count, this.#since], (...kept) => {
      ;[this.#count, this.#since] = kept
    })
  }
}
