/** The congestion window (RFC 5681, NewReno), in octets. What is lost is found elsewhere. */
import type { Keeper } from '../../memento/keeper.js'

/** RFC 6928 2. */
const initialWindow = (mss: number) => Math.min(10 * mss, Math.max(2 * mss, 14_600))

export class Congestion {
  /** Octets that may be under way. */
  window: number
  threshold = Number.POSITIVE_INFINITY
  /** Less than a segment's worth that the window is to grow by. */
  #credit = 0

  constructor(private mss: number) {
    this.window = initialWindow(mss)
  }

  /** The segments have another size: before anything was sent, or as the path's MTU changed. */
  resize(mss: number, unused: boolean): void {
    this.mss = mss
    if (unused) this.window = initialWindow(mss)
    else this.window = Math.max(this.window, mss)
  }

  /** New data were acknowledged while the window was what held the sender back. */
  acknowledged(octets: number): void {
    if (this.window < this.threshold) {
      // RFC 3465 2.3, L = 2: an ACK that covers more does not cause a burst.
      this.window += Math.min(octets, 2 * this.mss)
      return
    }
    this.#credit += octets
    if (this.#credit < this.window) return
    this.#credit -= this.window
    this.window += this.mss
  }

  /** A segment was lost, others came through (RFC 5681 3.2, RFC 6675 5). */
  lost(underWay: number): void {
    this.threshold = this.#half(underWay)
    this.window = this.threshold
    this.#credit = 0
  }

  /** Nothing came for the retransmission timeout; `again`: of the same data. */
  timedOut(underWay: number, again: boolean): void {
    // RFC 5681 3.1: retransmitted and lost again, the threshold stays.
    if (!again) this.threshold = this.#half(underWay)
    this.window = this.mss
    this.#credit = 0
  }

  /** All that was lost has arrived (RFC 6582 3.2, step 3): no burst. */
  recovered(underWay: number): void {
    this.window = Math.min(this.threshold, Math.max(underWay, this.mss) + this.mss)
  }

  /** Nothing was sent for longer than a timeout (RFC 5681 4.1). */
  idle(): void {
    this.window = Math.min(this.window, initialWindow(this.mss))
  }

  #half(underWay: number): number {
    return Math.max(underWay / 2, 2 * this.mss)
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.values([this.window, this.threshold, this.#credit, this.mss], (...kept) => {
      ;[this.window, this.threshold, this.#credit, this.mss] = kept
    })
  }
}
