/** A link that only takes its time, and may be down. */
import { describe, keyText } from '../../config/describe.js'
import { InvalidError } from '../../error.js'
import { type Duration, milliseconds } from '../time.js'
import type { Impairments, Verdict } from './impairments.js'

export interface LinkSettings {
  /** How long a frame is under way; 0 if left out. */
  delay: Duration
  /** false: nothing passes. */
  up: boolean
}

const LOST: Verdict = { deliveries: [], dropped: 'down' }

export class Delay implements Impairments<LinkSettings> {
  #delay = 0
  #up = true

  pass(now: number): Verdict {
    return this.#up ? { deliveries: [{ at: now + this.#delay }] } : LOST
  }

  change({ delay, up }: Partial<LinkSettings>): void {
    if (delay !== undefined) this.#delay = milliseconds(delay)
    if (up !== undefined) this.#up = up
  }

  /** Whether frames pass as they are, at once: then nobody need be asked. */
  get isIdeal(): boolean {
    return this.#up && this.#delay === 0
  }
}

/** Refuses what is no setting. @throws InvalidError */
export function checkSettings(settings: Partial<LinkSettings>): void {
  if (typeof settings !== 'object' || settings === null) {
    throw new InvalidError(describe(settings), 'settings such as { delay: "10ms" }')
  }
  const unknown = Object.keys(settings).find((key) => !['delay', 'up'].includes(key))
  if (unknown !== undefined) {
    throw new InvalidError(keyText([unknown]), 'settings of a link: "delay" and "up"')
  }
  if (settings.delay !== undefined) milliseconds(settings.delay)
  if (settings.up !== undefined && typeof settings.up !== 'boolean') {
    throw new InvalidError(describe(settings.up), 'true or false')
  }
}
