/**
 * What makes the lab's time pass. It does what is due in turns of the event loop, and ends a turn behind
 * everything that woke a program: what the program does about it comes before time moves.
 *
 * - `auto`: time passes while somebody waits, from one event to the next. Where nothing is under way
 *   any more, nothing can come, and who waits is told so: promises at once, sockets of Node's, which are
 *   always read from, when the program has done nothing else either for a while of the computer's time.
 * - `manual`: time passes in `advance` and `run` only.
 * - `real`: time is that of the computer.
 */
import { LinkspanError } from '../../error.js'
import type { Keeper } from '../../memento/keeper.js'
import { TIMEOUT_MAX } from '../time.js'
import { Macrotask } from './macrotask.js'
import { type Alarm, real } from './real.js'
import { Threads } from './threads.js'
import type { Timeline } from './timeline.js'
import type { Wait, Waits } from './wait.js'

export type ClockMode = 'auto' | 'manual' | 'real'

/** Events in a turn at most, so that the event loop sees to others too. */
const TURN = 1024
/** Events at one instant: by then two programs answer each other without end. */
const STANDING = 10_000_000
/** Milliseconds of the computer's: by then it is not the program's own work that is waited for. */
const PATIENCE = 2000

/** Somebody asked for time to pass. */
interface Run {
  /** Infinity: until nothing is under way. */
  readonly until: number
  readonly isDone: (() => boolean) | undefined
  readonly wait: Wait<void>
}

export class Pump {
  readonly #timeline: Timeline
  readonly #waits: Waits
  readonly #mode: ClockMode
  readonly #onError: (error: unknown) => void
  readonly #macrotask = new Macrotask(() => this.#turn())
  readonly #runs: Run[] = []
  #holds = 0
  #turning = false
  #closed = false
  #standing = 0
  /** Of the real clock. */
  readonly #began = real.now()
  #alarm: Alarm | undefined
  #isPatienceOver = false
  readonly #threads = new Threads()
  /** In this turn of the event loop: no program runs within. */
  #isSeenTo = false

  /** @param onError is given what an event threw */
  constructor(
    timeline: Timeline,
    waits: Waits,
    mode: ClockMode,
    onError: (error: unknown) => void,
    private readonly most = STANDING,
  ) {
    this.#onError = onError
    this.#timeline = timeline
    this.#waits = waits
    this.#mode = mode
    waits.onWait = () => this.wake()
    timeline.onEvent = () => this.wake()
    // It stands while an event runs.
    if (mode === 'real') timeline.source = () => (this.#turning ? 0 : this.#real())
  }

  /** The time as a program sees it. */
  get now(): number {
    return this.#timeline.now
  }

  #real(): number {
    return real.now() - this.#began
  }

