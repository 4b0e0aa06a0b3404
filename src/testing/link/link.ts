/** A link: two directions between two ends, each a host or a port of a switch. */
import { Schedule } from '../../impair/schedule.js'
import type { Keeper } from '../../memento/keeper.js'
import type { Timeline } from '../clock/timeline.js'
import {
  changesOf,
  checkPatches,
  DIRECTIONS,
  type Direction,
  type LinkChange,
  type LinkSettings,
  type LinkState,
  patchesOf,
} from './settings.js'
import { type Cut, type LinkDrop, type Sink, Way } from './way.js'

/**
 * Sees the frames of a link as its first end does: what it sends, when it does; what it gets, when that
 * comes; and when they entered the link those that would have come to it, but are lost.
 */
export type Tap = (
  frame: Uint8Array,
  direction: Direction,
  /** Why nothing of it comes out. */
  lost?: LinkDrop,
) => void

/** Of both directions. What entered, with `duplicated`, came out, was `lost`, or is under way. */
export interface LinkCounters {
  /** Frames from the first end and to it. */
  sent: number
  received: number
  /** Frames and copies that were lost on their way. */
  lost: number
  /** The same by reason. */
  drops: Record<LinkDrop, number>
  /** Copies that were made. */
  duplicated: number
  /** Frames that came out with a bit changed, or will. */
  corrupted: number
}

/** Nobody looks: known without looking at the list. */
const NO_TAPS: readonly Tap[] = []

export class Link {
  /** Made when there is something to do: most links pass all at once, and nobody is asked. */
  #out: Way | undefined
  #in: Way | undefined
  #taps = NO_TAPS
  #sent = 0
  #received = 0
  /** Frames towards the first end, also those that do not get there: luck hangs on their number. */
  #entered = 0

  /**
   * @internal
   * @param seed of the lab @param first takes what comes to the first end, the host
   * @param second takes what comes to the second end, the switch
   */
  constructor(
    readonly name: string,
    private readonly seed: string,
    private readonly clock: Timeline,
    private readonly first: Sink,
    private readonly second: Sink,
  ) {}

  get counters(): LinkCounters {
    const drops = { loss: 0, queue: 0, mtu: 0, down: 0, partition: 0 }
    let [duplicated, corrupted, lost] = [0, 0, 0]
    for (const way of [this.#out, this.#in]) {
      if (way === undefined) continue
      duplicated += way.duplicated
      corrupted += way.corrupted
      for (const reason of Object.keys(drops) as LinkDrop[]) {
        drops[reason] += way.drops[reason]
        lost += way.drops[reason]
      }
    }
    return { sent: this.#sent, received: this.#received, lost, drops, duplicated, corrupted }
  }

  /** What holds now; what is absent does nothing. */
  get settings(): LinkState {
    const { now } = this.clock
    return { out: this.#out?.faults.settings(now) ?? {}, in: this.#in?.faults.settings(now) ?? {} }
  }

  /**
   * Changes what it does to frames that enter from now on; what is under way stays under way.
   *
   * @throws ConfigError; then nothing has changed
   */
  set(settings: LinkSettings): this {
    const patches = patchesOf(settings, ['links', this.name])
    checkPatches(patches, this.settings, this.name)
    for (const each of DIRECTIONS) this.#way(each).faults.change(this.clock.now, patches[each])
    return this
  }

  /**
   * Changes at times of the lab's clock, in ascending order, in place of those that were to come. They
   * are nothing that anybody waits for: time does not pass on their account.
   *
   * @throws ConfigError, InvalidError; then nothing has changed
   */
  schedule(changes: readonly LinkChange[]): this {
    const read = changesOf(changes, this.name)
    const { now } = this.clock
    const before = this.settings
    for (const each of DIRECTIONS) {
      new Schedule().replace(read[each], before[each], ['links', this.name, each])
    }
    for (const each of DIRECTIONS) this.#way(each).faults.schedule(now, read[each])
    return this
  }

  #way(direction: Direction): Way {
    const of = { seed: this.seed, link: this.name, direction }
    if (direction === 'out') {
      this.#out ??= new Way(of, this.clock, this.second)
      return this.#out
    }
    this.#in ??= new Way(of, this.clock, (frame) => this.#arrive(frame))
    return this.#in
  }

  /** @internal Why a frame that entered now would be lost whatever luck it has; the queue is not asked. */
  obstacle(direction: Direction, frame: Uint8Array): LinkDrop | undefined {
    const way = direction === 'out' ? this.#out : this.#in
    return way?.obstacle(frame)
  }

  /** @internal Keeps frames from the first end, beside what is kept from it already. */
  cut(cut: Cut): void {
    const way = this.#way('in')
    way.cuts = [...way.cuts, cut]
  }

  /** @internal Ends all that. */
  heal(): void {
    if (this.#in) this.#in.cuts = []
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
    const way = this.#out
    const lost = way?.enter(frame, this.#sent)
    if (this.#taps !== NO_TAPS) for (const tap of this.#taps) tap(frame, 'out', lost)
    if (way === undefined) this.second(frame)
    else if (lost === undefined) way.carry(frame)
  }

  /** To the first end. */
  readonly receive: Sink = (frame) => {
    this.#entered++
    const way = this.#in
    if (way === undefined) return this.#arrive(frame)
    const lost = way.enter(frame, this.#entered)
    if (lost === undefined) return way.carry(frame)
    if (this.#taps !== NO_TAPS) for (const tap of this.#taps) tap(frame, 'in', lost)
  }

  #arrive(frame: Uint8Array): void {
    this.#received++
    if (this.#taps !== NO_TAPS) for (const tap of this.#taps) tap(frame, 'in')
    this.first(frame)
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.part(this.#out)
    keeper.part(this.#in)
    keeper.handles([this.#out, this.#in, this.#taps], (...kept) => {
      ;[this.#out, this.#in, this.#taps] = kept
    })
    keeper.values([this.#sent, this.#received, this.#entered], (...kept) => {
      ;[this.#sent, this.#received, this.#entered] = kept
    })
  }
}
