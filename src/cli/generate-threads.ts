/** Starting the threads of a run. */
import { Worker } from 'node:worker_threads'
import { LinkspanError } from '../error.js'
import type { ThreadTask } from './generate-thread.js'

export interface Thread<Message> {
  /** Rejects where it cannot open what it is to work on. */
  ready: Promise<void>
  /** What it has come to, when its thread has ended. */
  result: Promise<Message>
}

export function startThread<Message>(task: ThreadTask): Thread<Message> {
  // Beside this file's room: the bundler may move this code, but not out of its depth.
  const worker = new Worker(new URL('../cli/generate-thread.js', import.meta.url), {
    workerData: task,
  })
  let last: unknown
  const result = new Promise<Message>((resolve, reject) => {
    worker.on('message', (message) => {
      last = message
    })
    worker.once('error', (error: Error) => {
      // Its class is lost on the way from the thread; its code is not always.
      const { code = 'FAILED' } = error as NodeJS.ErrnoException
      reject(new LinkspanError(code, error.message, { cause: error }))
    })
    worker.once('exit', () => resolve(last as Message))
  })
  const ready = new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve())
    result.catch(reject)
  })
  return { ready, result }
}
