/**
 * The end of a link that sends: one frame after the other at a rate, those that wait in a queue of
 * limited length. As in ns-3's point-to-point device the frame that is being sent is not in the queue.
 */

import type { Keeper } from '../memento/keeper.js'
import type { Plan } from './plan.js'

export class Transmitter {
  /** Those that wait: when each will begin to be sent, and its octets; a ring. */
  #starts = new Float64Array(16)
  #octets = new Uint32Array(16)
  #head = 0
  #waiting = 0
  #waitingOctets = 0
  /** When the last frame taken has been sent. */
  #free = Number.NEGATIVE_INFINITY

  /** Takes a frame; returns when its last bit has been sent, or -1 if the queue has no room for it. */
  take(now: number, octets: number, plan: Plan): number {
    const time = octets * plan.octetTime
    if (this.#free <= now) {
      this.#free = now + time
      return this.#free
    }
    this.#leave(now)
    const { queueFrames, queueOctets } = plan
    if (this.#waiting >= queueFrames || this.#waitingOctets + octets > queueOctets) return -1
    this.#join(this.#free, octets)
    this.#free += time
    return this.#free
  }

  #leave(now: number): void {
    while (this.#waiting > 0 && (this.#starts[this.#head] as number) <= now) {
      this.#waitingOctets -= this.#octets[this.#head] as number
      this.#head = (this.#head + 1) % this.#starts.length
      this.#waiting--
    }
  }

  #join(start: number, octets: number): void {
    if (this.#waiting === this.#starts.length) this.#grow()
    const at = (this.#head + this.#waiting) % this.#starts.length
    this.#starts[at] = start
    this.#octets[at] = octets
    this.#waiting++
    this.#waitingOctets += octets
  }

  /** The queue's length bounds it: a limit that is never reached takes no memory. */
  #grow(): void {
    const size = this.#starts.length
    const [starts, octets] = [new Float64Array(size * 2), new Uint32Array(size * 2)]
    for (let index = 0; index < size; index++) {
      const at = (this.#head + index) % size
      starts[index] = this.#starts[at] as number
      octets[index] = this.#octets[at] as number
    }
    this.#starts = starts
    this.#octets = octets
    this.#head = 0
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.handles([this.#starts, this.#octets], (starts, octets) => {
      this.#starts = starts
      this.#octets = octets
    })
    keeper.octets(this.#starts)
    keeper.octets(this.#octets)
    const numbers = [this.#head, this.#waiting, this.#waitingOctets, this.#free] as const
    keeper.values(numbers, (head, waiting, waitingOctets, free) => {
      this.#head = head
      this.#waiting = waiting
      this.#waitingOctets = waitingOctets
      this.#free = free
    })
  }
}
