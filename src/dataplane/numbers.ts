/**
 * Dense numbers for ports and broadcast domains. One that is given back is not given to another
 * until whoever may still use it has passed on.
 */
import { LinkspanError } from '../error.js'
import type { Keeper } from '../memento/keeper.js'

/**
 * Numbers from `first` to `end` - 1. New ones are given out before old ones, and of those the one
 * that was given back first: what still speaks of an old number then has the longest time to end.
 */
export class Numbers {
  readonly #retired: { number: number; generation: number }[] = []
  #next: number
  constructor(
    first: number,
    readonly end: number,
    readonly what: string,
    readonly setting: string,
  ) {
    this.#next = first
  }

  /**
   * @param ready whether every worker has passed a generation
   * @param reset wipes what is left of the number's last use
   */
  take(ready: (generation: number) => boolean, reset: (number: number) => void): number {
    if (this.#next < this.end) return this.#next++
    const [oldest] = this.#retired
    if (oldest === undefined || !ready(oldest.generation)) {
      throw new LinkspanError(
        'LIMIT',
        `no room for another ${this.what}: raise ${this.setting} and restart the switch`,
      )
    }
    this.#retired.shift()
    reset(oldest.number)
    return oldest.number
  }

  /** Gives a number back, to be used again when every worker has passed `generation`. */
  retire(number: number, generation: number): void {
    this.#retired.push({ number, generation })
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.list(this.#retired)
    keeper.values([this.#next], (next) => {
      this.#next = next
    })
  }
}
