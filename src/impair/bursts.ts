/** Loss in bursts: the model of Gilbert (1960) and Elliott (1963), a medium that is good or bad. */

import type { Keeper } from '../memento/keeper.js'
import { Luck, type Seed } from './luck.js'
import type { BurstOdds } from './plan.js'

export class Bursts {
  readonly #luck: Luck
  #bad = false

  constructor(seed: Seed, ...names: readonly string[]) {
    this.#luck = new Luck(seed, ...names)
  }

  /** A new medium is good. */
  reset(): void {
    this.#bad = false
  }

  /** As netem: first the medium changes, or does not, then it says how likely frame n is lost. */
  next(n: number, { toBad, toGood, lossBad, lossGood }: BurstOdds): number {
    if (this.#luck.word(n) < (this.#bad ? toGood : toBad)) this.#bad = !this.#bad
    return this.#bad ? lossBad : lossGood
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.values([this.#bad], (bad) => {
      this.#bad = bad
    })
  }
}
