/** Sends a stream by its schedule: the loop, whatever frames are handed to. */
import { BATCH_MAX, type Filler } from './filler.js'
import { Schedule, timingOf } from './schedule.js'
import { countOf, type Part, type Sending, type Stream, WHOLE } from './stream.js'

/** What takes frames. */
export interface Transmitter {
  /** Nanoseconds of CLOCK_MONOTONIC when `wait` or `send` last returned. */
  readonly now: number
  wait(deadline: number): void
  /** Of the frames that are listed: how many were taken, in order; -errno of the first one else. */
  send(count: number): number
}

/** Errnos of a queue that is full: the frame is sent again. */
const REFUSED: ReadonlySet<number> = new Set([11, 105]) // EAGAIN, ENOBUFS

/** What was refused is left alone for so long: who is to make room needs the processor. */
const RETRY = 30_000
/** The longest wait, after which the caller may look whether to go on. */
const WAIT_MAX = 20e6

export class Sender {
  frames = 0
  octets = 0
  /** Batches that were not taken at once. */
  refused = 0
  /** Why it cannot go on: an errno. */
  failed = 0
  readonly #filler: Filler
  readonly #transmitter: Transmitter
  readonly #sending: Sending
  readonly #schedule: Schedule
  readonly #count: number
  #origin = Number.NaN
  #last = 0

  constructor(
    filler: Filler,
    transmitter: Transmitter,
    sending: Sending,
    { flows }: Pick<Stream, 'flows'>,
    part: Part = WHOLE,
  ) {
    this.#filler = filler
    this.#transmitter = transmitter
    this.#sending = sending
    this.#count = countOf(flows, part, sending.count)
    this.#schedule = new Schedule(timingOf(sending.timing, flows, part))
  }

  /** Nanoseconds from the first frame to the last. */
  get elapsed(): number {
    return this.frames === 0 ? 0 : this.#last - this.#origin
  }

  /** By how much the plan had to be moved, nanoseconds. */
  get late(): number {
    return this.#schedule.moved
  }

  /** One batch, or one wait of 20 ms at most. @returns false when all is sent, or nothing can be */
  turn(): boolean {
    const { duration, batch } = this.#sending
    const transmitter = this.#transmitter
    if (Number.isNaN(this.#origin)) {
      transmitter.wait(0)
      this.#origin = transmitter.now
    }
    const elapsed = transmitter.now - this.#origin
    if (this.frames >= this.#count || elapsed >= duration || this.failed !== 0) return false
    const most = Math.min(batch, BATCH_MAX, this.#count - this.frames)
    const due = this.#schedule.ready(this.frames, elapsed, most)
    if (due > 0) this.#send(due)
    else {
      const next = Math.min(this.#schedule.due(this.frames), duration, elapsed + WAIT_MAX)
      transmitter.wait(this.#origin + next)
    }
    return true
  }

  #send(count: number): void {
    const transmitter = this.#transmitter
    const octets = this.#filler.fill(this.frames, count, transmitter.now)
    const taken = transmitter.send(count)
    if (taken > 0) {
      this.octets += taken === count ? octets : this.#octetsOf(taken)
      this.frames += taken
      this.#last = transmitter.now
    } else if (REFUSED.has(-taken)) {
      this.refused++
      transmitter.wait(transmitter.now + RETRY)
    } else {
      this.failed = -taken
    }
  }

  #octetsOf(taken: number): number {
    let octets = 0
    for (let k = 0; k < taken; k++) octets += this.#filler.sizeOf(this.frames + k)
    return octets
  }
}
