/** Time as everything in a lab knows it: a number that somebody else moves. */

export interface Clock {
  /** Milliseconds of the lab's clock, from 0, fractions allowed. Stands still while an event runs. */
  readonly now: number

  /**
   * Runs `run` once, `ms` from now; 0 is later in the present instant, behind what was asked for
   * before. Events of one instant run in the order in which they were asked for.
   *
   * @param kind where it does not count as something under way
   */
  after(ms: number, run: () => void, kind?: EventKind): Timer
}

/**
 * - `background`: ageing, advertisements. Nobody's answer depends on it.
 * - `limit`: somebody gives up then, or closes what nobody uses. Time passes up to it where somebody waits
 *   for an answer, not for the loops of servers alone.
 */
export type EventKind = 'background' | 'limit'

export interface Timer {
  /** The event does not run; nothing happens where it ran already. */
  cancel(): void
}
