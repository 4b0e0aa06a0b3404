/** A timer that is set again and again, most often to later: then it is left to ring and set anew. */
import type { Keeper } from '../../memento/keeper.js'
import type { Clock, Timer as Event, EventKind } from '../clock/clock.js'

export class Timer {
  #event: Event | undefined
  #eventAt = 0
  #deadline = Number.POSITIVE_INFINITY
  readonly #ring = () => this.#rang()

  constructor(
    readonly clock: Clock,
    readonly run: () => void,
    private kind?: EventKind,
  ) {}

  get isSet(): boolean {
    return this.#deadline !== Number.POSITIVE_INFINITY
  }

  set(ms: number): void {
    this.#deadline = this.clock.now + ms
    if (this.#event !== undefined && this.#eventAt <= this.#deadline) return
    this.#event?.cancel()
    this.#arm(ms)
  }

  /** From now on it is of that kind; left out: time passes for it. */
  become(kind?: EventKind): void {
    if (kind === this.kind) return
    this.kind = kind
    this.#event?.cancel()
    this.#event = undefined
    if (this.isSet) this.#arm(this.#deadline - this.clock.now)
  }

  #arm(ms: number): void {
    this.#eventAt = this.clock.now + ms
    this.#event = this.clock.after(ms, this.#ring, this.kind)
  }

  /** Does not run; its event may come and do nothing. For what is set again in a moment. */
  rest(): void {
    this.#deadline = Number.POSITIVE_INFINITY
  }

  stop(): void {
    this.rest()
    this.#event?.cancel()
    this.#event = undefined
  }

  #rang(): void {
    this.#event = undefined
    if (!this.isSet) return
    const left = this.#deadline - this.clock.now
    if (left > 0) return this.#arm(left)
    this.rest()
    this.run()
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.handles([this.#event], (event) => {
      this.#event = event
    })
    keeper.values([this.#eventAt, this.#deadline, this.kind], (...kept) => {
      ;[this.#eventAt, this.#deadline, this.kind] = kept
    })
  }
}
