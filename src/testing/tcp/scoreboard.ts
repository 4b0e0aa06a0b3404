/**
 * What of the data under way has arrived, what is lost, and how much is still in the network (RFC 6675;
 * without SACK, RFC 6582 in the same words: a duplicate ACK is a segment that has left the network).
 * Positions are the sender's.
 */

import type { Keeper } from '../../memento/keeper.js'
import { Ranges } from './ranges.js'

/** RFC 5681 3.2, RFC 6675 2. */
export const DUPLICATES = 3

export class Scoreboard {
  readonly #arrived = new Ranges()
  /** Octets that duplicate ACKs speak of where there is no SACK. */
  #anonymous = 0
  /** What has not arrived of what lies before this is lost. */
  #lostTo = 0
  /** How much of that was sent again. */
  #sentTo = 0
  /** What had been sent at all when something was last sent again. */
  #mark = 0

  /** Octets in the network, as far as can be known: "pipe". */
  underWay(acknowledged: number, sent: number): number {
    const arrived = this.#arrived.total + this.#anonymous
    return Math.max(0, sent - acknowledged - arrived - this.#toSend(acknowledged))
  }

  /** Octets that are lost and not sent again. */
  #toSend(acknowledged: number): number {
    const from = Math.max(acknowledged, this.#sentTo)
    if (this.#lostTo <= from) return 0
    return this.#lostTo - from - this.#arrived.within(from, this.#lostTo)
  }

  /** Where what is to be sent again begins; -1 if nothing is. */
  nextLost(acknowledged: number): number {
    const from = Math.max(acknowledged, this.#sentTo)
    if (this.#lostTo <= from) return -1
    const at = this.#arrived.gapFrom(from)
    return at < this.#lostTo ? at : -1
  }

  /** Where the hole that begins at `from` ends. */
  holeEnd(from: number, sent: number): number {
    return this.#arrived.nextStart(from, sent)
  }

  /** That was sent again, up to `end`, when `sent` had been sent at all. */
  resent(end: number, sent: number): void {
    this.#sentTo = end
    this.#mark = sent
  }

  /** Everything up to `position` is acknowledged; it was `before`. */
  acknowledged(position: number, before: number, mss: number): void {
    this.#arrived.dropBefore(position)
    if (this.#anonymous > 0) {
      this.#anonymous = Math.max(0, this.#anonymous - Math.max(0, position - before - mss))
    }
  }

  /** A block of SACK. @returns whether it tells something new */
  arrived(start: number, end: number): boolean {
    return this.#arrived.add(start, end) > 0
  }

  /** A duplicate ACK without SACK. */
  duplicate(octets: number, most: number): void {
    this.#anonymous = Math.min(most, this.#anonymous + octets)
  }

  /** Draws the conclusions from what has arrived: `IsLost` of RFC 6675 4. */
  look(acknowledged: number, mss: number): void {
    const { count } = this.#arrived
    let above = 0
    for (let index = count - 1; index >= 0; index--) {
      above += this.#arrived.end(index) - this.#arrived.start(index)
      if (above > (DUPLICATES - 1) * mss || count - index >= DUPLICATES) {
        this.lostBefore(this.#arrived.start(index))
        break
      }
    }
    // Data that were first sent after the last retransmission have come: it has not, nor those before.
    if (this.#sentTo <= acknowledged) return
    const since = this.#arrived.within(this.#mark, Number.MAX_SAFE_INTEGER)
    if (since >= DUPLICATES * mss) this.#sentTo = acknowledged
  }

  /** Deems lost what has not arrived before `position`. */
  lostBefore(position: number): void {
    this.#lostTo = Math.max(this.#lostTo, position)
  }

  /** All that has not arrived is lost, and whatever was sent again too. */
  allLost(acknowledged: number, sent: number): void {
    this.#lostTo = sent
    this.#sentTo = acknowledged
    this.#anonymous = 0
  }

  /** The receiver may have thrown away what it said it had (RFC 2018 8). */
  distrust(): void {
    this.#arrived.clear()
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.part(this.#arrived)
    keeper.values([this.#anonymous, this.#lostTo, this.#sentTo, this.#mark], (...kept) => {
      ;[this.#anonymous, this.#lostTo, this.#sentTo, this.#mark] = kept
    })
  }
}
