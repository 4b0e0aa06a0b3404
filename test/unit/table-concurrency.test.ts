/** The table under several threads at once, and under threads that die. */
import { once } from 'node:events'
import { setImmediate } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { PortFlag } from '../../src/dataplane/abi.js'
import { type BuildName, moduleOf } from '../support/builds.js'
import { numberings, Table } from '../support/table.js'

const WORKERS = 3
/** Few, so that the threads meet in the same buckets, and more than there is room for. */
const FIXED = 60
const ROAMING = 40
const PINNED = 100
const MACS = 400
/** How long the threads are left at each other. */
const RUN_MS = 2500

/** Words that the threads share: 1 when they are to stop, and the clock in milliseconds. */
const STOP = 0
const CLOCK = 1
const sharedWords = () => new Int32Array(new SharedArrayBuffer(8))

interface Counts {
  bursts: number
  right: number
  wrong: number
  floods: number
  lost: number
}

const pinned = Array.from({ length: PINNED }, (_, low) => [0x1000, low] as const)

/** Up, and flooded to. */
const FLAGS =
  PortFlag.PRESENT |
  PortFlag.UP |
  PortFlag.FLOOD_BROADCAST |
  PortFlag.FLOOD_MULTICAST |
  PortFlag.FLOOD_UNKNOWN

/** Ports 0 to 3 on domain 1; the last has no thread. */
function configure(table: Table): void {
  const { exports } = table
  if (!exports.configBegin()) return
  exports.configDomain(1, 1, 300_000, 0, 0)
  for (let port = 0; port <= WORKERS; port++) exports.configPort(port, FLAGS, 0, 1, 1500, 0)
  exports.configCommit()
}

async function start(
  build: BuildName,
  table: Table,
  worker: number,
  words: Int32Array,
): Promise<Worker> {
  const thread = new Worker(new URL('../support/table-worker.mjs', import.meta.url), {
    workerData: {
      module: moduleOf(build),
      memory: table.memory,
      worker,
      workers: WORKERS,
      pinned: PINNED,
      fixed: FIXED,
      roaming: ROAMING,
      words,
    },
  })
  await once(thread, 'message')
  return thread
}

async function finish(thread: Worker): Promise<Counts> {
  // Both may come in one turn of the event loop: wait for both from the start.
  const [[counts]] = await Promise.all([once(thread, 'message'), once(thread, 'exit')])
  return counts as Counts
}

/** Voids all and sweeps until nothing void is left. */
function empty(table: Table): void {
  table.exports.fdbFlushDomain(1)
  for (let slice = 0; slice < 10; slice++) table.exports.tick(WORKERS, slice)
}

const ports = Array.from({ length: WORKERS + 1 }, (_, port) => port)

/** What control does meanwhile: flushes, static entries, config changes, listings. */
async function disturb(table: Table, words: Int32Array): Promise<number> {
  const { exports } = table
  const end = performance.now() + RUN_MS
  let rounds = 0
  for (; performance.now() < end; rounds++) {
    const mac = [0x0e00, rounds % 50] as const
    if (rounds % 2 === 0) table.set(mac, WORKERS)
    else table.delete([0x0e00, (rounds + 7) % 50])
    if (rounds % 20 === 0) exports.fdbFlushPort(rounds % WORKERS)
    if (rounds % 301 === 0) exports.fdbFlushDomain(1)
    if (rounds % 50 === 0) configure(table)
    // A clock tick every few bursts: some threads see it sooner than others.
    if (rounds % 10 === 0) exports.tick(WORKERS, Atomics.add(words, CLOCK, 25))
    if (rounds % 16 === 0) await setImmediate()
  }
  return rounds
}

/** Lets every thread do `bursts` more without being disturbed. */
async function settle({ exports }: Table, bursts: number): Promise<void> {
  const done = () => [0, 1, 2].map((worker) => exports.workerStatistic(worker, 0))
  const wanted = done().map((now) => now + bursts)
  while (done().some((now, worker) => now < wanted[worker]!)) await setImmediate()
}

describe.each(['shared', 'debug-shared'] as const)('the table under threads [%s]', (build) => {
  test('learning, moving, flushing, sweeping and eviction at once lose and confuse nothing', async () => {
    const table = new Table(build, MACS, [5, 6], WORKERS)
    configure(table)
    for (const mac of pinned) table.set(mac, WORKERS)
    const words = sharedWords()
    const threads = await Promise.all([0, 1, 2].map((worker) => start(build, table, worker, words)))
    const rounds = await disturb(table, words)
    await settle(table, 1000)
    const ends = threads.map(finish)
    Atomics.store(words, STOP, 1)
    const counts = await Promise.all(ends)
    for (const { bursts, right, wrong, floods, lost } of counts) {
      expect({ wrong, lost }).toEqual({ wrong: 0, lost: 0 })
      expect(Math.min(bursts, right, floods, rounds)).toBeGreaterThan(200)
    }
    const moved = ports.map((worker) => table.exports.workerStatistic(worker, 3))
    const evicted = ports.map((worker) => table.exports.workerStatistic(worker, 5))
    expect(Math.min(...moved.slice(0, WORKERS))).toBeGreaterThan(100)
    expect(Math.min(...evicted.slice(0, WORKERS))).toBeGreaterThan(100)

    expect(table.audit()).toEqual([])
    // At rest: fixed stations stand where they belong, counts agree with each other.
    const entries = table.listing(words[CLOCK]!)
    let fixed = 0
    for (const [key, port] of entries) {
      const high = Number(key.split(' ')[0])
      if (high >= 0x0200 && high < 0x0200 + 2 * WORKERS) {
        expect(port).toBe((high - 0x0200) / 2)
        fixed++
      }
    }
    expect(fixed).toBeGreaterThan(20)
    const sum = () => ports.reduce((all, port) => all + table.entriesOf(port), 0)
    expect(sum()).toBe(table.count)
    expect(table.count).toBeGreaterThanOrEqual(entries.size)

    // Emptied, every count is zero; filled again, every address has room: nothing leaked.
    for (let low = 0; low < 50; low++) table.delete([0x0e00, low])
    for (const mac of pinned) expect(table.delete(mac)).toBe(true)
    empty(table)
    expect(ports.map((port) => table.entriesOf(port))).toEqual([0, 0, 0, 0])
    expect(table.count).toBe(0)
    for (let index = 0; index < MACS; index++)
      expect(table.set(numberings.random!(index))).toBe(true)
  })

  test('a thread terminated anywhere leaves a table that goes on once its locks are broken', async () => {
    const table = new Table(build, MACS, [7, 8], WORKERS)
    configure(table)
    for (const mac of pinned) table.set(mac, WORKERS)
    const words = sharedWords()
    const deaths = 25
    const survivor = await start(build, table, 1, words)
    for (let death = 0; death < deaths; death++) {
      const victim = await start(build, table, 0, words)
      await victim.terminate()
      table.exports.breakLocks(0)
      expect(table.exports.breakLocks(0)).toBe(0)
    }
    const end = finish(survivor)
    Atomics.store(words, STOP, 1)
    const { wrong, right } = await end
    expect(wrong).toBe(0)
    for (const mac of pinned) table.delete(mac)
    expect(right).toBeGreaterThan(100)
    empty(table)
    // A death may cost an overflow bucket or a place in the count, no more.
    expect(table.count).toBeLessThanOrEqual(deaths)
    let taken = 0
    for (let index = 0; index < MACS; index++) if (table.set(numberings.random!(index))) taken++
    expect(taken).toBeGreaterThanOrEqual(MACS - deaths)
  })
})
