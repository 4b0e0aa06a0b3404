// Waiting for what cannot tell.
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Tries again until it does not fail any more; after 10 s its error is ours.
 *
 * @param {() => Promise<unknown>} attempt
 */
export async function poll(attempt, { signal } = {}) {
  const end = performance.now() + 10_000
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      if (signal?.aborted || performance.now() > end) throw error
    }
    await sleep(50)
  }
}
