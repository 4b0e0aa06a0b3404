/**
 * The forwarding threads. Each runs one task until it is stopped; one that dies (a trap, a
 * termination) loses its locks to `breakLocks` and is started again in the same place, over the
 * same memory, so that what was learnt stays.
 */
import { once } from 'node:events'
import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { Piscina } from 'piscina'
import type { Attachment } from '../dataplane/instance.js'
import type { Manager } from '../dataplane/manager.js'
import { loadNative } from '../device/native.js'
import type { Poller } from '../device/native-io.js'
import type { Letter } from './mailbox.js'
import type { WorkerTask } from './main.js'
import { Orders } from './orders.js'
import { takeThread } from './threads.js'

export interface PoolOptions {
  attachment: Attachment
  manager: Manager
  /** As many as there may be at once. */
  workers: number
  arena: number
  ports: number
  /**
   * A worker died, and all that it did lies as it was: to be looked at before another takes its
   * place. @returns is called when one does or, with `final`, none will any more
   */
  onDeath: (worker: number, error: Error, final: boolean) => () => void
  /** A thread takes a worker's place, or has left it by dying; before anything is done about that. */
  onChange: (worker: number, what: 'starts' | 'died') => void
}

/** A worker that died this often within the window is not started again: the cause is not chance. */
const DEATHS_MAX = 5
const DEATHS_WINDOW = 10_000

/** A spare thread is started so long after the first workers, which then have the machine to themselves. */
const SPARE_DELAY = 1000

/** `idle` has never run. */
export type WorkerState = 'idle' | 'starting' | 'running' | 'failed' | 'stopped'

interface Slot {
  readonly poller: Poller
  state: WorkerState
  thread?: Piscina
  /** To the thread. */
  port?: MessagePort
  /** Resolves when what runs in it has ended. */
  running?: Promise<void>
}

export class WorkerPool {
  readonly #options: PoolOptions
  readonly #slots: readonly Slot[]
  /** What they are to do. */
  readonly orders: Orders
  readonly #kick = () => this.#signalStop(0)
  #spare: Piscina | undefined
  #timer: NodeJS.Timeout | undefined
  #closed = false

  constructor(options: PoolOptions) {
    const native = loadNative()
    this.#options = options
    const { workers } = options
    this.#slots = Array.from({ length: workers }, () => {
      return { poller: native.pollerCreate(), state: 'idle' }
    })
    this.orders = new Orders(workers)
    // A thread in native code cannot be terminated; without this, process.exit would wait for ever.
    process.on('exit', this.#kick)
  }

  /** Of all workers that there may be, whether they run or not. */
  get pollers(): readonly Poller[] {
    return this.#slots.map(({ poller }) => poller)
  }

  state(worker: number): WorkerState {
    return this.#slots[worker]?.state ?? 'idle'
  }

  /** Starts the workers that do not run, before `count`; resolves when all are warm and waiting for frames. */
  async start(count: number): Promise<void> {
    const wanted = this.#slots.slice(0, count).flatMap(({ state }, worker) => {
      return state === 'idle' || state === 'stopped' ? [this.#launch(worker, [])] : []
    })
    await Promise.all(wanted)
    this.#timer ??= setTimeout(() => this.#addSpare(), SPARE_DELAY).unref()
  }

  /** Stops the workers from `from` on at the end of the burst they are in; others have to read their queues. */
  async stop(from: number): Promise<void> {
    this.#signalStop(from)
    const going = this.#slots.slice(from)
    await Promise.allSettled(going.map(({ running }) => running))
    await Promise.all(
      going.map(async (slot) => {
        const { thread, port } = slot
        if (slot.state !== 'idle') slot.state = 'stopped'
        delete slot.thread
        delete slot.port
        port?.close()
        await thread?.destroy()
      }),
    )
  }

  /** For whoever dies next: a thread takes longer to start than frames can wait. */
  #addSpare(): void {
    if (!this.#closed) this.#spare ??= takeThread()
  }

  /** Starts a worker; resolves when it is ready. Its end is seen to in the background. */
  async #launch(worker: number, deaths: readonly number[]): Promise<void> {
    const slot = this.#slots[worker] as Slot
    this.#options.onChange(worker, 'starts')
    slot.state = 'starting'
    slot.thread ??= takeThread()
    this.orders.setStop(worker, false)
    const { attachment, arena, ports } = this.#options
    const { port1, port2 } = new MessageChannel()
    const { poller, thread } = slot
    const { buffer: orders } = this.orders
    const task = { attachment, worker, poller, arena, ports, orders, control: port2 }
    const run: Promise<void> = thread.run(task satisfies WorkerTask, { transferList: [port2] })
    slot.port?.close()
    slot.port = port1
    const ready = once(port1, 'message').then(() => {
      slot.state = 'running'
    })
    slot.running = run.catch((error: Error) => this.#died(worker, error, deaths))
    // A worker that dies before it is ready is dealt with like any other; but `start` must know.
    await Promise.race([ready, run])
    port1.unref()
  }

  async #died(worker: number, error: Error, deaths: readonly number[]): Promise<void> {
    this.#options.onChange(worker, 'died')
    // Of one that is to end anyway, too: what it held would stand in the way of all others for ever.
    this.#options.manager.exports.breakLocks(worker)
    if (this.orders.stops(worker)) return
    const recent = [...deaths, Date.now()].filter((at) => Date.now() - at < DEATHS_WINDOW)
    const final = recent.length >= DEATHS_MAX
    const slot = this.#slots[worker] as Slot
    slot.state = final ? 'failed' : 'starting'
    // The spare one goes on at once; what piscina starts in the place of the dead is the next spare.
    const { thread } = slot
    if (!final && thread && this.#spare) {
      slot.thread = this.#spare
      this.#spare = thread
    }
    // What listeners throw must not keep it from being replaced.
    const tell = quietly(() => this.#options.onDeath(worker, error, final))
    // Before anybody hears of it, which may take them longer than frames can wait.
    const again = final ? undefined : this.#launch(worker, recent)
    quietly(() => tell?.())
    await again?.catch(() => {
      // Its death has been reported by the call before this one in the chain.
    })
  }

  /** Writes to all workers that run; returns how many do. */
  write(letter: Letter): number {
    const running = [...this.#slots.entries()].filter(([, { state }]) => state === 'running')
    for (const [, { port }] of running) port?.postMessage(letter)
    this.orders.countLetter()
    for (const [worker] of running) this.wake(worker)
    return running.length
  }

  /** Makes a worker look at shared memory now. */
  wake(worker: number): void {
    const { poller } = this.#slots[worker] as Slot
    loadNative().wake(poller.event)
  }

  #signalStop(from: number): void {
    for (let worker = from; worker < this.#slots.length; worker++) {
      this.orders.setStop(worker, true)
      this.wake(worker)
    }
  }

  /** Stops all workers, and ends their threads. */
  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    clearTimeout(this.#timer)
    await this.stop(0)
    await this.#spare?.destroy()
    process.off('exit', this.#kick)
    const native = loadNative()
    for (const { poller } of this.#slots) {
      native.close(poller.epoll)
      native.close(poller.event)
    }
  }
}

function quietly<T>(task: () => T): T | undefined {
  try {
    return task()
  } catch {
    return undefined
  }
}
