/**
 * What control does with neighbours: static ones, a listing, and forgetting those of an interface or a
 * port that goes.
 */
import { keyOf, portOf } from '../bridge/entry'
import { Directory, directory, hasRouter, ownerOf, Worker, workerBlock } from '../memory'
import { discardHeld } from '../router/held'
import {
  addNeighbor,
  enter,
  findNeighbor,
  isStale,
  leave,
  linkOf,
  macOf,
  Neighbor,
  NeighborHead,
  neighborAt,
  neighborHead,
  removeNeighbor,
  State,
  setLink,
  stateOf,
} from '../router/neighbor'
import { settle } from '../router/resolve'
import { valueOf } from '../table/bucket'
import { bucketOf, Change, find } from '../table/hash'

/** How often control tries what a worker tries once: the kernel may have put aside who has the lock. */
const PATIENCE: u32 = 200

function enterPatiently(worker: u32, block: usize): bool {
  for (let tries: u32 = 0; tries < PATIENCE; tries++) {
    if (enter(worker, block)) return true
  }
  return false
}

/**
 * Gives an address (four words; IPv4 as a mapped one) a MAC by hand, or takes it away again with MAC
 * 0. Returns a Change code: DONE, MISSING, FULL or BUSY.
 */
export function neighborSet(
  worker: u32,
  fid: u32,
  a: u32,
  b: u32,
  c: u32,
  d: u32,
  macHigh: u32,
  macLow: u32,
): u32 {
  if (!hasRouter()) return Change.FULL
  const block = workerBlock(worker)
  const owner = ownerOf(worker, block)
  const lower = <u64>a | ((<u64>b) << 32)
  const upper = <u64>c | ((<u64>d) << 32)
  const mac = bswap<u64>(((<u64>macHigh) << 32) | <u64>macLow) >> 16
  if (!enterPatiently(worker, block)) return Change.BUSY
  let record = findNeighbor(fid, lower, upper)
  let outcome = Change.DONE
  if (mac == 0) {
    if (record == 0) outcome = Change.MISSING
    else forget(worker, record, owner)
  } else {
    if (record == 0) record = addNeighbor(fid, lower, upper, owner, 0)
    if (record == 0) outcome = Change.FULL
    else {
      settle(record)
      discardHeld(worker, record)
      setLink(record, linkOf(mac, State.PERMANENT))
    }
  }
  leave()
  return outcome
}

function forget(worker: u32, record: usize, owner: u32): void {
  settle(record)
  discardHeld(worker, record)
  removeNeighbor(record, owner)
}

/** Forgets the neighbours of a domain, those by hand too. */
export function neighborFlush(worker: u32, fid: u32): void {
  sweep(worker, fid, u32.MAX_VALUE)
}

/** Forgets neighbours whose MAC the FDB has on a port: before its entries go. */
export function neighborFlushPort(worker: u32, port: u32): void {
  sweep(worker, 0, port)
}

function sweep(worker: u32, fid: u32, port: u32): void {
  if (!hasRouter()) return
  const block = workerBlock(worker)
  if (!enterPatiently(worker, block)) return
  const used = load<u32>(neighborHead(), NeighborHead.USED)
  for (let number: u32 = 1; number <= used; number++) {
    const record = neighborAt(number)
    const own = load<u32>(record, Neighbor.FID)
    if (own == 0) continue
    const goes = fid != 0 ? own == fid : isOnPort(record, own, port)
    if (goes) forget(worker, record, ownerOf(worker, block))
  }
  leave()
}

/** True for a neighbour that was learnt and has a MAC that is on a port, as far as the FDB tells. */
function isOnPort(record: usize, fid: u32, port: u32): bool {
  const link = load<u64>(record, Neighbor.LINK)
  if (macOf(link) == 0 || stateOf(link) == State.PERMANENT) return false
  const table = directory(Directory.FDB)
  const key = keyOf(macOf(link), fid)
  const slot = find(table, bucketOf(table, key), key)
  return slot != 0 && portOf(valueOf(slot)) == port
}

/**
 * Copies the next neighbour from number `cursor` (from 1) on to the scratch space of `reader`'s block:
 * 0 address, 16 octets   16 MAC   24 state u32   28 fid u32   32 milliseconds since it was confirmed
 * f64. Returns the cursor for the one after it; 0 when there is none.
 */
export function neighborNext(reader: u32, cursor: u32, now: f64): u32 {
  if (!hasRouter()) return 0
  const used = load<u32>(neighborHead(), NeighborHead.USED)
  for (let number = max<u32>(1, cursor); number <= used; number++) {
    const record = neighborAt(number)
    const link = atomic.load<u64>(record, Neighbor.LINK)
    let state = stateOf(link)
    if (state == State.NONE) continue
    if (isStale(record, state, now)) state = State.STALE
    const scratch = workerBlock(reader) + Worker.SCRATCH
    memory.copy(scratch, record, 16)
    store<u64>(scratch, macOf(link), 16)
    store<u32>(scratch, state, 24)
    store<u32>(scratch, load<u32>(record, Neighbor.FID), 28)
    store<f64>(scratch, now - load<f64>(record, Neighbor.CONFIRMED), 32)
    return number + 1
  }
  return 0
}
