/** When each frame is due. Times are nanoseconds since the first one. */
import { type Part, shareOf } from './stream.js'

export type Timing =
  /** As fast as they are taken. */
  | { kind: 'max' }
  /** Evenly, from `phase` on. */
  | { kind: 'rate'; interval: number; phase?: number }
  /** So many at once, and again after that time. */
  | { kind: 'burst'; frames: number; every: number }
  /** As these say, ascending from 0; after `span` again. */
  | { kind: 'file'; offsets: readonly number[]; span: number }

/** The timing of one of several senders, which all together keep the whole's. */
export function timingOf(timing: Timing, flows: number, part: Part): Timing {
  if (timing.kind !== 'rate') return timing
  const interval = (timing.interval * flows) / shareOf(flows, part)
  return { kind: 'rate', interval, phase: timing.interval * part.index }
}

/** How late a frame may be before the whole plan moves: what was missed is not made up for in a burst. */
const BEHIND_MAX = 10e6

export class Schedule {
  readonly #timing: Timing
  #moved = 0

  constructor(timing: Timing) {
    this.#timing = timing
  }

  /** By how much the plan was moved, since frames could not be sent when they were due. */
  get moved(): number {
    return this.#moved
  }

  due(k: number): number {
    return this.#plan(k) + this.#moved
  }

  #plan(k: number): number {
    const timing = this.#timing
    switch (timing.kind) {
      case 'max':
        return 0
      case 'rate':
        return k * timing.interval + (timing.phase ?? 0)
      case 'burst':
        return Math.floor(k / timing.frames) * timing.every
      case 'file': {
        const { offsets, span } = timing
        const at = k % offsets.length
        return (offsets[at] as number) + ((k - at) / offsets.length) * span
      }
    }
  }

  /** How many of the frames from k on are due, `most` at most. Moves the plan where it is behind. */
  ready(k: number, elapsed: number, most: number): number {
    if (this.#timing.kind === 'max') return most
    const late = elapsed - this.due(k)
    if (late < 0) return 0
    if (late > BEHIND_MAX) this.#moved += late - BEHIND_MAX
    return this.#dueUntil(k, elapsed, most)
  }

  #dueUntil(k: number, elapsed: number, most: number): number {
    const timing = this.#timing
    const planned = elapsed - this.#moved
    if (timing.kind === 'rate') {
      const due = Math.floor((planned - (timing.phase ?? 0)) / timing.interval) + 1
      return Math.min(most, Math.max(1, due - k))
    }
    if (timing.kind === 'burst') {
      const bursts = Math.floor(planned / timing.every) + 1
      return Math.min(most, Math.max(1, bursts * timing.frames - k))
    }
    let count = 1
    while (count < most && this.#plan(k + count) <= planned) count++
    return count
  }
}
