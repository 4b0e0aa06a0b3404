/** The beginning of `linkspan up`: starts what takes longest, then loads all else. */
import { startEarly } from '../worker/threads.js'
import type { UpOptions } from './up.js'

export async function begin(options: UpOptions): Promise<void> {
  startEarly()
  const { up } = await import('./up.js')
  await up(options)
}
