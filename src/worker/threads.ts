/**
 * Threads for workers, each a pool of one that piscina starts anew when it ends. A thread warms the
 * module up before there is a task for it (main.ts), which takes longer than all else at a start.
 */
import { Piscina } from 'piscina'
import { sharedModule } from '../dataplane/shared.js'

let early: Piscina | undefined

/** Starts a thread before it is known what for: warming up takes as long as reading the config. */
export function startEarly(): void {
  early ??= newThread()
  sharedModule().catch(() => {}) // whoever needs it hears of it
}

/** The one that was started early, or a new one. */
export function takeThread(): Piscina {
  const thread = early ?? newThread()
  early = undefined
  return thread
}

function newThread(): Piscina {
  // Beside this file's room: the bundler may move this code, but not out of its depth.
  const filename = new URL('../worker/door.cjs', import.meta.url).href
  const one = { minThreads: 1, maxThreads: 1, concurrentTasksPerWorker: 1 }
  const thread = new Piscina({ filename, atomics: 'disabled', ...one })
  // One that ends without a task is started anew, and nobody misses it.
  thread.on('error', () => {})
  return thread
}
