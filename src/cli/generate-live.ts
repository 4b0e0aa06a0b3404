/** A line on a terminal that says how far a run is. */
import type { Progress, ProgressView } from '../generate/progress.js'
import { number } from '../generate/text.js'

const EVERY_MS = 500

export class Live {
  readonly #progress: Progress
  readonly #receives: boolean
  readonly #timer: NodeJS.Timeout | undefined
  #before: ProgressView
  #at = performance.now()

  /** Nothing is shown where standard error is no terminal. */
  constructor(progress: Progress, receives: boolean) {
    this.#progress = progress
    this.#receives = receives
    this.#before = progress.view()
    if (process.stderr.isTTY) this.#timer = setInterval(() => this.#show(), EVERY_MS)
  }

  #show(): void {
    const view = this.#progress.view()
    const now = performance.now()
    const seconds = (now - this.#at) / 1000
    const text = lineOf(this.#before, view, seconds, this.#receives)
    process.stderr.write(`\r\x1b[K${text.slice(0, (process.stderr.columns || 80) - 1)}`)
    this.#before = view
    this.#at = now
  }

  end(): void {
    if (this.#timer === undefined) return
    clearInterval(this.#timer)
    process.stderr.write('\r\x1b[K')
  }
}

/** What was between two looks. */
function lineOf(from: ProgressView, to: ProgressView, seconds: number, receives: boolean): string {
  const rate = (key: 'frames' | 'unique') => number(Math.round((to[key] - from[key]) / seconds))
  const mbit = number(((to.octets - from.octets) * 8) / seconds / 1e6)
  const sent = `sent ${number(to.frames)} (${rate('frames')}/s, ${mbit} Mbit/s)`
  if (!receives) return sent
  return `${sent}, received ${number(to.unique)} (${rate('unique')}/s)`
}
