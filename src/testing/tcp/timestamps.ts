/** Timestamps of one connection (RFC 7323 3 to 5). Their clock ticks in milliseconds. */

import type { Keeper } from '../../memento/keeper.js'
import type { Clock } from '../clock/clock.js'
import { distance, type Segment } from './segment.js'

/** RFC 7323 5.5: after 24 days without a word a clock like ours may have gone half around. */
const OUTDATED = 24 * 86_400_000

export class Timestamps {
  /** Both ends want them. */
  enabled = false
  /** TS.Recent: what the other end is told to have said last. */
  recent = 0
  #recentAt = 0

  /** @param offset u32, so that nobody learns the time from it (7.1) */
  constructor(
    readonly clock: Clock,
    readonly offset: number,
  ) {}

  get now(): number {
    return (Math.floor(this.clock.now) + this.offset) >>> 0
  }

  /** Since what is echoed was sent, ms; undefined where that makes no sense. */
  since(echo: number): number | undefined {
    const ms = distance(this.now, echo)
    return !this.enabled || echo === 0 || ms < 0 ? undefined : ms
  }

  /** Whether a segment is an old duplicate (PAWS, 5.2). */
  isOld(segment: Segment): boolean {
    return (
      this.enabled &&
      segment.hasTimestamps &&
      distance(segment.timestamp, this.recent) < 0 &&
      this.clock.now - this.#recentAt < OUTDATED
    )
  }

  /** Whether a SYN is of a later connection than ours. */
  isNewer(segment: Segment): boolean {
    return this.enabled && segment.hasTimestamps && distance(segment.timestamp, this.recent) > 0
  }

  /** Takes over that of a segment that begins at what was acknowledged last, or before it (4.3). */
  note(segment: Segment): void {
    if (!this.enabled || !segment.hasTimestamps) return
    this.recent = segment.timestamp
    this.#recentAt = this.clock.now
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.values([this.enabled, this.recent, this.#recentAt], (...kept) => {
      ;[this.enabled, this.recent, this.#recentAt] = kept
    })
  }
}
