/** The window that the other end gives us (RFC 9293 3.10.7.4, RFC 7323 2). */

import type { Keeper } from '../../memento/keeper.js'
import { type Segment, SYN } from './segment.js'

export class SendWindow {
  /** Its right edge, a position. */
  edge = 0
  /** The largest there was, octets. */
  largest = 0
  /** Shift of the field. */
  scale = 0
  /** The segment that it was last taken from: SND.WL1, SND.WL2. */
  #sequence = 0
  #acknowledged = 0

  /**
   * Takes that of a segment, unless an older one than the last.
   *
   * @param sequence the segment's, as the receiver's position
   * @param acknowledged what it acknowledges, as the sender's
   */
  take(segment: Segment, sequence: number, acknowledged: number): void {
    if (sequence < this.#sequence) return
    if (sequence === this.#sequence && acknowledged < this.#acknowledged) return
    // That of a SYN is never scaled.
    const window = segment.window * ((segment.flags & SYN) === 0 ? 2 ** this.scale : 1)
    this.edge = acknowledged + window
    this.largest = Math.max(this.largest, window)
    this.#sequence = sequence
    this.#acknowledged = acknowledged
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.values([this.edge, this.largest, this.scale, this.#sequence], (...kept) => {
      ;[this.edge, this.largest, this.scale, this.#sequence] = kept
    })
    keeper.values([this.#acknowledged], (acknowledged) => {
      this.#acknowledged = acknowledged
    })
  }
}