  /** Something came that may let time pass. */
  wake(): void {
    if (!this.#turning && !this.#closed && this.#passes()) this.#macrotask.ask()
  }

  #passes(): boolean {
    if (this.#mode === 'real') return true
    if (this.#holds > 0) return false
    return this.#runs.length > 0 || (this.#mode === 'auto' && this.#waits.size > 0)
  }

  /** Lets time pass to `until`, or until `isDone`, or until nothing is under way where that is Infinity. */
  run(until: number, tell: () => string, isDone?: () => boolean): Promise<void> {
    const wait = this.#waits.begin<void>(tell)
    this.#runs.push({ until, isDone, wait })
    this.#runs.sort((a, b) => a.until - b.until)
    this.wake()
    return wait.promise
  }

  /** Time stands until `promise` is settled. */
  async hold<T>(promise: PromiseLike<T>): Promise<T> {
    this.#holds++
    try {
      return await promise
    } finally {
      this.#holds--
      this.wake()
    }
  }

  #turn(): void {
    if (this.#closed || !this.#passes()) {
      this.#isPatienceOver = false
      return
    }
    real.clearTimeout(this.#alarm)
    this.#turning = true
    this.#waits.woke = false
    this.#isSeenTo = this.#mode !== 'auto'
    try {
      for (let count = 0; count < TURN; count++) {
        if (!this.#step()) return
        if (this.#waits.woke) break
      }
    } finally {
      this.#turning = false
      this.#isPatienceOver = false
    }
    this.wake()
  }

  /** Does one thing; false where there is nothing to do for now. */
  #step(): boolean {
    if (this.#mode === 'real') return this.#realStep()
    const next = this.#timeline.next()
    const run = this.#runs[0]
    if (this.#endOne()) return true
    if (next > this.#timeline.now && this.#mustStand()) return false
    const isIdle = this.#isIdle
    if (run && run.until !== Infinity) {
      if (next <= run.until) return this.#do(next)
      this.#timeline.passTo(run.until)
      return this.#end(run)
    }
    if (run && isIdle) return this.#end(run)
    if (isIdle) return this.#idle()
    return this.#do(next)
  }

  /** Threads work for the program: the next turn sees whether they still do. */
  #mustStand(): boolean {
    if (this.#isSeenTo) return false
    this.#isSeenTo = true
    if (!this.#threads.mustWait()) return false
    this.#macrotask.ask()
    return true
  }

  /** Nothing is under way, nor does anybody but those who run the lab wait up to a limit. */
  get #isIdle(): boolean {
    const { underWay, limits } = this.#timeline
    return underWay === 0 && (limits === 0 || this.#waits.answers <= this.#runs.length)
  }

  #do(next: number): boolean {
    this.#isPatienceOver = false
    this.#threads.changed()
    const before = this.#timeline.now
    this.#attempt()
    this.#standing = next > before ? 0 : this.#standing + 1
    if (this.#standing >= this.most) this.#stuck()
    return true
  }

  /** An event that throws is told to whoever waits; those behind it happen all the same. */
  #attempt(): void {
    try {
      this.#timeline.step()
    } catch (error) {
      this.#onError(error)
    }
  }

  /** Ends a run whose condition holds, or throws. */
  #endOne(): boolean {
    for (const run of this.#runs) {
      try {
        if (run.isDone?.()) return this.#end(run)
      } catch (error) {
        run.wait.reject(error)
        return this.#end(run)
      }
    }
    return false
  }

  #end(run: Run): boolean {
    this.#runs.splice(this.#runs.indexOf(run), 1)
    run.wait.resolve()
    return true
  }

  /** Nothing can come: whoever waits in vain is told. Loops end with the lab. */
  #idle(): boolean {
    if (this.#mode !== 'auto') return false
    const isOver = this.#isPatienceOver
    const because = (all: string) =>
      `nothing is under way at ${this.#timeline.now} ms, and ${all}: send something, or give ` +
      'what comes from outside the lab to lab.hold(promise)'
    if (this.#waits.fail('IDLE', because, isOver)) this.#setPatience()
    // Their end may have sent something: loops hear of it.
    return this.#timeline.underWay > 0
  }

  #setPatience(): void {
    this.#alarm = real.setTimeout(() => {
      this.#isPatienceOver = true
      this.wake()
    }, PATIENCE)
  }

  #stuck(): void {
    this.#standing = 0
    const error = new LinkspanError(
      'LIMIT',
      `time stands at ${this.#timeline.now} ms, ${this.most} events long: programs answer each ` +
        'other at once, for ever; give a link a delay, or sleep in between',
    )
    this.#runs.length = 0
    this.#onError(error)
  }

  #realStep(): boolean {
    const next = this.#timeline.next()
    const now = this.#real()
    const run = this.#runs[0]
    if (this.#endOne()) return true
    if (run && (now >= run.until || this.#hasSettled(run))) return this.#end(run)
    if (next <= now) {
      this.#attempt()
      this.#timeline.passTo(now)
      return true
    }
    this.#setAlarm(Math.min(next, run?.until ?? Infinity) - now)
    return false
  }

  #hasSettled(run: Run): boolean {
    return run.until === Infinity && run.isDone === undefined && this.#isIdle
  }

  #setAlarm(ms: number): void {
    real.clearTimeout(this.#alarm)
    if (ms === Infinity) return
    this.#alarm = real.setTimeout(() => this.wake(), Math.min(Math.ceil(ms), TIMEOUT_MAX))
    // Who waits keeps the process; a table that ages does not.
    if (this.#waits.size === 0) (this.#alarm as { unref?: () => void }).unref?.()
  }

  /** Why the lab cannot be copied or put back now; undefined: it can. */
  get busy(): string | undefined {
    if (this.#mode === 'real')
      return 'a lab on the real clock has no snapshots: its time does not go back; use clock "auto" or "manual"'
    if (!this.#turning) return undefined
    return 'from a handler: the lab is in the middle of an event; do it in the test, behind an await'
  }

  /** Runs that have begun since are told so, as others who wait; those that wait still go on. @internal */
  keep(keeper: Keeper): void {
    const then = [...this.#runs]
    keeper.handles([], () => {
      const still = then.filter((run) => this.#runs.includes(run))
      this.#runs.splice(0, this.#runs.length, ...still)
      this.#standing = 0
    })
    keeper.after(() => this.wake())
  }

  close(): void {
    this.#closed = true
    real.clearTimeout(this.#alarm)
    this.#macrotask.close()
    this.#runs.length = 0
  }
}
