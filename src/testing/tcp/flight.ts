/** What is under way of a sender's data: when it is lost, what that means, how long it takes. */

import type { Keeper } from '../../memento/keeper.js'
import type { Congestion } from './congestion.js'
import type { RetransmissionTimeout } from './rto.js'
import { DUPLICATES, Scoreboard } from './scoreboard.js'

const NONE = 0
/** Fast recovery (RFC 5681 3.2, RFC 6582, RFC 6675). */
const FAST = 1
/** After a timeout, or a change of the path. */
const SLOW = 2

/** Of the clock of timestamps, ms. */
const TICK = 1

export class Flight {
  readonly board = new Scoreboard()
  /** The other end says what it has (RFC 2018). */
  isSelective = false
  /** Octets of a segment, payload and options. */
  mss = 536
  #recovery = NONE
  /** Recovery ends when this is acknowledged. */
  #recoveryPoint = 0
  #duplicates = 0
  /** Recovery has begun and nothing was sent again yet. */
  isFresh = false
  /** The end of what is being timed; -1: nothing is. */
  #timedEnd = -1
  #timedAt = 0
  /** Time stamps are looked at again when this is acknowledged: once a round trip. */
  #stampedTo = 0
  /** When what is to be acknowledged next was sent again. */
  #resentAt = Number.NEGATIVE_INFINITY

  fastRecoveries = 0
  timeouts = 0

  constructor(
    readonly congestion: Congestion,
    readonly timeout: RetransmissionTimeout,
  ) {}

  get isRecoveringFast(): boolean {
    return this.#recovery === FAST
  }

  /** Sent for the first time. */
  sent(end: number, now: number): void {
    if (this.#timedEnd >= 0 || this.#recovery !== NONE) return
    this.#timedEnd = end
    this.#timedAt = now
  }

  /** Sent again, up to `end`, when `next` had been sent at all. @param isFirst what an ACK waits for */
  resent(end: number, next: number, isFirst: boolean, now: number): void {
    this.board.resent(end, next)
    if (isFirst) this.#resentAt = now
    this.isFresh = false
    this.forgetTime()
  }

  /** Karn's rule: what is acknowledged next may be either (RFC 6298 3). */
  forgetTime(): void {
    this.#timedEnd = -1
  }

  acknowledged(position: number, before: number, next: number, now: number): void {
    this.board.acknowledged(position, before, this.mss)
    this.#duplicates = 0
    if (this.#timedEnd >= 0 && position >= this.#timedEnd) {
      this.timeout.measured(now - this.#timedAt)
      this.#timedEnd = -1
      this.#stampedTo = Number.POSITIVE_INFINITY
    }
    if (this.#recovery === NONE) return
    if (position < this.#recoveryPoint) {
      // A partial ACK: what follows it is lost too (RFC 6582 3.2). With SACK that is seen by itself.
      if (this.#recovery === FAST && !this.isSelective) {
        this.board.lostBefore(Math.min(next, position + this.mss))
        this.isFresh = true
      }
      return
    }
    if (this.#recovery === FAST) this.congestion.recovered(this.board.underWay(position, next))
    this.#recovery = NONE
  }

  /**
   * What timestamps tell of the round trip, once in each.
   *
   * @param sample since what was echoed was sent
   */
  measure(position: number, next: number, sample: number | undefined, now: number): void {
    // Echoed is something older than what was sent again: an ACK was lost, or is late. Which of the two
    // is not known, and the first would take our own waiting for the path's (Karn).
    const isAmbiguous = sample === undefined || now - sample < this.#resentAt - TICK
    this.#resentAt = Number.NEGATIVE_INFINITY
    if (this.#stampedTo === Number.POSITIVE_INFINITY) {
      this.#stampedTo = next
    } else if (!isAmbiguous && position >= this.#stampedTo) {
      this.timeout.measured(sample)
      this.#stampedTo = next
    }
  }

  /** Something came out of turn; with SACK it is on the board. */
  duplicate(acknowledged: number, next: number): void {
    this.#duplicates++
    if (this.isSelective) {
      this.board.look(acknowledged, this.mss)
    } else if (this.#recovery !== SLOW) {
      this.board.duplicate(this.mss, Math.max(0, next - acknowledged - this.mss))
    }
    if (this.#duplicates >= DUPLICATES && this.#recovery === NONE) {
      this.board.lostBefore(Math.min(next, acknowledged + this.mss))
    }
    if (this.#recovery !== NONE || this.board.nextLost(acknowledged) < 0) return
    this.#begin(FAST, next)
    this.fastRecoveries++
    this.congestion.lost(next - acknowledged)
  }

  #begin(recovery: number, next: number): void {
    this.#recovery = recovery
    this.#recoveryPoint = next
    this.isFresh = true
  }

  allLost(acknowledged: number, next: number): void {
    this.board.allLost(acknowledged, next)
    this.#begin(SLOW, next)
  }

  /** @param again nothing was acknowledged since the last time */
  timedOut(acknowledged: number, next: number, again: boolean): void {
    this.timeouts++
    this.congestion.timedOut(next - acknowledged, again)
    // Twice in a row: what the receiver said it had, it may have thrown away (RFC 2018 8).
    if (again) this.board.distrust()
    this.allLost(acknowledged, next)
    this.timeout.backOff()
    // The next measurement ends the backing off: it is welcome whenever it comes.
    this.#stampedTo = 0
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.part(this.board)
    keeper.part(this.congestion)
    keeper.part(this.timeout)
    keeper.values([this.isSelective, this.mss, this.#recovery], (...kept) => {
      ;[this.isSelective, this.mss, this.#recovery] = kept
    })
    keeper.values([this.#recoveryPoint, this.#duplicates, this.isFresh], (...kept) => {
      ;[this.#recoveryPoint, this.#duplicates, this.isFresh] = kept
    })
    keeper.values([this.#timedEnd, this.#timedAt, this.#stampedTo, this.#resentAt], (...kept) => {
      ;[this.#timedEnd, this.#timedAt, this.#stampedTo, this.#resentAt] = kept
    })
    keeper.values([this.fastRecoveries, this.timeouts], (...kept) => {
      ;[this.fastRecoveries, this.timeouts] = kept
    })
  }
}
