/** A timer of the program's on the lab's clock, as `setTimeout` and `setInterval` return it in Node. */
import type { Keeper } from '../../memento/keeper.js'
import type { Timer } from '../clock/clock.js'
import type { Timeline } from '../clock/timeline.js'
import type { Waits } from '../clock/wait.js'

/** What timers have of their lab. */
export interface TimerLab {
  readonly clock: Timeline
  readonly waits: Waits
  /** What a timer's function threw. */
  thrown(what: string, error: unknown): void
}

/** What a timer can be; others are 1 ms, as in Node. */
const LONGEST = 2 ** 31 - 1

export class FakeTimeout {
  #event: Timer | undefined
  #wait: { end(): void } | undefined
  #isRefed = true
  #at = 0
  readonly #ms: number

  /**
   * @param id what it is as a number
   * @param settled it will not run again
   */
  constructor(
    private readonly lab: TimerLab,
    private readonly run: () => void,
    delay: unknown,
    private readonly repeats: boolean,
    readonly id: number,
    private readonly settled: () => void,
  ) {
    const ms = Number(delay)
    this.#ms = ms >= 1 && ms <= LONGEST ? ms : 1
    this.#begin()
  }

  #begin(): void {
    this.#at = this.lab.clock.now + this.#ms
    this.#arm()
  }

  #arm(): void {
    const kind = this.#isRefed ? undefined : 'limit'
    this.#event = this.lab.clock.at(this.#at, () => this.#rang(), kind)
    this.#await()
  }

  #await(): void {
    const isAwaited = this.#isRefed && this.#event !== undefined
    const tell = () => `a timer of the program waits until ${this.#at} ms`
    this.#wait = isAwaited ? this.lab.waits.add(tell) : undefined
  }

  #stop(): void {
    this.#event?.cancel()
    this.#event = undefined
    this.#wait?.end()
    this.#wait = undefined
  }

  #rang(): void {
    this.#stop()
    if (this.repeats) this.#begin()
    else this.settled()
    try {
      this.run()
    } catch (error) {
      this.lab.thrown('a timer of the program', error)
    }
    this.lab.waits.woke = true
  }

  /** As `clearTimeout`. */
  close(): this {
    this.#stop()
    this.settled()
    return this
  }

  /** Begins anew, also where it has run. */
  refresh(): this {
    this.#stop()
    this.#begin()
    return this
  }

  ref(): this {
    return this.#ref(true)
  }

  /** Nobody waits for it: time passes up to it where somebody waits for something else. */
  unref(): this {
    return this.#ref(false)
  }

  #ref(isRefed: boolean): this {
    const wasRefed = this.#isRefed
    this.#isRefed = isRefed
    if (wasRefed === isRefed || this.#event === undefined) return this
    this.#stop()
    this.#arm()
    return this
  }

  hasRef(): boolean {
    return this.#isRefed
  }

  [Symbol.toPrimitive](): number {
    return this.id
  }

  [Symbol.dispose](): void {
    this.close()
  }

  /** @internal What it runs is the program's: it is run again. */
  keep(keeper: Keeper): void {
    keeper.handles([this.#event, this.#at, this.#isRefed], (event, at, isRefed) => {
      this.#event = event
      this.#at = at
      this.#isRefed = isRefed
    })
    keeper.after(() => {
      this.#wait?.end()
      this.#await()
    })
  }
}
