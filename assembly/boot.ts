/**
 * The life of a memory and of the instances on it: `layout` (memory.ts), then `boot` once, then
 * `attach` by every worker and the control thread.
 */

import { createFlows } from './flow/head'
import { breakPartsLock } from './flow/hold'
import { breakFlowLocks } from './flow/lock'
import {
  ABI_VERSION,
  arena as arenaAt,
  DIRECTORY,
  Directory,
  directory,
  failures as failuresAt,
  hasRouter,
  MAGIC,
  NEVER,
  queues as queuesAt,
  Worker,
  workerBlock,
} from './memory'
import { NeighborHead, neighborHead } from './router/neighbor'
import { QUEUE_SIZE } from './size'
import { breakLocks as breakTableLocks, create } from './table/hash'

/**
 * Prepares a zeroed memory that `layout` has laid out. `seedLow` and `seedHigh` key the hashes.
 * Returns false if the module's static data reaches into the directory: a build error.
 */
export function boot(seedLow: u32, seedHigh: u32): bool {
  if (__heap_base > DIRECTORY) return false
  const ports = load<u32>(DIRECTORY, Directory.MAX_PORTS)
  const workers = load<u32>(DIRECTORY, Directory.MAX_WORKERS)
  const identity = directory(Directory.IDENTITY)
  for (let port: u32 = 0; port < ports; port++) store<u32>(identity + ((<usize>port) << 2), port)
  for (let worker: u32 = 0; worker <= workers; worker++) {
    for (let port: u32 = 0; port < ports; port++) {
      setQueue(worker, port, -1, 0)
      setReader(worker, port, -1, worker)
    }
  }
  create(
    directory(Directory.FDB),
    directory(Directory.FDB_BUCKETS),
    directory(Directory.FDB_POOL),
    load<u32>(DIRECTORY, Directory.MAX_MACS),
    ((<u64>seedHigh) << 32) | <u64>seedLow,
  )
  if (hasRouter()) bootRouter(seedLow, seedHigh)
  createFlows(((<u64>seedLow) << 32) | <u64>seedHigh)
  store<u32>(DIRECTORY, ABI_VERSION, Directory.VERSION)
  atomic.store<u32>(DIRECTORY, MAGIC, Directory.MAGIC)
  return true
}

function bootRouter(seedLow: u32, seedHigh: u32): void {
  create(
    directory(Directory.NEIGHBOR_TABLE),
    directory(Directory.NEIGHBOR_BUCKETS),
    directory(Directory.NEIGHBOR_POOL),
    load<u32>(DIRECTORY, Directory.MAX_NEIGHBORS),
    ((<u64>seedLow) << 32) | <u64>seedHigh,
  )
  store<u64>(DIRECTORY, NEVER, Directory.NEIGHBOR_DEADLINE)
  store<u64>(DIRECTORY, NEVER, Directory.INTERFACE_DEADLINE)
}

/**
 * Takes a worker's place (the control thread's is the one after the last worker's) and returns its
 * incarnation, counted from 1; 0 if the memory was not booted by this version of the module.
 */
export function attach(worker: u32): u32 {
  if (atomic.load<u32>(DIRECTORY, Directory.MAGIC) != MAGIC) return 0
  if (load<u32>(DIRECTORY, Directory.VERSION) != ABI_VERSION) return 0
  if (worker > load<u32>(DIRECTORY, Directory.MAX_WORKERS)) return 0
  const block = workerBlock(worker)
  // What one before left of its burst is not gone on with.
  store<u32>(block, 0, Worker.REST_RUN)
  store<u32>(block, 0, Worker.UNDERLAY)
  store<u64>(block, 0, Worker.NEXT) // and COUNT
  store<u32>(block, 0, Worker.CLASSES_AT)
  atomic.store<u32>(block, 0, Worker.EPOCH)
  return atomic.add<u32>(block, 1, Worker.INCARNATION) + 1
}

/**
 * Frees what a dead worker held: its locks and its epoch. Only for a worker whose thread has ended.
 * Returns the number of locks broken.
 */
export function breakLocks(worker: u32): u32 {
  atomic.store<u32>(workerBlock(worker), 0, Worker.EPOCH)
  const owner = (worker + 1) << 24
  let broken = breakTableLocks(directory(Directory.FDB), owner, 0xff000000)
  broken += breakFlowLocks(owner, 0xff000000) + breakPartsLock(owner, 0xff000000)
  return hasRouter() ? broken + breakNeighborLocks(owner) : broken
}

function breakNeighborLocks(owner: u32): u32 {
  const broken = breakTableLocks(directory(Directory.NEIGHBOR_TABLE), owner, 0xff000000)
  const lock = neighborHead() + NeighborHead.LOCK
  if ((atomic.load<u32>(lock) & 0xff000000) != owner) return broken
  atomic.store<u32>(lock, 0)
  return broken + 1
}

/**
 * Gives a worker the file descriptor it writes a port's frames to, and the kind of device that is at
 * its other end (native/abi.h); -1 for none. One store, so that no worker sees half of it.
 */
export function setQueue(worker: u32, port: u32, descriptor: i32, kind: u32): void {
  const entry = <u64>(<u32>descriptor) | ((<u64>kind) << 32)
  atomic.store<u64>(queuesAt(worker) + <usize>port * <usize>QUEUE_SIZE, entry)
}

/**
 * Says which worker reads a queue of a port, and its file descriptor; -1: nobody. Queues have the
 * numbers of workers, and stand in the table of the worker of their number, whoever reads them.
 */
export function setReader(queue: u32, port: u32, descriptor: i32, worker: u32): void {
  const entry = <u64>(<u32>descriptor) | ((<u64>worker) << 32)
  atomic.store<u64>(queuesAt(queue) + <usize>port * <usize>QUEUE_SIZE + 8, entry)
}

/** Addresses of a worker's areas, for the device layer and TypeScript. */
export function arena(worker: u32): usize {
  return arenaAt(worker)
}
export function queues(worker: u32): usize {
  return queuesAt(worker)
}
export function received(worker: u32): usize {
  return workerBlock(worker) + Worker.RECEIVED
}
export function transmit(worker: u32): usize {
  return workerBlock(worker) + Worker.TRANSMIT
}
export function failures(worker: u32): usize {
  return failuresAt(worker)
}
export function ready(worker: u32): usize {
  return workerBlock(worker) + Worker.READY
}
export function scratch(worker: u32): usize {
  return workerBlock(worker) + Worker.SCRATCH
}
