/** When a switch of the lab turns: in events of its own, where frames came for it or time asks for it. */
import { LinkspanError } from '../error.js'
import type { Keeper } from '../memento/keeper.js'
import type { Switch } from '../switch.js'
import type { Timer } from './clock/clock.js'
import type { Timeline } from './clock/timeline.js'

/** Router's retries end by then (RFC 4861 10: three, a second apart): frames may wait for them. */
const BUSY_MS = 5000

export class SwitchTurns {
  readonly #production: Switch
  readonly #clock: Timeline
  readonly #prepare: () => void
  #isDue = false
  #running = false
  #timer: Timer | undefined
  #timerAt = Infinity
  #timerIsBusy = false
  #busyUntil = 0

  /** @param prepare is called before each turn */
  constructor(production: Switch, clock: Timeline, prepare: () => void) {
    this.#production = production
    this.#clock = clock
    this.#prepare = prepare
  }

  /** Something came in by a port. */
  came(): void {
    if (!this.#isDue) this.#wake()
  }

  /** Frames come in: they are forwarded at this instant, behind whatever is being done. */
  #wake(): void {
    if (this.#running) return
    this.#isDue = true
    // Whoever sends is in the middle of it: nothing may come back before that event, and the switch
    // does not turn before, not even for its clock.
    this.#clock.after(0, () => this.#run())
  }

  #run(): void {
    const hasFrames = this.#isDue
    this.#isDue = false
    this.#prepare()
    this.#running = true
    try {
      this.#turn(hasFrames)
    } catch (error) {
      this.#running = false
      // Whoever took a frame threw: those behind it are seen to all the same, but not those that
      // circulate, who would do so in every event of this instant.
      if (!(error instanceof LinkspanError && error.code === 'LIMIT')) this.#wake()
      throw error
    } finally {
      this.#running = false
      this.look()
    }
  }

  #turn(hasFrames: boolean): void {
    const clock = this.#clock
    if (hasFrames) this.#busyUntil = clock.now + BUSY_MS
    if (this.#production.now < clock.now) this.#production.advanceTo(clock.now)
    if (this.#production.process() > 0) this.#busyUntil = clock.now + BUSY_MS
  }

  /** Sees to it that the switch runs when time asks for it. */
  look(): void {
    const next = this.#production.nextDeadline()
    const isBusy = next <= this.#busyUntil
    // Too early is harmless in the background: it looks again.
    const isSet = isBusy ? this.#timerAt === next : this.#timerAt <= next
    if (isSet && this.#timerIsBusy === isBusy) return
    this.#timer?.cancel()
    this.#timerAt = next
    this.#timerIsBusy = isBusy
    if (next === Infinity) return
    const wake = () => {
      this.#timerAt = Infinity
      this.#timer = undefined
      this.#run()
    }
    this.#timer = this.#clock.at(next, wake, isBusy ? undefined : 'background')
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.handles([this.#timer], (timer) => {
      this.#timer = timer
    })
    keeper.values([this.#isDue, this.#timerAt, this.#timerIsBusy, this.#busyUntil], (...kept) => {
      ;[this.#isDue, this.#timerAt, this.#timerIsBusy, this.#busyUntil] = kept
    })
  }
}
