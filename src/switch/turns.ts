/** The switch's own time, which the program moves, and the turns of its loop in it. */
import type { Captures } from '../dataplane/captures.js'
import type { Forwarder } from '../dataplane/forwarder.js'
import type { Topology } from '../dataplane/topology.js'
import type { MemoryIo } from '../device/memory-io.js'
import type { MemoryOverlay } from '../device/memory-overlay.js'
import { LinkspanError } from '../error.js'
import type { Keeper } from '../memento/keeper.js'
import { Loop } from '../worker/loop.js'

/** A burst of frames that a handler answers with new frames for ever is stopped after so many turns. */
const TURNS_MAX = 1_000_000

export interface TurnsParts {
  readonly forwarder: Forwarder
  readonly io: MemoryIo
  readonly captures: Captures
  readonly topology: Topology
  readonly overlay: MemoryOverlay
}

export class Turns {
  readonly #parts: TurnsParts
  readonly #loop: Loop
  #now = 0
  #turning = false

  constructor(parts: TurnsParts) {
    this.#parts = parts
    this.#loop = new Loop(parts.forwarder, parts.io, () => this.#now)
  }

  /** Milliseconds, from 0 on. */
  get now(): number {
    return this.#now
  }

  /** Whether it is in the middle of one: a handler of frames asks. */
  get isTurning(): boolean {
    return this.#turning
  }

  /** Forwards until no port has a frame waiting; returns the number of frames. 0 within a turn. */
  process(): number {
    if (this.#turning) return 0
    let frames = 0
    for (let turn = 0; turn < TURNS_MAX; turn++) {
      const handled = this.#turn()
      frames += handled
      // What time asked for may have been answered.
      if (handled === 0 && !this.#parts.io.hasFrames) return frames
    }
    throw new LinkspanError(
      'LIMIT',
      `frames still circulate after ${frames}: an onFrame handler answers every frame with another`,
    )
  }

  #turn(): number {
    if (this.#turning) return 0
    const { forwarder, captures, topology, overlay } = this.#parts
    this.#turning = true
    try {
      overlay.tick()
      return this.#loop.turn(0)
    } finally {
      this.#turning = false
      if (captures.active) captures.drain()
      // A handler may have changed ports or bridges more than once: what had to wait is done now.
      forwarder.quiesce()
      topology.flush()
    }
  }

  /** Goes to a time, doing on the way what time asks for. @param asked as the program has it */
  advanceTo(until: number, asked: string | number): void {
    if (!(until >= this.#now)) {
      throw new LinkspanError('INVALID', `time only goes forward: found ${asked}`)
    }
    for (;;) {
      const next = Math.max(this.#now + 1, this.nextDeadline())
      if (next > until) break
      this.#now = next
      this.#turn()
    }
    this.#now = until
    this.#turn()
  }

  /** When time alone makes the switch do something next; Infinity: not before a frame. */
  nextDeadline(): number {
    const { forwarder, overlay } = this.#parts
    return Math.min(forwarder.nextDeadline(this.#now), overlay.deadline)
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.part(this.#loop)
    keeper.values([this.#now], (now) => {
      this.#now = now
    })
  }
}
