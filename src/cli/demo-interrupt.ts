/** What ends the demo early: a signal, an output that nobody reads, a failure in the background. */
import { constants } from 'node:os'

/** Ended from outside; `status` is what a shell would show. */
export class Interrupted extends Error {
  constructor(
    readonly what: string,
    readonly status: number,
  ) {
    super(`interrupted by ${what}`)
  }
}

/**
 * Runs `action`, whose signal aborts on SIGINT, SIGTERM, SIGHUP and a closed output. What `action`
 * throws after that is what aborted it. Later signals are ignored: cleaning up is short, and has to
 * be whole.
 */
export async function interruptible(
  action: (stop: AbortController) => Promise<void>,
): Promise<void> {
  const stop = new AbortController()
  const abort = (what: NodeJS.Signals) =>
    stop.abort(new Interrupted(what, 128 + constants.signals[what]))
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, abort)
  // For good: what is printed while cleaning up fails like what was printed before.
  process.stdout.on('error', () => abort('SIGPIPE'))
  try {
    await action(stop)
    stop.signal.throwIfAborted()
  } catch (error) {
    throw stop.signal.aborted ? stop.signal.reason : error
  } finally {
    for (const signal of signals) process.off(signal, abort)
  }
}
