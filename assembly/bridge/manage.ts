/**
 * What control does with the FDB: static entries, deletion, flush, listing.
 */
import { activeConfig, TICK_MS } from '../config'
import { Directory, directory, Worker, workerBlock } from '../memory'
import { Bucket, keyAt, slotAt, valueOf } from '../table/bucket'
import { nextInChain } from '../table/chain'
import { bucketOf, Change, find, insert, remove, replace } from '../table/hash'
import { bucketAt, bucketCountOf, changed, countOf } from '../table/head'
import {
  ageOf,
  Flag,
  fidOf,
  flagsOf,
  generationOf,
  inForce,
  keyOf,
  macOf,
  ownerOf,
  portOf,
  Shared,
  sharedOfDomain,
  sharedOfPort,
  stampOf,
  valueFor,
} from './entry'
import { evict } from './evict'
import { sweepSoon } from './sweep'

/** A MAC from its first two octets and its last four, each as a big-endian number. */
@inline
function macFrom(high: u32, low: u32): u64 {
  return bswap<u64>(((<u64>high) << 32) | <u64>low) >> 16
}

/**
 * Sets an entry by hand: static (never aged, moved or evicted), external, or dynamic as if learnt at
 * `now`, by its `flags`.
 * Replaces what is there. Returns a Change code: DONE, FULL or BUSY.
 */
export function fdbSet(
  worker: u32,
  fid: u32,
  macHigh: u32,
  macLow: u32,
  port: u32,
  flags: u32,
  now: f64,
): u32 {
  const table = directory(Directory.FDB)
  const owner = ownerOf(worker, workerBlock(worker))
  const key = keyOf(macFrom(macHigh, macLow), fid)
  const value = valueFor(port, flags & Flag.MADE, generationOf(port, fid), stampOf(now))
  let outcome = insert(table, key, value, owner)
  if (
    outcome == Change.FULL &&
    evict(workerBlock(worker), activeConfig(), table, key, owner, now)
  ) {
    outcome = insert(table, key, value, owner)
  }
  // A worker may learn or refresh the address between our reading and our writing: try again.
  for (let tries = 0; outcome == Change.EXISTS && tries < 1000; tries++) {
    const slot = find(table, bucketOf(table, key), key)
    if (slot == 0) {
      outcome = insert(table, key, value, owner)
      continue
    }
    const old = valueOf(slot)
    if (replace(table, key, old, value, owner) != Change.DONE) continue
    atomic.sub<u32>(sharedOfPort(portOf(old)), 1, Shared.ENTRIES)
    outcome = Change.DONE
  }
  if (outcome == Change.EXISTS) return Change.BUSY
  if (outcome == Change.DONE) atomic.add<u32>(sharedOfPort(port), 1, Shared.ENTRIES)
  return outcome
}

/** Removes an entry, static or not. Returns DONE, MISSING or BUSY. */
export function fdbDelete(worker: u32, fid: u32, macHigh: u32, macLow: u32): u32 {
  const table = directory(Directory.FDB)
  const owner = ownerOf(worker, workerBlock(worker))
  const key = keyOf(macFrom(macHigh, macLow), fid)
  for (let tries = 0; tries < 1000; tries++) {
    const slot = find(table, bucketOf(table, key), key)
    if (slot == 0) return Change.MISSING
    const value = valueOf(slot)
    if (remove(table, key, value, owner) != Change.DONE) continue
    atomic.sub<u32>(sharedOfPort(portOf(value)), 1, Shared.ENTRIES)
    return Change.DONE
  }
  return Change.BUSY
}

/** Voids all dynamic entries of a port at once (CONFORMANCE B11). */
export function fdbFlushPort(port: u32): void {
  atomic.add<u32>(sharedOfPort(port), 1, Shared.GENERATION)
  changed(directory(Directory.FDB))
  sweepSoon()
}

