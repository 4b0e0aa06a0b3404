/** Settings that change at times of the clock: a list, and how far it has been followed. */
import {
  checkImpairment,
  type Impairment,
  type ImpairmentChange,
  type ImpairmentPatch,
  mergeImpairment,
  parseImpairmentPatch,
} from '../config/impair.js'
import type { Path } from '../config/issues.js'
import { InvalidError } from '../error.js'
import type { Keeper } from '../memento/keeper.js'

export interface Change {
  /** Milliseconds of the clock. */
  readonly at: number
  readonly settings: ImpairmentPatch
}

export class Schedule {
  #changes: readonly (ImpairmentChange & { at: number })[] = []
  #done = 0
  /** When the next change is due; Infinity when none is. */
  next = Number.POSITIVE_INFINITY

  /** @param before the settings that hold @throws ConfigError, InvalidError; then nothing has changed */
  replace(changes: readonly Change[], before: Impairment, where: Path): void {
    let settings = before
    let last = Number.NEGATIVE_INFINITY
    const read: (ImpairmentChange & { at: number })[] = []
    for (const [index, { at, settings: patch }] of changes.entries()) {
      if (!(at >= last)) {
        throw new InvalidError(
          `${at} at place ${index}`,
          'times in milliseconds, in ascending order',
        )
      }
      last = at
      const place = [...where, 'schedule', index]
      const change = parseImpairmentPatch(patch, place)
      settings = checkImpairment(mergeImpairment(settings, change), place)
      read.push({ at, ...change })
    }
    this.#changes = read
    this.#done = 0
    this.#look()
  }

  /** The settings after all that is due at `now`. */
  apply(before: Impairment, now: number): Impairment {
    let settings = before
    while (now >= this.next) {
      // Not checked again: between frames nobody is there to be told.
      settings = mergeImpairment(settings, this.#changes[this.#done++] as ImpairmentChange)
      this.#look()
    }
    return settings
  }

  #look(): void {
    this.next = this.#changes[this.#done]?.at ?? Number.POSITIVE_INFINITY
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.values([this.#changes, this.#done, this.next], (changes, done, next) => {
      this.#changes = changes
      this.#done = done
      this.next = next
    })
  }
}
