/** How many workers run, and who reads which queue: both may change while traffic runs. */
import { availableParallelism } from 'node:os'
import type { Config } from '../config/types.js'
import type { Topology } from '../dataplane/topology.js'
import type { WorkerPool } from '../worker/pool.js'
import type { Port } from './port.js'
import { firstWorkers, Readers } from './readers.js'
import { Serial } from './serial.js'
import type { Step } from './transaction.js'

export interface WorkersHost {
  readonly ports: ReadonlyMap<string, Port>
  readonly topology: Topology
  settle(): Promise<void>
}

/** `auto` is one a processor, as far as there is room. */
export function workersOf({ workers, capacity }: Pick<Config, 'workers' | 'capacity'>): number {
  return workers === 'auto' ? Math.min(availableParallelism(), capacity.maxWorkers) : workers
}

export class Workers {
  readonly readers: Readers
  readonly #host: WorkersHost
  readonly #pool: WorkerPool
  readonly #serial = new Serial()
  #count: number

  constructor(host: WorkersHost, pool: WorkerPool, count: number) {
    this.#host = host
    this.#pool = pool
    this.#count = count
    this.readers = new Readers(firstWorkers(count))
  }

  start(): Promise<void> {
    return this.#pool.start(this.#count)
  }

  /**
   * To the number of workers that a config asks for. New ones run, and read nothing, before anything is
   * changed; those that are too many end when others read what they read.
   */
  step(to: Config): Step {
    const [before, after] = [this.#count, workersOf(to)]
    if (before === after) return {}
    return {
      prepare: async () => {
        try {
          await this.#pool.start(after)
        } catch (error) {
          await this.#pool.stop(before)
          throw error
        }
      },
      undo: () => this.#pool.stop(before),
      finish: async () => {
        this.#count = after
        await this.#move(firstWorkers(after))
        if (after < before) await this.#pool.stop(after)
      },
    }
  }

  /** Others read what was read by one that is not started again; if there are others. */
  async abandon(worker: number): Promise<void> {
    const left = this.readers.workers.filter((one) => one !== worker)
    if (left.length > 0) await this.#move(left)
  }

  /**
   * A queue has no reader for a moment, in which frames wait in it: from when it is taken from one
   * until that one has passed on. So none is lost, and none read by two.
   */
  #move(workers: readonly number[]): Promise<void> {
    return this.#serial.run(async () => {
      const { ports, topology } = this.#host
      this.readers.set(workers)
      const given = [...ports.values()].map((port) => port.moveQueues())
      topology.stageBarrier()
      await this.#host.settle()
      for (const give of given) give()
    })
  }
}
