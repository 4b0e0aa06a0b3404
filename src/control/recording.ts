/**
 * Records a running switch for whoever reads it: frames and calls of all workers and of control in one
 * order. Meanwhile bursts are done one at a time, so that the order is exact with several workers too. The
 * switch never waits for the reader: where that is too slow, the recording ends, and says why.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { hashMemory, saveWhole } from '../dataplane/image.js'
import type { Manager } from '../dataplane/manager.js'
import type { Topology } from '../dataplane/topology.js'
import { LinkspanError } from '../error.js'
import { Chunk, chunk, jsonChunk, magic } from '../recording/file.js'
import { headOf, hostOf, type Source, tapControl } from '../recording/recorder.js'
import { Reason, SharedTape } from '../recording/shared-tape.js'
import type { Letter } from '../worker/mailbox.js'

export interface RecordHost {
  readonly manager: Manager
  readonly topology: Topology
  readonly attachment: { readonly memory: WebAssembly.Memory }
  readonly config: unknown
  now(): number
  /** Writes to all workers; returns how many there are. */
  writeToWorkers(letter: Letter): number
}

export interface RecordTarget {
  /** Resolves when more can be taken. */
  write(octets: Uint8Array): Promise<void>
  /** No more will come. */
  end(): void | Promise<void>
}

/** Octets of the ring: what a reader may be behind. */
const RING = 64 << 20
/** Octets that are written at once, and how often is looked for more, milliseconds. */
const PIECE = 1 << 20
const INTERVAL = 5
/** How long a reader may take for what is left when the switch ends, milliseconds. */
const REST_MAX = 2000
/** How long workers may take to join, milliseconds: a burst, or a wait that is ended. */
const JOIN_MAX = 2000

export class RunningRecording {
  readonly #host: RecordHost
  readonly #source: Source
  readonly #tape = new SharedTape(RING)
  readonly #done: () => void
  #beginning: Uint8Array<ArrayBuffer>[] = []
  #untap: (() => void) | undefined
  #state: string | null = null
  #isStopped = false
  readonly #isRead = promised()

  /** @param done is called when it is over and read */
  constructor(host: RecordHost, done: () => void) {
    this.#host = host
    this.#done = done
    this.#source = {
      memory: host.attachment.memory,
      manager: host.manager,
      topology: host.topology,
      config: () => host.config,
      now: () => host.now(),
    }
  }

  /**
   * Begins once all workers have joined; what happens until then is not recorded.
   *
   * @throws LinkspanError code `TIMEOUT` where a worker does not join; then it is over
   */
  async begin(): Promise<void> {
    try {
      await this.#join()
    } catch (error) {
      this.stop()
      this.#done()
      throw error
    }
    this.#open()
  }

  async #join(): Promise<void> {
    const workers = this.#host.writeToWorkers({ tape: this.#tape.buffer })
    const end = performance.now() + JOIN_MAX
    while (this.#tape.joined < workers && !this.#tape.isOver) {
      if (performance.now() > end) {
        throw new LinkspanError('TIMEOUT', `record: a worker has not answered in ${JOIN_MAX} ms`)
      }
      await sleep(1)
    }
  }

  /** What lies in memory and what is called from then on belong together. */
  #open(): void {
    const { manager } = this.#source
    const { exports, workers } = manager
    const isInHand = (worker: number) => exports.framesInHand(worker) > 0
    this.#beginning = this.#tape.open(manager.self, () => {
      const inBurst = Array.from({ length: workers }, (_, worker) => worker).some(isInHand)
      return [
        magic(),
        jsonChunk(Chunk.HEAD, headOf(this.#source, new Date().toISOString())),
        chunk(Chunk.IMAGE, saveWhole(hostOf(this.#source), inBurst)),
      ]
    })
    this.#untap = tapControl(this.#source, this.#tape)
  }

  /** Ends it: what was recorded can be read still. Again is harmless. */
  stop(): void {
    if (this.#isStopped) return
    this.#isStopped = true
    this.#untap?.()
    const { manager } = this.#source
    this.#tape.close(manager.self, () => {
      // What was over before has gone on unrecorded.
      if (!this.#tape.isOver) this.#state = hashMemory(hostOf(this.#source))
    })
    this.#host.writeToWorkers({ tape: undefined })
  }

  /** Ends it, and waits a moment for its reader to have all of it. */
  async finish(): Promise<void> {
    this.stop()
    await Promise.race([this.#isRead.promise, sleep(REST_MAX, undefined, { ref: false })])
  }

  /** A thread takes a worker's place, or has died in it. */
  threadChanged(worker: number, what: 'starts' | 'died'): void {
    this.#tape.lose(worker, what === 'died' ? Reason.DIED : Reason.STARTED)
  }

  /** Hands the file over until the recording is over. */
  async read(target: RecordTarget): Promise<void> {
    try {
      for (const piece of this.#beginning.splice(0)) await target.write(piece)
      for (;;) {
        // Looked at first: what is over has nothing more behind what is taken out then.
        const isOver = this.#isStopped || this.#tape.isOver
        const octets = this.#tape.take(PIECE)
        if (octets.length > 0) await target.write(chunk(Chunk.ENTRIES, octets))
        else if (isOver) break
        else await sleep(INTERVAL)
      }
      this.stop()
      await target.write(jsonChunk(Chunk.END, { reason: this.#reason(), state: this.#state }))
      await target.end()
    } finally {
      this.stop()
      this.#done()
      this.#isRead.resolve()
    }
  }

  #reason(): string {
    const { why, who } = this.#tape.reason
    if (why === Reason.FULL) return `what reads it was more than ${RING} octets behind`
    if (why === Reason.DIED) return `worker ${who} died`
    if (why === Reason.STARTED) return `worker ${who} was started`
    return 'stopped'
  }
}

/** A promise and what resolves it: Node 20 has no Promise.withResolvers. */
function promised() {
  let resolve = () => {}
  const promise = new Promise<void>((resolved) => {
    resolve = resolved
  })
  return { promise, resolve }
}
