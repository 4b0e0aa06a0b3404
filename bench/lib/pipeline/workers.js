// Several workers at once: a thread each, over one memory or over one of their own.
import { once } from 'node:events'
import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { HouseError } from '../../../scripts/lib/house.js'

export class Workers {
  #threads
  #words
  #frames

  /**
   * Starts a thread for each.
   *
   * @param {{attachment: object, number: number}[]} ends a memory with its module, and the worker that the
   *   thread is in it
   * @param {import('./stream.js').Stream} stream what all of them are given, from different places on; each
   *   frame of it comes out
   */
  static async create(ends, stream) {
    const words = new Int32Array(new SharedArrayBuffer(8))
    const script = new URL('./worker.js', import.meta.url)
    const begun = performance.timeOrigin + performance.now()
    const shared = { stream, words, begun }
    const threads = ends.map((end) => new Worker(script, { workerData: { ...end, ...shared } }))
    await Promise.all(threads.map((thread) => once(thread, 'message')))
    return new Workers(threads, words, stream.burstFrames)
  }

  constructor(threads, words, frames) {
    this.#threads = threads
    this.#words = words
    this.#frames = frames
  }

  /**
   * Lets all of them work for that long.
   *
   * @returns {Promise<{value: number} & Record<string, number>>} frames a microsecond, that is Mpps, of all
   *   together: of each what it handled over the time it spent in `process`; and of each
   */
  async run(seconds) {
    this.#words.fill(0)
    const answers = this.#threads.map((thread) => once(thread, 'message'))
    for (const thread of this.#threads) thread.postMessage(this.#threads.length)
    await setTimeout(seconds * 1000)
    Atomics.store(this.#words, 1, 1)
    const rates = (await Promise.all(answers)).map(([answer]) => this.#rateOf(answer))
    const each = Object.fromEntries(rates.map((rate, index) => [`worker${index}`, rate]))
    return { value: rates.reduce((sum, rate) => sum + rate, 0), ...each }
  }

  #rateOf({ bursts, entries, milliseconds }) {
    const frames = bursts * this.#frames
    if (entries !== frames) throw new HouseError(`bench: ${entries} of ${frames} frames came out`)
    return frames / milliseconds / 1e3
  }

  async stop() {
    await Promise.all(this.#threads.map((thread) => thread.terminate()))
  }
}
