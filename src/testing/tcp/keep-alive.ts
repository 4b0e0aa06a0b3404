/** Asks a silent other end whether it is there (RFC 9293 3.8.4). Off unless asked for. */

import type { Keeper } from '../../memento/keeper.js'
import type { Clock } from '../clock/clock.js'
import { Timer } from './timer.js'

/** As Linux: what is not answered is asked again, so often. */
const PROBES = 9
const INTERVAL = 75_000

export class KeepAlive {
  /** Silence is nothing that is under way; a question is. */
  readonly #silence: Timer
  readonly #answer: Timer
  #asked = 0

  constructor(
    clock: Clock,
    readonly after: number,
    readonly ask: () => void,
    readonly gone: (forMs: number) => void,
  ) {
    this.#silence = new Timer(clock, () => this.#probe(), 'background')
    this.#answer = new Timer(clock, () => this.#probe())
  }

  /** Something came. */
  heard(): void {
    this.#asked = 0
    this.#answer.stop()
    this.#silence.set(this.after)
  }

  #probe(): void {
    if (this.#asked === PROBES) return this.gone(this.after + PROBES * INTERVAL)
    this.#asked++
    this.ask()
    this.#answer.set(INTERVAL)
  }

  stop(): void {
    this.#silence.stop()
    this.#answer.stop()
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.part(this.#silence)
    keeper.part(this.#answer)
    keeper.values([this.#asked], (asked) => {
      this.#asked = asked
    })
  }
}
