/** When an answer is overdue (RFC 6298). Milliseconds. */
import type { Keeper } from '../../memento/keeper.js'

const ALPHA = 1 / 8
const BETA = 1 / 4
/** Before anything was measured (RFC 6298 2.1). */
const INITIAL = 1000

export class RetransmissionTimeout {
  #smoothed = 0
  #variation = 0
  #measured = false
  #timeout = INITIAL

  /** @param least RFC 6298 2.4 says 1 s, Linux 200 ms @param most at least 60 s (2.5) */
  constructor(
    readonly least: number,
    readonly most: number,
  ) {}

  get timeout(): number {
    return this.#timeout
  }

  /** The smoothed round-trip time; undefined before the first measurement. */
  get roundTrip(): number | undefined {
    return this.#measured ? this.#smoothed : undefined
  }

  /**
   * Takes a round trip in; ends the backing off. The caller sees to Karn's rule (3): of what was sent
   * twice only a timestamp's echo tells the time.
   */
  measured(sample: number): void {
    if (this.#measured) {
      this.#variation += BETA * (Math.abs(this.#smoothed - sample) - this.#variation)
      this.#smoothed += ALPHA * (sample - this.#smoothed)
    } else {
      this.#measured = true
      this.#smoothed = sample
      this.#variation = sample / 2
    }
    this.#timeout = this.#within(this.#smoothed + Math.max(1, 4 * this.#variation))
  }

  /** Nothing came in time (5.5). */
  backOff(): void {
    this.#timeout = Math.min(this.most, 2 * this.#timeout)
  }

  #within(timeout: number): number {
    return Math.min(this.most, Math.max(this.least, timeout))
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.values([this.#smoothed, this.#variation, this.#measured, this.#timeout], (...kept) => {
      ;[this.#smoothed, this.#variation, this.#measured, this.#timeout] = kept
    })
  }
}
