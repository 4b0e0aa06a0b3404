/**
 * A change of the running switch in one step: all that can fail first, then what cannot, then what
 * is left over. It knows nothing of switches.
 */
import { withFailures } from '../device/error.js'

/** One part of a change; what it does not need it leaves out. */
export interface Step {
  /** Does what can fail, in a way that no frame notices. Leaves nothing behind when it throws. */
  prepare?(): void | Promise<void>
  /** Takes back what `prepare` did. */
  undo?(): void | Promise<void>
  /** Stages the change, synchronously. May throw only where all that may come before has `unstage`. */
  stage?(): void
  /** Stages what was before, also when `stage` has thrown half-way. */
  unstage?(): void
  /** After the commit: lets go of what went. What fails here is told, and changes nothing. */
  finish?(): void | Promise<void>
}

export interface Activation {
  /** Resolves when everything staged can be committed at once. */
  ready(): Promise<void>
  /** Commits what is staged. */
  commit(): void
}

/**
 * Prepares all steps in their order, stages them in one synchronous stretch, commits. If one fails,
 * everything is as it was when this throws; an error of the taking back is told with the first.
 *
 * @returns after the commit, always: what could not be let go of, at best nothing
 */
export async function carryOut(
  steps: readonly Step[],
  activation: Activation,
): Promise<readonly string[]> {
  const prepared: Step[] = []
  const staged: Step[] = []
  try {
    for (const step of steps) {
      await step.prepare?.()
      prepared.push(step)
    }
    await activation.ready()
    for (const step of steps) {
      staged.push(step)
      step.stage?.()
    }
    activation.commit()
  } catch (error) {
    throw withFailures(error, await takeBack(staged, prepared))
  }
  return finish(steps)
}

/** Begins all in their order, and waits for all of them. @returns what could not be let go of */
async function finish(steps: readonly Step[]): Promise<string[]> {
  const ends = await Promise.allSettled(steps.map(async (step) => step.finish?.()))
  return ends.flatMap((end) => (end.status === 'rejected' ? [(end.reason as Error).message] : []))
}

/** The last first, and what was staged in one stretch too. @returns what could not be taken back */
async function takeBack(staged: readonly Step[], prepared: readonly Step[]): Promise<string[]> {
  const failures: string[] = []
  const note = (error: unknown) => failures.push((error as Error).message)
  for (const step of staged.toReversed()) {
    try {
      step.unstage?.()
    } catch (error) {
      note(error)
    }
  }
  for (const step of prepared.toReversed()) {
    try {
      await step.undo?.()
    } catch (error) {
      note(error)
    }
  }
  return failures
}
