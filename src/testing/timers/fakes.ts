/**
 * `timers: 'fake'`: the timers that the program under test has, on the lab's clock. A fake that outlives its
 * lab, in a variable or beneath somebody else's, is what it stood for.
 */
import { LinkspanError } from '../../error.js'
import type { Keeper } from '../../memento/keeper.js'
import { fakeDate } from './date.js'
import { Patches } from './patches.js'
import { FakeTimeout, type TimerHome, type TimerLab } from './timeout.js'

/** The globals, typed as what they are in every runtime. */
export interface TimerGlobals {
  setTimeout: (run: unknown, ms?: unknown, ...given: unknown[]) => unknown
  setInterval: (run: unknown, ms?: unknown, ...given: unknown[]) => unknown
  clearTimeout: (timer?: unknown) => void
  clearInterval: (timer?: unknown) => void
  Date: DateConstructor
}

/** Replaces more of where the program runs. @returns is called when all is put back */
export type TimerExtension = (fakes: FakeTimers, patches: Patches) => () => void

/** What `linkspan/testing/node` adds: Node's modules. */
export const extensions = new Set<TimerExtension>()
/** Functions of timers keep their asynchronous context, where there is one. */
export const context = { bind: (run: () => void): (() => void) => run }

const globals = globalThis as unknown as TimerGlobals
const loaded = globalsNow()
/** Far from those that a browser gives out. */
const FIRST_ID = 1_000_000_000

let active: FakeTimers | undefined

export class FakeTimers implements TimerHome {
  readonly #before: TimerGlobals
  readonly #patches = new Patches()
  readonly #timers = new Map<number, FakeTimeout>()
  readonly #restored: (() => void)[]
  /** What a timer is in this runtime: a number, or an object. */
  readonly #isNumber: boolean
  #isOver = false
  #lastId = FIRST_ID

  /**
   * @param epoch what `Date` says where the lab begins, milliseconds since 1970
   * @throws LinkspanError code `EXISTS`: somebody fakes timers already
   */
  constructor(
    readonly lab: TimerLab,
    private readonly epoch: number,
  ) {
    mustBeReal()
    this.#before = globalsNow()
    const probe = this.#before.setTimeout(() => {})
    this.#before.clearTimeout(probe)
    this.#isNumber = typeof probe === 'number'
    this.#replace()
    this.#restored = [...extensions].map((extend) => extend(this, this.#patches))
    active = this
  }

  #replace(): void {
    const patches = this.#patches
    const { Date: date } = this.#before
    for (const name of ['setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] as const) {
      patches.replace(globalThis, name, this[name])
    }
    const { performance } = globalThis
    const now = performance.now.bind(performance)
    patches.replace(
      globalThis,
      'Date',
      fakeDate(date, () => (this.#isOver ? date.now() : Math.floor(this.epoch + this.now))),
    )
    patches.replace(performance, 'now', () => (this.#isOver ? now() : this.now))
    const { timeout } = AbortSignal
    patches.replace(AbortSignal, 'timeout', (ms: number) => {
      return this.#isOver ? timeout.call(AbortSignal, ms) : this.#abortAfter(ms)
    })
  }

  /** Milliseconds of the lab's clock. */
  get now(): number {
    return this.lab.clock.now
  }

  get isOver(): boolean {
    return this.#isOver
  }

  readonly setTimeout = (run: unknown, ms?: unknown, ...given: unknown[]): unknown => {
    return this.#isFakeable(run)
      ? this.#shown(this.begin(() => run(...given), ms))
      : this.#before.setTimeout(run, ms, ...given)
  }

  readonly setInterval = (run: unknown, ms?: unknown, ...given: unknown[]): unknown => {
    return this.#isFakeable(run)
      ? this.#shown(this.begin(() => run(...given), ms, true))
      : this.#before.setInterval(run, ms, ...given)
  }

  readonly clearTimeout = (timer?: unknown): void => this.#clear(timer, 'clearTimeout')
  readonly clearInterval = (timer?: unknown): void => this.#clear(timer, 'clearInterval')

  /** What is no function is the runtime's to complain of. */
  #isFakeable(run: unknown): run is (...given: unknown[]) => void {
    return !this.#isOver && typeof run === 'function'
  }

  #shown(timer: FakeTimeout): FakeTimeout | number {
    return this.#isNumber ? timer.id : timer
  }

  begin(run: () => void, ms: unknown, repeats = false): FakeTimeout {
    return new FakeTimeout(this, context.bind(run), ms, repeats)
  }

  get present(): FakeTimers | undefined {
    return this.#isOver ? active : this
  }

  enter(timer: FakeTimeout, id: number = this.#lastId++): number {
    this.#timers.set(id, timer)
    return id
  }

  leave(id: number): void {
    this.#timers.delete(id)
  }

  #clear(timer: unknown, name: 'clearTimeout' | 'clearInterval'): void {
    if (timer instanceof FakeTimeout) timer.close()
    else {
      const known = this.#timers.get(Number(typeof timer === 'object' ? Number.NaN : timer))
      if (known) known.close()
      else this.#before[name](timer)
    }
  }

  /** As Node's: nobody waits for it alone. */
  #abortAfter(ms: number): AbortSignal {
    const controller = new AbortController()
    const text = 'The operation was aborted due to timeout'
    const abort = () => controller.abort(new DOMException(text, 'TimeoutError'))
    this.begin(abort, ms).unref()
    return controller.signal
  }

  /** Puts back what was there. What is pending never runs. */
  restore(): void {
    if (this.#isOver) return
    this.#isOver = true
    active = undefined
    this.#patches.restore()
    for (const restored of this.#restored) restored()
    for (const timer of [...this.#timers.values()]) timer.close()
  }

  /** @internal Timers that were pending are so again; those that were made since are gone. */
  keep(keeper: Keeper): void {
    const then = new Set(this.#timers.values())
    keeper.before(() => {
      for (const timer of [...this.#timers.values()]) if (!then.has(timer)) timer.close()
    })
    keeper.map(this.#timers, (timer) => keeper.part(timer))
    keeper.values([this.#lastId], (lastId) => {
      this.#lastId = lastId
    })
  }
}

function globalsNow(): TimerGlobals {
  const { setTimeout, setInterval, clearTimeout, clearInterval } = globals
  return { setTimeout, setInterval, clearTimeout, clearInterval, Date: globals.Date }
}

function mustBeReal(): void {
  const how = 'or leave out the option timers of createLab'
  if (active !== undefined) {
    const waiting = active.lab.waits.names
    const who = waiting === '' ? '' : `; there ${waiting}`
    const text = `another lab has the timers on its clock: close it before, ${how}${who}`
    throw new LinkspanError('EXISTS', text)
  }
  const { setTimeout } = globals
  if ('clock' in setTimeout || 'isFake' in globals.Date) {
    const text = 'timers are faked already, by vi.useFakeTimers() or @sinonjs/fake-timers'
    throw new LinkspanError('EXISTS', `${text}: call vi.useRealTimers() before, ${how}`)
  }
  const replaced = (['setTimeout', 'Date'] as const).find((name) => globals[name] !== loaded[name])
  // A spy hands on what it is asked.
  if (replaced === undefined || 'mock' in globals[replaced]) return
  const text = `somebody has replaced ${replaced} since linkspan/testing was loaded`
  throw new LinkspanError('EXISTS', `${text}: put it back before, ${how}`)
}
