/** A timer of the program's on the lab's clock, as `setTimeout` and `setInterval` return it in Node. */
import type { Keeper } from '../../memento/keeper.js'
import type { Timer } from '../clock/clock.js'
import { type Alarm, real } from '../clock/real.js'
import type { Timeline } from '../clock/timeline.js'
import type { Waits } from '../clock/wait.js'
import { TIMEOUT_MAX } from '../time.js'

/** What timers have of their lab. */
export interface TimerLab {
  readonly clock: Timeline
  readonly waits: Waits
  /** What a timer's function threw. */
  thrown(what: string, error: unknown): void
}

/** Whoever has timers on a lab's clock. */
export interface TimerHome {
  readonly lab: TimerLab
  /** Who has them now: itself, or of a later lab; undefined: nobody, and time is the computer's. */
  readonly present: TimerHome | undefined
  /** It is pending. @param id left out: a new one @returns what it is as a number */
  enter(timer: FakeTimeout, id?: number): number
  /** It will not run, unless it is begun anew. */
  leave(id: number): void
}

/** What Node's timers have besides: browsers have none of these objects. */
interface NodeAlarm {
  ref?: () => void
  unref?: () => void
}

export class FakeTimeout {
  #event: Timer | undefined
  /** In place of the event, where it was begun anew behind the end of its lab. */
  #alarm: Alarm | undefined
  #wait: { end(): void } | undefined
  #isRefed = true
  #at = 0
  readonly #ms: number

  #home: TimerHome
  #id: number | undefined

  constructor(
    home: TimerHome,
    private readonly run: () => void,
    delay: unknown,
    private readonly repeats: boolean,
  ) {
    const ms = Number(delay)
    this.#ms = ms >= 1 && ms <= TIMEOUT_MAX ? ms : 1
    this.#home = home
    this.#begin()
  }

  /** What it is as a number. */
  get id(): number {
    return this.#id as number
  }

  get #lab(): TimerLab {
    return this.#home.lab
  }

  /** On the clock that is in force by now: a program may keep one timer for many labs, as undici does. */
  #begin(): void {
    const { present } = this.#home
    if (present === undefined) return this.#beginReal()
    this.#id = present.enter(this, present === this.#home ? this.#id : undefined)
    this.#home = present
    this.#at = this.#lab.clock.now + this.#ms
    this.#arm()
  }

  #beginReal(): void {
    this.#alarm = real.setTimeout(() => this.#rang(), this.#ms)
    this.#refAlarm()
  }

  #refAlarm(): void {
    const alarm = this.#alarm as NodeAlarm | undefined
    if (this.#isRefed) alarm?.ref?.()
    else alarm?.unref?.()
  }

  #arm(): void {
    const kind = this.#isRefed ? undefined : 'limit'
    this.#event = this.#lab.clock.at(this.#at, () => this.#rang(), kind)
    this.#await()
  }

  #await(): void {
    const isAwaited = this.#isRefed && this.#event !== undefined
    const tell = () => `a timer of the program waits until ${this.#at} ms`
    this.#wait = isAwaited ? this.#lab.waits.add(tell) : undefined
  }

  #stop(): void {
    this.#event?.cancel()
    this.#event = undefined
    this.#wait?.end()
    this.#wait = undefined
    real.clearTimeout(this.#alarm)
    this.#alarm = undefined
  }

  #rang(): void {
    const isReal = this.#alarm !== undefined
    this.#stop()
    if (this.repeats) this.#begin()
    else this.#home.leave(this.id)
    if (isReal) return this.run()
    try {
      this.run()
    } catch (error) {
      this.#lab.thrown('a timer of the program', error)
    }
    this.#lab.waits.woke = true
  }

  /** As `clearTimeout`. */
  close(): this {
    this.#stop()
    this.#home.leave(this.id)
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
    this.#refAlarm()
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

  /** As Node's `clearTimeout` ends what it is given, also behind the end of the lab. */
  get _onTimeout(): (() => void) | null {
    return this.#event || this.#alarm ? this.run : null
  }

  set _onTimeout(run: (() => void) | null) {
    if (run === null) this.close()
  }

  /** Node's `clearTimeout` sees to its own lists where it is not. */
  get _destroyed(): boolean {
    return this._onTimeout === null
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
