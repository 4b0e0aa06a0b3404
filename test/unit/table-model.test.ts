/**
 * The table under several threads beside a sequential model: whatever threads and control do at once to
 * addresses of their own, in the end each address is where its own operations, one after the other, leave it.
 */
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { PortFlag } from '../../src/dataplane/abi.js'
import { type BuildName, moduleOf } from '../support/builds.js'
import { Random } from '../support/random.js'
import { mixed, Table } from '../support/table.js'

const WORKERS = 3
/** Of each thread. */
const STATIONS = 100
const STATIC = 40
/** Little more than are there at a time: none is evicted for another. */
const MACS = 420
/** Those that a thread's stations roam between. */
const portsOf = (thread: number) => [2 * thread, 2 * thread + 1] as const
const STATIC_PORT = 6
const AGEING = 300_000
const FLAGS = PortFlag.PRESENT | PortFlag.UP | PortFlag.FLOOD_BROADCAST
/** In each of which a thread learns a few of its stations, or forgets a few. */
const STEPS = 20_000
const FEW = 16
/** Entries that each is to have in the end, also one that was short of processors. */
const LEAST = 6
/** Instead of a port: they are forgotten. */
const DELETE = 0xffffffff

const highOf = (thread: number) => 0x0200 + 2 * thread

/** Address, as the table lists it, to port. */
type Model = Map<string, number>

/** A thread's seeded steps, done to the model as they are made up. */
class Load {
  readonly model: Model = new Map()
  readonly #random: Random
  readonly #thread: number

  constructor(thread: number, seed: number) {
    this.#thread = thread
    this.#random = new Random(seed * 8 + thread)
  }

  /** @param stations so many of the thread's, from the first on, are what it is about */
  steps(now: number, count: number, { stations = STATIONS, forgetting = 0.5 } = {}): Uint32Array {
    const random = this.#random
    const words: number[] = []
    for (let step = 0; step < count; step++) {
      const port = random.chance(forgetting) ? DELETE : random.pick<number>(portsOf(this.#thread))
      const lows = Array.from({ length: 1 + random.below(FEW) }, () =>
        mixed(random.below(stations)),
      )
      words.push(port, now, lows.length, ...lows)
      for (const low of lows) this.#do(port, `${highOf(this.#thread)} ${low}`)
    }
    return Uint32Array.from(words)
  }

  #do(port: number, key: string): void {
    if (port === DELETE) this.model.delete(key)
    else this.model.set(key, port)
  }
}

function configure({ exports }: Table): void {
  if (!exports.configBegin()) return
  exports.configDomain(1, 1, AGEING, 0, 0)
  for (let port = 0; port <= STATIC_PORT; port++) exports.configPort(port, FLAGS, 0, 1, 1500, 0)
  exports.configCommit()
}

async function start(build: BuildName, { memory }: Table, worker: number): Promise<Worker> {
  const workerData = { module: moduleOf(build), memory, worker, high: highOf(worker) }
  const script = new URL('../support/model-worker.mjs', import.meta.url)
  const thread = new Worker(script, { workerData })
  await once(thread, 'message')
  return thread
}

async function doing(thread: Worker, steps: Uint32Array): Promise<void> {
  thread.postMessage(steps)
  await once(thread, 'message')
}

/** What control does until the promise resolves: static entries come and go, and configs. */
async function control(table: Table, seed: number, until: Promise<unknown>) {
  const random = new Random(seed)
  const model: Model = new Map()
  let running = true
  const ended = until.finally(() => {
    running = false
  })
  for (let round = 0; running || model.size < LEAST; round++) {
    const low = mixed(random.below(STATIC))
    const key = `${0x0e00} ${low}`
    if (random.chance(0.6)) {
      // Its bucket may be locked for long where there are more threads than processors.
      for (let tries = 0; !table.set([0x0e00, low], STATIC_PORT); tries++) {
        if (tries === 10_000) throw new Error('a static entry finds no room')
        await setImmediate()
      }
      model.set(key, STATIC_PORT)
    } else {
      expect(table.delete([0x0e00, low])).toBe(model.delete(key))
    }
    if (round % 60 === 0) configure(table)
    if (round % 16 === 0) await setImmediate()
  }
  await ended
  return model
}

/** Takes out what is void. */
function sweep({ exports }: Table, now: number): void {
  for (let slice = 0; slice < 20; slice++) exports.tick(WORKERS, now + slice)
}

const sorted = (models: Iterable<[string, number]>[]) =>
  models.flatMap((model) => [...model]).sort(([a], [b]) => (a < b ? -1 : 1))

describe.each(['shared', 'debug-shared'] as const)('beside a sequential model [%s]', (build) => {
  test.each([1, 2, 3])('what was done at once is as if done in turn (seed %i)', async (seed) => {
    const table = new Table(build, MACS, [seed, 8], WORKERS)
    configure(table)
    const loads = [0, 1, 2].map((thread) => new Load(thread, seed))
    const models = loads.map(({ model }) => model)
    const workers = await Promise.all([0, 1, 2].map((worker) => start(build, table, worker)))
    /** What all of them do at the same time. */
    const together = async (steps: readonly Uint32Array[]) => {
      await Promise.all(workers.map((worker, thread) => doing(worker, steps[thread]!)))
    }
    try {
      const began = 1000
      const changing = together(loads.map((load) => load.steps(began, STEPS)))
      models.push(await control(table, seed, changing))
      expect(table.audit()).toEqual([])
      expect(sorted([table.listing(began)])).toEqual(sorted(models))
      expect(Math.min(...models.map(({ size }) => size))).toBeGreaterThanOrEqual(LEAST)

      // Half of the stations speak later; the others age out while those do once more.
      for (const { model } of loads) model.clear()
      const half = { stations: STATIONS / 2, forgetting: 0 }
      await together(loads.map((load) => load.steps(began + AGEING - 1000, 200, half)))
      const end = began + AGEING + 1
      const last = together(loads.map((load) => load.steps(end, 200, half)))
      sweep(table, end)
      await last
      expect(table.audit()).toEqual([])
      expect(sorted([table.listing(end)])).toEqual(sorted(models))
      sweep(table, end)
      expect(table.count).toBe(sorted(models).length)
    } finally {
      await Promise.all(workers.map((worker) => worker.terminate()))
    }
  })
})
