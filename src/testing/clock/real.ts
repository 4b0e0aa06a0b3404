/**
 * The computer's own time, as it was when the lab was loaded: who fakes timers later, the lab itself among
 * them, fakes those of the program under test.
 */

const { setTimeout, clearTimeout, performance } = globalThis
const { now } = performance

export type Alarm = ReturnType<typeof setTimeout>

export const real = {
  /** Milliseconds from some beginning; they only grow. */
  now: (): number => now.call(performance),
  setTimeout: (run: () => void, ms: number): Alarm => setTimeout(run, ms),
  clearTimeout: (alarm: Alarm | undefined): void => clearTimeout(alarm),
}
