/** How many workers run, and who reads which queue: both may change while traffic runs. */
import { availableParallelism } from 'node:os'
import { parseSpin } from '../config/spin.js'
import type { Config } from '../config/types.js'
import type { Topology } from '../dataplane/topology.js'
import { type PoolOptions, WorkerPool } from '../worker/pool.js'
import type { Casualties, Casualty } from './casualties.js'
import type { Port } from './port.js'
import { firstWorkers, Readers } from './readers.js'
import { Serial } from './serial.js'
import type { Step } from './transaction.js'

export interface WorkersHost {
  readonly ports: ReadonlyMap<string, Port>
  readonly topology: Topology
  settle(): Promise<void>
  /** Does something while nothing else changes. */
  exclusively(task: () => Promise<void>): Promise<void>
  /** Tells of a death; `file` has the frames that may be why. */
  died(death: WorkerDeath): void
  reportLeftover(why: string): void
  /** A thread takes a worker's place, or has died in it. */
  threadChanged(worker: number, what: 'starts' | 'died'): void
}

export interface WorkerDeath {
  worker: number
  error: string
  /** It is not started any more. */
  final: boolean
  /** Frames that it had in hand, which are lost. */
  frames: number
  file: string | null
}

/** `auto` is one a processor, as far as there is room. */
export function workersOf({ workers, capacity }: Pick<Config, 'workers' | 'capacity'>): number {
  return workers === 'auto' ? Math.min(availableParallelism(), capacity.maxWorkers) : workers
}

/**
 * Microseconds. `auto` looks for frames where a processor is left for those who send them and wait for
 * them.
 */
export function spinOf(config: Pick<Config, 'workers' | 'spin' | 'capacity'>): number {
  if (config.spin !== 'auto') return parseSpin(config.spin)
  return availableParallelism() > workersOf(config) ? AUTO_SPIN : 0
}

/** Longer than an answer takes on the same machine; docs/decisions/0020. */
const AUTO_SPIN = 200

export class Workers {
  readonly readers: Readers
  readonly pool: WorkerPool
  readonly #host: WorkersHost
  readonly #casualties: Casualties
  readonly #serial = new Serial()
  #count: number

  constructor(
    host: WorkersHost,
    casualties: Casualties,
    pool: Omit<PoolOptions, 'onDeath' | 'onChange'>,
    config: Config,
  ) {
    this.#host = host
    this.#casualties = casualties
    this.#count = workersOf(config)
    this.readers = new Readers(firstWorkers(this.#count))
    const onDeath: PoolOptions['onDeath'] = (...death) => this.#died(...death)
    const onChange: PoolOptions['onChange'] = (...change) => host.threadChanged(...change)
    this.pool = new WorkerPool({ ...pool, onDeath, onChange })
    this.pool.orders.spin = spinOf(config)
  }

  /** The numbers of those that run, or did. */
  get numbers(): readonly number[] {
    return [...this.pool.pollers.keys()].filter((worker) => this.pool.state(worker) !== 'idle')
  }

  start(): Promise<void> {
    return this.pool.start(this.#count)
  }

  /**
   * To the number of workers that a config asks for. New ones run, and read nothing, before anything is
   * changed; those that are too many end when others read what they read.
   */
  step(to: Config): Step {
    const [before, after] = [this.#count, workersOf(to)]
    const spin = () => {
      this.pool.orders.spin = spinOf(to)
    }
    if (before === after) return { finish: spin }
    return {
      prepare: async () => {
        try {
          await this.pool.start(after)
        } catch (error) {
          await this.pool.stop(before)
          throw error
        }
      },
      undo: () => this.pool.stop(before),
      finish: async () => {
        spin()
        this.#count = after
        await this.#move()
        if (after < before) await this.pool.stop(after)
      },
    }
  }

  #died(worker: number, { message }: Error, final: boolean): () => void {
    const casualty = this.#casualties.take(worker)
    return () => {
      if (final) void this.#abandon()
      const frames = casualty.frames.length
      const file = this.#keep(casualty, worker, message)
      this.#host.died({ worker, error: message, final, frames, file })
    }
  }

  #keep(casualty: Casualty, worker: number, why: string): string | null {
    const named = [...this.#host.ports.values()].find(({ index }) => index === casualty.port)
    try {
      return (
        this.#casualties.write(casualty, named?.name ?? `${casualty.port}`, worker, why) ?? null
      )
    } catch (error) {
      this.#host.reportLeftover((error as Error).message)
      return null
    }
  }

  /** Others read what was read by one that is not started again. */
  async #abandon(): Promise<void> {
    try {
      await this.#host.exclusively(() => this.#move())
    } catch (error) {
      this.#host.reportLeftover((error as Error).message)
    }
  }

  /** Those that are to run, and are started when they die: who they are may change while others wait. */
  get #able(): readonly number[] {
    return firstWorkers(this.#count).filter((worker) => this.pool.state(worker) !== 'failed')
  }

  /**
   * Gives the queues to the workers that there are now. A queue has no reader for a moment, in which
   * frames wait in it: from when it is taken from one until that one has passed on. So none is lost,
   * and none read by two. The first change may be passed with frames in hand, at the beginning of
   * `process`; the next one is passed when these are sent, so that none is overtaken.
   */
  #move(): Promise<void> {
    return this.#serial.run(async () => {
      const { ports, topology } = this.#host
      const workers = this.#able
      if (workers.length === 0) return
      this.readers.set(workers)
      const given = [...ports.values()].map((port) => port.moveQueues())
      for (let change = 0; change < 2; change++) {
        topology.stageBarrier()
        await this.#host.settle()
      }
      for (const give of given) give()
    })
  }
}
