/** `linkspan record`: all that a running switch does, into a file that `linkspan replay` replays. */
import { open as openFile } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { LinkspanError } from '../error.js'
import { call, open } from './client.js'
import { writing } from './file.js'
import type { Target } from './target.js'

export interface RecordOptions extends Target {
  duration?: number
}

/** Fast: the switch does not wait for what reads it. */
const LEVEL = 1

export async function record(path: string, options: RecordOptions): Promise<void> {
  const { duration } = options
  // Before the switch is asked: a file that cannot be made is told at once.
  const file = await writing(path, openFile(path, 'w', 0o600))
  try {
    const response = await open(options, 'POST', '/v1/record', { duration })
    const end = () => void call(options, 'DELETE', '/v1/record').catch(() => {})
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, end)
    console.error(`linkspan: recording into ${path}${duration === undefined ? ', until ^C' : ''}`)
    await pipeline(response, createGzip({ level: LEVEL }), file.createWriteStream())
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error
    throw new LinkspanError('CLOSED', `the switch has ended in the middle: ${path} is cut`)
  } finally {
    await file.close().catch(() => {})
  }
}
