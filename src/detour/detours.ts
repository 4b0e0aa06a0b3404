/**
 * The detour as control has it: a thread that is started for the first impaired port, and told what to do.
 * One that dies is started again with all that it had; frames that it held are lost.
 */
import { Worker } from 'node:worker_threads'
import { loadNative, type Native } from '../device/native.js'
import { DetourCounts } from './counts.js'
import type { Answer, DetourTask, Numbered, Order, QueueEnds, Seeded } from './orders.js'

/** A thread that died this often within the window is not started again: the cause is not chance. */
const DEATHS_MAX = 5
const DEATHS_WINDOW = 10_000

/** What the thread is to know of a port. */
interface Known {
  readonly name: string
  impair: Seeded
  queues: readonly QueueEnds[]
}

interface Thread {
  readonly worker: Worker
  readonly task: DetourTask
  /** Resolves when it has ended. */
  readonly ended: Promise<void>
}

export class Detours {
  readonly #ports: number
  readonly #report: (why: string) => void
  readonly #file: URL
  readonly #known = new Map<number, Known>()
  readonly #kick = () => this.#end()
  #counts: DetourCounts | undefined
  #thread: Thread | undefined
  #closed = false
  #deaths: number[] = []
  /** The last order, and the last that is done. */
  #last = 0
  #done = 0
  #waiting: { number: number; resolve: () => void }[] = []

  /** @param ports there may be @param report is told what went wrong @param file of the thread */
  constructor(
    ports: number,
    report: (why: string) => void,
    // Beside this file's room: the bundler may move this code, but not out of its depth.
    file = new URL('../detour/main.js', import.meta.url),
  ) {
    this.#ports = ports
    this.#report = report
    this.#file = file
  }

  /** Of ports on the detour; undefined until there was one. */
  get counts(): DetourCounts | undefined {
    return this.#counts
  }

  /** A port is to be impaired. */
  open(port: number, name: string, impair: Seeded): void {
    this.#known.set(port, { name, impair, queues: [] })
    this.#tell({ op: 'open', port, name, impair })
  }

  /** Other settings, from the next frame on. */
  set(port: number, impair: Seeded): void {
    const known = this.#known.get(port)
    if (known) known.impair = impair
    this.#tell({ op: 'set', port, impair })
  }

  attach(port: number, queues: readonly QueueEnds[]): void {
    const known = this.#known.get(port)
    if (known) known.queues = queues
    this.#tell({ op: 'attach', port, queues })
  }

  /** Resolves when all that was held is out, towards device and workers. */
  drain(port: number): Promise<void> {
    this.#tell({ op: 'drain', port })
    return this.settled()
  }

  /** Its descriptors are not used any more when `settled` resolves. */
  detach(port: number): void {
    const known = this.#known.get(port)
    if (known) known.queues = []
    this.#tell({ op: 'detach', port })
  }

  close(port: number): void {
    this.#known.delete(port)
    this.#tell({ op: 'close', port })
  }

  #tell(order: Order): void {
    if (this.#closed) return
    this.#last += 1
    const thread = this.#thread ?? this.#start()
    thread.worker.postMessage({ number: this.#last, order } satisfies Numbered)
    loadNative().wake(thread.task.poller.event)
  }

  /** Resolves when the thread has done what it was told so far. */
  settled(): Promise<void> {
    const number = this.#last
    if (this.#done >= number) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push({ number, resolve }))
  }

  #start(): Thread {
    this.#counts ??= new DetourCounts(this.#ports)
    const poller = loadNative().pollerCreate()
    const stop = new SharedArrayBuffer(4)
    const task: DetourTask = { poller, counts: this.#counts.buffer, stop }
    const worker = new Worker(this.#file, { workerData: task })
    worker.on('message', (answer: Answer) => this.#answered(answer))
    worker.unref()
    let why = 'its thread ended'
    worker.on('error', (error: Error) => {
      why = error.message
    })
    const ended = new Promise<void>((resolve) => {
      worker.once('exit', () => {
        closePoller(loadNative(), task)
        resolve()
        if (this.#thread?.worker === worker) this.#died(why)
      })
    })
    const thread = { worker, task, ended }
    this.#thread = thread
    // A thread in native code cannot be terminated; without this, process.exit would wait for ever.
    process.off('exit', this.#kick)
    process.on('exit', this.#kick)
    return thread
  }

  #answered({ number, error }: Answer): void {
    if (error !== undefined) this.#report(`an impairment: ${error}`)
    this.#finish(number)
  }

  #finish(number: number): void {
    this.#done = number
    const done = this.#waiting.filter((one) => one.number <= number)
    this.#waiting = this.#waiting.filter((one) => one.number > number)
    for (const { resolve } of done) resolve()
  }

  /** Another one is told everything anew; what the dead one was told is done, or need not be. */
  #died(why: string): void {
    this.#thread = undefined
    if (this.#closed) return
    const now = Date.now()
    this.#deaths = [...this.#deaths, now].filter((at) => now - at < DEATHS_WINDOW)
    const final = this.#deaths.length >= DEATHS_MAX
    const next = final
      ? 'it is not started again: impaired ports forward nothing'
      : 'it is started again'
    this.#report(`the thread of impairments died (${why}); frames on their way are lost; ${next}`)
    if (final) this.#closed = true
    else {
      for (const [port, { name, impair, queues }] of this.#known) {
        this.#tell({ op: 'open', port, name, impair })
        if (queues.length > 0) this.#tell({ op: 'attach', port, queues })
      }
    }
    // Who waits, waits until all of that is done.
    this.#waiting = this.#waiting.map(({ resolve }) => ({ number: this.#last, resolve }))
    if (final || this.#known.size === 0) this.#finish(this.#last)
  }

  #end(): void {
    const thread = this.#thread
    if (thread === undefined) return
    Atomics.store(new Int32Array(thread.task.stop), 0, 1)
    loadNative().wake(thread.task.poller.event)
  }

  /** Ends the thread; frames that it holds are lost, those that wait for it in pairs are not. */
  async end(): Promise<void> {
    for (const port of this.#known.keys()) this.detach(port)
    await this.settled()
    this.#closed = true
    process.off('exit', this.#kick)
    this.#end()
    await this.#thread?.ended
    this.#thread = undefined
    this.#finish(this.#last)
  }
}

function closePoller(native: Native, { poller }: DetourTask): void {
  native.close(poller.epoll)
  native.close(poller.event)
}
