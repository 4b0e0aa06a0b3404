/** What the parts of a lab have of its time. */

/** Milliseconds of the lab's clock, from 0, fractions allowed. */
export interface Clock {
  readonly now: number
  /**
   * Calls `run` when `ms` have passed; at once, but not before the caller is done, where that is 0.
   * What is `background` (ageing, advertisements, idle timeouts) does not count as something under way.
   */
  after(ms: number, run: () => void, kind?: 'background'): Timer
}

export interface Timer {
  /** Harmless where it has run already. */
  cancel(): void
}
