/**
 * Dense numbers for ports and broadcast domains. One that is given back is not given to another
 * until whoever may still use it has passed on.
 */
import { LinkspanError } from '../error.js'

/** Numbers from `first` to `end` - 1, given out lowest first; one given back waits for `ready`. */
export class Numbers {
  readonly #taken = new Set<number>()
  readonly #retired: { number: number; generation: number }[] = []
  #lowest: number
  constructor(
    first: number,
    readonly end: number,
    readonly what: string,
    readonly setting: string,
  ) {
    this.#lowest = first
  }

  take(ready: (generation: number) => boolean, reset: (number: number) => void): number {
    while (this.#retired[0] && ready(this.#retired[0].generation)) {
      const { number } = this.#retired.shift() as { number: number }
      this.#taken.delete(number)
      this.#lowest = Math.min(this.#lowest, number)
      reset(number)
    }
    let number = this.#lowest
    while (this.#taken.has(number)) number++
    if (number >= this.end) {
      throw new LinkspanError(
        'LIMIT',
        `no room for another ${this.what}: raise ${this.setting} and restart the switch`,
      )
    }
    this.#taken.add(number)
    this.#lowest = number + 1
    return number
  }

  retire(number: number, generation: number): void {
    this.#retired.push({ number, generation })
  }
}
