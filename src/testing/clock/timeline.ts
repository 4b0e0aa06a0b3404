/**
 * What is to happen, by time and, at one time, in the order in which it was asked for. Events of one
 * time share a list: a thousand hosts that act at once cost one place in the heap.
 */
import { LinkspanError } from '../../error.js'
import { Heap } from '../../impair/heap.js'
import type { Keeper } from '../../memento/keeper.js'
import type { Clock, EventKind, Timer } from './clock.js'

class Event implements Timer {
  instant: Instant | undefined

  constructor(
    public run: (() => void) | undefined,
    private readonly timeline: Timeline,
    readonly kind: EventKind | undefined,
  ) {}

  cancel(): void {
    if (this.run === undefined) return
    this.run = undefined
    this.timeline.settled(this.kind)
    if (this.instant) cancelled(this.instant)
  }
}

interface Instant {
  readonly time: number
  events: Event[]
  /** Of `events`, those that were taken. */
  taken: number
  cancelled: number
}

/** Cancelled events that an instant may hold on to. */
const CANCELLED = 64

/** Most time-outs never come: an instant that holds little else lets go of them. */
function cancelled(instant: Instant): void {
  instant.cancelled++
  if (instant.cancelled < CANCELLED || instant.cancelled * 2 < instant.events.length) return
  instant.events = instant.events.slice(instant.taken).filter(({ run }) => run !== undefined)
  instant.taken = 0
  instant.cancelled = 0
}

const KINDS: readonly (EventKind | undefined)[] = [undefined, 'background', 'limit']

const live = ({ events, taken }: Instant) =>
  events.slice(taken).filter(({ run }) => run !== undefined)

export class Timeline implements Clock {
  /** Called when something new is to happen. */
  onEvent: (() => void) | undefined
  /** Of a clock that moves by itself: where it is. Left out: time is where the last event was. */
  source: (() => number) | undefined
  readonly #heap = new Heap<Instant>((a, b) => a.time - b.time)
  readonly #instants = new Map<number, Instant>()
  /** What has no time; it can be cancelled only. */
  #never: Instant = { time: Infinity, events: [], taken: 0, cancelled: 0 }
  /** Where the last event went: the next one often goes there too. */
  #last: Instant | undefined
  #now = 0
  #underWay = 0
  #limits = 0

  get now(): number {
    if (this.source !== undefined) this.passTo(this.source())
    return this.#now
  }

  /** Events that are to come, neither of the background nor limits. */
  get underWay(): number {
    return this.#underWay
  }

  /** Limits that are to come. */
  get limits(): number {
    return this.#limits
  }

  after(ms: number, run: () => void, kind?: EventKind): Timer {
    if (!(ms >= 0)) {
      throw new LinkspanError('INVALID', `a time of ${ms} ms; expected 0 or more`)
    }
    return this.at(this.now + ms, run, kind)
  }

  /** The same at a time of the clock; what is past happens now. */
  at(time: number, run: () => void, kind?: EventKind): Timer {
    const event = new Event(run, this, kind)
    this.#count(kind, 1)
    const instant = time === Infinity ? this.#never : this.#instant(Math.max(time, this.#now))
    event.instant = instant
    instant.events.push(event)
    this.onEvent?.()
    return event
  }

  #instant(time: number): Instant {
    if (this.#last?.time === time) return this.#last
    let instant = this.#instants.get(time)
    if (instant === undefined) {
      instant = { time, events: [], taken: 0, cancelled: 0 }
      this.#instants.set(time, instant)
      this.#heap.push(instant)
    }
    this.#last = instant
    return instant
  }

  /** @internal Of an event that was cancelled. */
  settled(kind: EventKind | undefined): void {
    this.#count(kind, -1)
  }

  #count(kind: EventKind | undefined, by: number): void {
    if (kind === undefined) this.#underWay += by
    else if (kind === 'limit') this.#limits += by
  }

  /** When the next event is due; Infinity where there is none. */
  next(): number {
    for (;;) {
      const instant = this.#heap.first
      if (instant === undefined) return Infinity
      while (instant.taken < instant.events.length) {
        if (instant.events[instant.taken]?.run !== undefined) return instant.time
        instant.taken++
      }
      this.#heap.pop()
      this.#instants.delete(instant.time)
      if (this.#last === instant) this.#last = undefined
    }
  }

  /** Goes to the next event, which `next` has found, and does it. */
  step(): void {
    const instant = this.#heap.first as Instant
    const event = instant.events[instant.taken++] as Event
    const { run } = event
    event.run = undefined
    this.settled(event.kind)
    // One of a clock that moves by itself may be late.
    this.passTo(instant.time)
    run?.()
  }

  /** Lets time pass in which nothing happens. */
  passTo(time: number): void {
    if (time > this.#now) this.#now = time
  }

  /** Forgets all that is to come. */
  clear(): void {
    this.#forget()
    this.#underWay = 0
    this.#limits = 0
  }

  #forget(): void {
    while (this.#heap.pop() !== undefined);
    this.#never = { ...this.#never, events: [], cancelled: 0 }
    this.#instants.clear()
    this.#last = undefined
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.values([this.#now, this.#underWay, this.#limits], (now, underWay, limits) => {
      this.#now = now
      this.#underWay = underWay
      this.#limits = limits
    })
    keeper.other({ save: () => this.#save(), hash: () => this.#times() })
  }

  /** What is to come: the same events go back to their places, since timers hold on to them. */
  #save(): () => void {
    const then = this.#all().map((instant) => ({
      time: instant.time,
      events: live(instant).map((event) => ({ event, run: event.run })),
    }))
    return () => {
      for (const instant of this.#all()) for (const event of instant.events) event.run = undefined
      this.#forget()
      for (const { time, events } of then) this.#put(time, events)
    }
  }

  /** Of all that is to come, when; what it does cannot be told. */
  #times(): number[] {
    return this.#all().flatMap((instant) =>
      live(instant).flatMap(({ kind }) => [instant.time, KINDS.indexOf(kind)]),
    )
  }

  /** All instants, in the order of time. */
  #all(): Instant[] {
    return [...this.#instants.values(), this.#never].sort((a, b) => a.time - b.time)
  }

  #put(time: number, events: readonly { event: Event; run: Event['run'] }[]): void {
    const instant = time === Infinity ? this.#never : this.#instant(time)
    for (const { event, run } of events) {
      event.run = run
      event.instant = instant
      instant.events.push(event)
    }
  }
}