/** Voids all dynamic entries of a broadcast domain at once. */
export function fdbFlushDomain(fid: u32): void {
  atomic.add<u32>(sharedOfDomain(fid), 1, Shared.GENERATION)
  changed(directory(Directory.FDB))
  sweepSoon()
}

/** Entries in the table, void ones not yet swept included. */
export function fdbCount(): u32 {
  return countOf(directory(Directory.FDB))
}

/** Describes the entry of an address at the scratch space of `reader`, as `fdbNext` does, if it is in force. */
export function fdbFind(reader: u32, fid: u32, macHigh: u32, macLow: u32, now: f64): bool {
  const table = directory(Directory.FDB)
  const key = keyOf(macFrom(macHigh, macLow), fid)
  const slot = find(table, bucketOf(table, key), key)
  return slot != 0 && listed(slot, workerBlock(reader) + Worker.SCRATCH, stampOf(now))
}

/** Offset in the scratch space where `fdbNext` leaves the cursor to go on with. */
const CURSOR: usize = 248
/** Its bits that tell a slot within a chain: of CHAIN_MAX buckets, where a table is crowded. */
const POSITION_BITS: u32 = 9
const POSITION_MASK: u32 = (1 << POSITION_BITS) - 1
/** Entries that fit before it. */
const LISTED_MAX: u32 = 10

/**
 * Copies entries in force to the scratch space of `reader`, from `cursor` (0 at first) on: up to
 * ten, 24 bytes each { u32 fid, u32 port, u32 flags, u32 macHigh, u32 macLow, u32 age in ms }, and
 * at offset 248 the u32 cursor to go on with. Returns how many; 0 is the end. The cursor is bucket
 * and slot, so what is learnt or removed meanwhile may be missed, never listed twice in one place.
 */
export function fdbNext(reader: u32, cursor: u32, now: f64): u32 {
  const table = directory(Directory.FDB)
  const scratch = workerBlock(reader) + Worker.SCRATCH
  const buckets = bucketCountOf(table)
  let found: u32 = 0
  let index = cursor >> POSITION_BITS
  let position = cursor & POSITION_MASK
  for (; index < buckets && found < LISTED_MAX; index++) {
    let slot = slotInPosition(table, bucketAt(table, index), position)
    while (slot != 0 && found < LISTED_MAX) {
      if (listed(slot, scratch + found * 24, stampOf(now))) found++
      slot = slotInPosition(table, bucketAt(table, index), ++position)
    }
    if (slot != 0) break
    position = 0
  }
  store<u32>(scratch, (index << POSITION_BITS) | position, CURSOR)
  return found
}

/** The slot at `position` of a chain, counted through its buckets, or 0 past its end. */
function slotInPosition(table: usize, bucket: usize, position: u32): usize {
  let node = bucket
  for (; position >= Bucket.SLOTS && node != 0; position -= Bucket.SLOTS)
    node = nextInChain(table, node)
  return node == 0 ? 0 : slotAt(node, position)
}

/** Describes the slot's entry at `out` if there is one in force. */
function listed(slot: usize, out: usize, stamp: u32): bool {
  const key = keyAt(slot)
  const value = valueOf(slot)
  if (key == 0 || keyAt(slot) != key) return false
  if (!inForce(activeConfig(), fidOf(key), value, stamp)) return false
  describe(out, key, value, stamp)
  return true
}

function describe(out: usize, key: u64, value: u64, stamp: u32): void {
  const mac = bswap<u64>(macOf(key) << 16)
  store<u32>(out, fidOf(key))
  store<u32>(out, portOf(value), 4)
  store<u32>(out, flagsOf(value), 8)
  store<u32>(out, <u32>(mac >> 32), 12)
  store<u32>(out, <u32>mac, 16)
  store<u32>(out, flagsOf(value) != 0 ? 0 : <u32>(<f64>ageOf(value, stamp) * TICK_MS), 20)
}
