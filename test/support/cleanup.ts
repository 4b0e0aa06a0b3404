/** What a test made is undone when it ends, whatever its end. */
import { afterEach } from 'vitest'

type Cleanup = () => unknown

const cleanups: Cleanup[] = []

/** Undone after the test, the last first; one that fails does not keep the others from running. */
export function defer(cleanup: Cleanup): void {
  cleanups.push(cleanup)
}

afterEach(async () => {
  const failures: unknown[] = []
  for (const cleanup of cleanups.splice(0).reverse()) {
    try {
      await cleanup()
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'cleaning up failed')
})
