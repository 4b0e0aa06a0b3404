/** A link: two directions between two ends, each a host or a port of a switch. */
import type { Timeline } from '../clock/timeline.js'
import { checkSettings, Delay, type LinkSettings } from './delay.js'

/** Sees the frames of a link as its first end does: what it sends, and what it gets. */
export type Tap = (frame: Uint8Array, direction: 'transmit' | 'receive') => void

/** Takes a frame, whose octets are good for the call only. */
export type Sink = (frame: Uint8Array) => void

export interface LinkCounters {
  /** Frames from the first end and to it, and those that were lost on their way. */
  sent: number
  received: number
  lost: number
}

/** Nobody looks: known without looking at the list. */
const NO_TAPS: readonly Tap[] = []

export class Link {
  readonly #up = new Delay()
  readonly #down = new Delay()
  /** Most links pass all at once: then a frame goes straight on. */
  #isIdeal = true
  #taps = NO_TAPS
  #sent = 0
  #received = 0
  #lost = 0

  /**
   * @internal
   * @param first takes what comes to the first end, the host
   * @param second takes what comes to the second end, the switch
   */
  constructor(
    readonly name: string,
    private readonly clock: Timeline,
    private readonly first: Sink,
    private readonly second: Sink,
  ) {}

  get counters(): LinkCounters {
    return { sent: this.#sent, received: this.#received, lost: this.#lost }
  }

  /** Changes what it does to frames, from now on; what is under way stays under way. */
  set(settings: Partial<LinkSettings>): this {
    checkSettings(settings)
    this.#up.change(settings)
    this.#down.change(settings)
    this.#isIdeal = this.#up.isIdeal && this.#down.isIdeal
    return this
  }

  /** @internal Has `tap` see every frame; returns what ends that. */
  tap(tap: Tap): () => void {
    this.#taps = [...this.#taps, tap]
    return () => {
      const left = this.#taps.filter((other) => other !== tap)
      this.#taps = left.length === 0 ? NO_TAPS : left
    }
  }

  /** From the first end. */
  readonly send: Sink = (frame) => {
    this.#sent++
    if (this.#taps !== NO_TAPS) for (const tap of this.#taps) tap(frame, 'transmit')
    if (this.#isIdeal) this.second(frame)
    else this.#pass(this.#up, frame, this.second)
  }

  /** To the first end. */
  readonly receive: Sink = (frame) => {
    if (this.#isIdeal) this.#arrive(frame)
    else this.#pass(this.#down, frame, (copy) => this.#arrive(copy))
  }

  #arrive(frame: Uint8Array): void {
    this.#received++
    if (this.#taps !== NO_TAPS) for (const tap of this.#taps) tap(frame, 'receive')
    this.first(frame)
  }

  #pass(faults: Delay, frame: Uint8Array, sink: Sink): void {
    const { deliveries } = faults.pass(this.clock.now)
    if (deliveries.length === 0) this.#lost++
    for (const { at, corrupt } of deliveries) {
      const copy = frame.slice()
      if (corrupt !== undefined) flip(copy, corrupt)
      this.clock.at(at, () => sink(copy))
    }
  }
}

function flip(frame: Uint8Array, bit: number): void {
  const at = bit >>> 3
  frame[at] = (frame[at] as number) ^ (0x80 >>> (bit & 7))
}
