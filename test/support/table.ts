/** The FDB as a bare table of addresses: entries by number, and a look at the words below. */
import { Change } from '../../src/dataplane/abi.js'
import type { Exports } from '../../src/dataplane/exports.js'
import {
  attach,
  type Capacities,
  createMemory,
  WITHOUT_ROUTER,
} from '../../src/dataplane/instance.js'
import { type BuildName, memoryOf, moduleOf } from './builds.js'

/** Offsets of assembly/memory.ts and table/, known here and nowhere else in the tests. */
const DIRECTORY = 0x10000
const PORTS = 64
const FDB = 72
const FDB_BUCKETS = 76
const FDB_POOL = 80
const HEAD = { poolCount: 12, count: 64, free: 128 }
const PORT_WORDS = { size: 128, entries: 4 }
const BUCKET = { size: 128, overflow: 4, first: 16, stride: 16, slots: 7, lock: 8 }

/** How the addresses of a table are chosen; `of` is different for every index. */
export const numberings: Record<string, (index: number) => [high: number, low: number]> = {
  'counting up': (index) => [0x0200, index],
  'counting up from three makers': (index) => [0x0202 + (index % 3), Math.floor(index / 3)],
  'counting in sixteens': (index) => [0x0200, index * 16],
  'one octet in front of another': (index) => [
    0x0200 + ((index >>> 16) << 1),
    (index & 0xffff) << 8,
  ],
  'counting in the first octets': (index) => [(index & 0x7fff) << 1, 0x1000_0000 + (index >>> 15)],
  // A bijection on 32 bits that looks random (a finaliser of MurmurHash3).
  random: (index) => [0x0600, mixed(index)],
}

export function mixed(index: number): number {
  let x = index
  x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

export class Table {
  readonly capacity: Capacities
  readonly memory: WebAssembly.Memory
  readonly exports: Exports
  readonly #control: number
  readonly #words: DataView

  constructor(build: BuildName, macs: number, seed: readonly [number, number], workers = 1) {
    this.capacity = {
      workers,
      ports: 8,
      bridges: 2,
      vlans: 0,
      memberships: 0,
      macs,
      arena: 1 << 20,
      ...WITHOUT_ROUTER,
    }
    const module = moduleOf(build)
    this.memory = createMemory(module, memoryOf(build), this.capacity, seed)
    this.#control = workers
    this.exports = attach({ module, memory: this.memory }, workers)
    this.#words = new DataView(this.memory.buffer)
  }

  get count(): number {
    return this.exports.fdbCount()
  }

  /** Adds or replaces a static entry: with a full table, DONE says that it was there. */
  set([high, low]: readonly [number, number], port = 0): boolean {
    return this.exports.fdbSet(this.#control, 1, high, low, port, 1, 0) === Change.DONE
  }

  delete([high, low]: readonly [number, number]): boolean {
    return this.exports.fdbDelete(this.#control, 1, high, low) === Change.DONE
  }

  /** Entries of a port by its own count, void ones included. */
  entriesOf(port: number): number {
    const words = this.#words.getUint32(DIRECTORY + PORTS, true) + port * PORT_WORDS.size
    return this.#words.getUint32(words + PORT_WORDS.entries, true)
  }

  /** The entries in force: 'high low' to port; throws if an address is there twice. */
  listing(now: number): Map<string, number> {
    const { exports } = this
    const scratch = new DataView(this.memory.buffer, exports.scratch(this.#control))
    const entries = new Map<string, number>()
    let cursor = 0
    for (;;) {
      const found = exports.fdbNext(this.#control, cursor, now)
      if (found === 0) return entries
      for (let at = 0; at < found * 24; at += 24) {
        const key = `${scratch.getUint32(at + 12, true)} ${scratch.getUint32(at + 16, true)}`
        if (entries.has(key)) throw new Error(`${key} is listed twice`)
        entries.set(key, scratch.getUint32(at + 4, true))
      }
      cursor = scratch.getUint32(248, true)
    }
  }

  /** What is wrong with the table's structure, in words; only at rest. */
  audit(): string[] {
    return audit(this.memory, this.capacity.macs)
  }

  /** See {@link lockAll}. */
  lockAll(worker: number): number {
    return lockAll(this.memory, this.capacity.macs, worker)
  }
}

/** Locks every bucket as `worker` would, which then never unlocks them. Returns how many. */
export function lockAll(memory: WebAssembly.Memory, macs: number, worker: number): number {
  const words = new DataView(memory.buffer)
  const buckets = words.getUint32(DIRECTORY + FDB_BUCKETS, true)
  const count = Math.floor((macs + 4) / 5)
  for (let index = 0; index < count; index++) {
    words.setUint32(buckets + index * BUCKET.size + BUCKET.lock, ((worker + 1) << 24) | 1, true)
  }
  return count
}

function audit(memory: WebAssembly.Memory, macs: number): string[] {
  const words = new DataView(memory.buffer)
  const start = (field: number) => words.getUint32(DIRECTORY + field, true)
  const bucketOf = (index: number) => start(FDB_POOL) + (index - 1) * BUCKET.size
  const overflowOf = (bucket: number) => words.getUint32(bucket + BUCKET.overflow, true)
  const faults: string[] = []
  const nodes = new Map<number, string>()
  const keys = new Map<bigint, string>()

  /** Walks what is linked behind `first`; a bucket that was met before is a fault and ends it. */
  const walk = (owner: string, first: number, visit: (bucket: number, where: string) => void) => {
    for (let index = first; index !== 0; index = overflowOf(bucketOf(index))) {
      const other = nodes.get(index)
      if (other !== undefined) {
        faults.push(`overflow bucket ${index} is in ${other} and in ${owner}`)
        return
      }
      nodes.set(index, owner)
      visit(bucketOf(index), `${owner}, overflow bucket ${index}`)
    }
  }
  const note = (bucket: number, where: string) => {
    for (let slot = 0; slot < BUCKET.slots; slot++) {
      const key = words.getBigUint64(bucket + BUCKET.first + BUCKET.stride * slot, true)
      const other = keys.get(key)
      if (key !== 0n && other) faults.push(`key ${key.toString(16)} is in ${other} and in ${where}`)
      if (key !== 0n) keys.set(key, `${where}, slot ${slot}`)
    }
  }
  for (let index = 0; index < Math.floor((macs + 4) / 5); index++) {
    const bucket = start(FDB_BUCKETS) + index * BUCKET.size
    if (words.getUint32(bucket + BUCKET.lock, true) !== 0) faults.push(`bucket ${index} is locked`)
    note(bucket, `chain ${index}`)
    walk(`chain ${index}`, overflowOf(bucket), note)
  }
  walk('the pool', words.getUint32(start(FDB) + HEAD.free, true), () => {})
  const lost = words.getUint32(start(FDB) + HEAD.poolCount, true) - nodes.size
  if (lost !== 0) faults.push(`${lost} overflow buckets are nowhere`)
  const count = words.getUint32(start(FDB) + HEAD.count, true)
  if (count !== keys.size) faults.push(`${keys.size} keys, counted as ${count}`)
  return faults
}
