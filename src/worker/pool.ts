/**
 * The pool of forwarding threads. Each runs one task without end; one that dies (a trap, a
 * termination) loses its locks to `breakLocks` and is started again in the same place, over the
 * same memory, so that what was learnt stays.
 */
import { once } from 'node:events'
import { MessageChannel } from 'node:worker_threads'
import { Piscina } from 'piscina'
import type { Attachment } from '../dataplane/instance.js'
import type { Manager } from '../dataplane/manager.js'
import { sharedModule } from '../dataplane/shared.js'
import { loadNative } from '../device/native.js'
import type { Poller } from '../device/native-io.js'
import type { WorkerTask } from './main.js'

export interface PoolOptions {
  attachment: Attachment
  manager: Manager
  workers: number
  arena: number
  ports: number
  /** A worker died and is being replaced, or, with `final`, is not any more. */
  onDeath: (worker: number, error: Error, final: boolean) => void
}

/** A worker that died this often within the window is not started again: the cause is not chance. */
const DEATHS_MAX = 5
const DEATHS_WINDOW = 10_000

let early: Piscina | undefined

/**
 * Starts a thread, and warms the module up on it, before it is known what for: that takes as long as
 * loading all else and reading the config. The next pool takes it over if one is what it needs.
 */
export function startEarly(): void {
  early ??= newThreads(1)
  sharedModule().catch(() => {}) // whoever needs it hears of it
}

function newThreads(count: number): Piscina {
  // Beside this file's room: the bundler may move this code, but not out of its depth.
  const filename = new URL('../worker/main.js', import.meta.url).href
  const threads = { minThreads: count, maxThreads: count, concurrentTasksPerWorker: 1 }
  return new Piscina({ filename, atomics: 'disabled', ...threads })
}

function takeThreads(count: number): Piscina {
  const ready = early
  early = undefined
  if (count === 1) return ready ?? newThreads(1)
  void ready?.destroy()
  return newThreads(count)
}

export class WorkerPool {
  readonly pollers: readonly Poller[]
  readonly #options: PoolOptions
  readonly #pool: Piscina
  readonly #stop = new SharedArrayBuffer(4)
  readonly #running: Promise<void>[] = []
  readonly #states: ('starting' | 'running' | 'failed')[] = []
  readonly #kick = () => this.#signalStop()
  #closed = false

  constructor(options: PoolOptions) {
    const native = loadNative()
    this.#options = options
    this.pollers = Array.from({ length: options.workers }, () => native.pollerCreate())
    this.#pool = takeThreads(options.workers)
    // A thread in native code cannot be terminated; without this, process.exit would wait for ever.
    process.on('exit', this.#kick)
  }

  state(worker: number): 'starting' | 'running' | 'failed' {
    return this.#states[worker] ?? 'starting'
  }

  /** Resolves when every worker is warm and waiting for frames. */
  async start(): Promise<void> {
    const indices = this.pollers.map((_, worker) => worker)
    await Promise.all(indices.map((worker) => this.#launch(worker, [])))
  }

  /** Starts a worker; resolves when it is ready. Its end is seen to in the background. */
  async #launch(worker: number, deaths: readonly number[]): Promise<void> {
    this.#states[worker] = 'starting'
    const { attachment, arena, ports } = this.#options
    const { port1, port2 } = new MessageChannel()
    const poller = this.pollers[worker] as Poller
    const task = { attachment, worker, poller, arena, ports, stop: this.#stop, ready: port2 }
    const run: Promise<void> = this.#pool.run(task satisfies WorkerTask, { transferList: [port2] })
    const ready = once(port1, 'message').then(() => {
      this.#states[worker] = 'running'
    })
    this.#running[worker] = run.catch((error: Error) => this.#died(worker, error, deaths))
    // A worker that dies before it is ready is dealt with like any other; but `start` must know.
    try {
      await Promise.race([ready, run])
    } finally {
      port1.close()
    }
  }

  async #died(worker: number, error: Error, deaths: readonly number[]): Promise<void> {
    if (this.#closed) return
    this.#options.manager.exports.breakLocks(worker)
    const recent = [...deaths, Date.now()].filter((at) => Date.now() - at < DEATHS_WINDOW)
    const final = recent.length >= DEATHS_MAX
    this.#states[worker] = final ? 'failed' : 'starting'
    try {
      this.#options.onDeath(worker, error, final)
    } catch {
      // What a listener throws must not keep the worker from being replaced.
    }
    if (final) return
    await this.#launch(worker, recent).catch(() => {
      // Its death has been reported by the call before this one in the chain.
    })
  }

  /** Makes a worker look at shared memory now. */
  wake(worker: number): void {
    loadNative().wake((this.pollers[worker] as Poller).event)
  }

  #signalStop(): void {
    Atomics.store(new Int32Array(this.#stop), 0, 1)
    for (const worker of this.pollers.keys()) this.wake(worker)
  }

  /** Stops all workers at the end of the burst they are in, and ends their threads. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#signalStop()
    await Promise.allSettled(this.#running)
    await this.#pool.destroy()
    process.off('exit', this.#kick)
    const native = loadNative()
    for (const { epoll, event } of this.pollers) {
      native.close(epoll)
      native.close(event)
    }
  }
}
