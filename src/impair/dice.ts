/**
 * What luck has for one frame, each fault of its own. All of it is asked for every frame, before
 * anything is decided: which frames a fault hits does not hang on what other faults did.
 */

import type { Keeper } from '../memento/keeper.js'
import { shiftOf } from './distribution.js'
import { Draws } from './draws.js'
import { Luck, type Seed, WORDS } from './luck.js'
import type { Odds, Plan } from './plan.js'

/** For frames, or for the copies that duplication makes of them. */
export class Dice {
  lost = false
  /** The bit to be changed, counted from the frame's first octet, or -1. */
  bit = -1
  /** Milliseconds by which jitter makes the way longer, or shorter. */
  shift = Number.NaN

  readonly #loss: Draws
  readonly #corrupt: Draws
  readonly #place: Luck
  readonly #jitter: Draws

  constructor(seed: Seed, ...names: readonly string[]) {
    this.#loss = new Draws(seed, ...names, 'loss')
    this.#corrupt = new Draws(seed, ...names, 'corrupt')
    this.#place = new Luck(seed, ...names, 'place')
    this.#jitter = new Draws(seed, ...names, 'jitter')
  }

  /** @param loss how likely frame n is lost */
  throw(n: number, octets: number, plan: Plan, loss: Odds): void {
    this.lost = this.#loss.happens(n, loss)
    const corrupt = this.#corrupt.happens(n, plan.corrupt)
    this.bit = corrupt ? Math.floor((this.#place.word(n) / WORDS) * octets * 8) : -1
    const { jitter, jitterTied, quantiles } = plan
    this.shift = jitter === 0 ? 0 : jitter * shiftOf(quantiles, this.#jitter.next(n, jitterTied))
  }

  /** What was thrown last is taken before the next is. */
  keep(keeper: Keeper): void {
    for (const draws of [this.#loss, this.#corrupt, this.#jitter]) keeper.part(draws)
  }
}
