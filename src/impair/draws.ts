/** The luck of frames one by one, or tied to that of the frame before. */

import type { Keeper } from '../memento/keeper.js'
import { Luck, type Seed } from './luck.js'
import type { Odds } from './plan.js'

/** One fault's luck, asked once a frame, whatever becomes of the frame. */
export class Draws {
  readonly #luck: Luck
  readonly #ties: Luck
  #last = 0

  /** @param names whose luck it is: link, direction, fault */
  constructor(seed: Seed, ...names: readonly string[]) {
    this.#luck = new Luck(seed, ...names)
    this.#ties = new Luck(seed, ...names, 'tie')
  }

  /**
   * The word of frame n, or that of the frame before it when the word of their tie is below `tied`.
   * Unlike netem's weighted mean of both this leaves every word as likely as before, and how likely a
   * tie is, is the correlation.
   */
  next(n: number, tied: number): number {
    if (tied === 0 || this.#ties.word(n) >= tied) this.#last = this.#luck.word(n)
    return this.#last
  }

  /** What cannot happen asks for no luck. */
  happens(n: number, { below, tied }: Odds): boolean {
    return below > 0 && this.next(n, tied) < below
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.values([this.#last], (last) => {
      this.#last = last
    })
  }
}
