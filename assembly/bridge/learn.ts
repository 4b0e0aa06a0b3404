/**
 * Learning (IEEE 802.1D-2004 section 7.8) and, with the table full, eviction.
 *
 * A full table evicts the oldest of a sample, taken only from ports that hold more than their fair
 * share (capacity / ports), or an entry that is void anyway: a port that floods addresses displaces
 * its own, a quiet port keeps what it has (CONFORMANCE B10, T1).
 */
import { Config } from '../config'
import { Statistic, statistic } from '../counter'
import { Event, emit } from '../event'
import { Directory, directory, Worker } from '../memory'
import { holds, keyAt, refresh, slotAt, VALUE, valueOf } from '../table/bucket'
import { bucketOf, Change, find, insert, remove, replace } from '../table/hash'
import { bucketAt, bucketCountOf, capacityOf } from '../table/head'
import {
  ageOf,
  fidOf,
  generationOf,
  inForce,
  isStatic,
  portOf,
  Shared,
  sharedOfPort,
  stampOf,
  valueFor,
} from './entry'

/** Buckets (of seven entries) looked at for one eviction, and rounds of that before giving up. */
const SAMPLE_BUCKETS: u32 = 4
const SAMPLE_ROUNDS: u32 = 8

/** The word that marks a lock as this worker's, in its present incarnation. */
@inline
export function ownerOf(worker: u32, block: usize): u32 {
  return ((worker + 1) << 24) | (load<u32>(block, Worker.INCARNATION) & 0xffffff)
}

/** The value of an entry that is seen on `port` at `now`: the same for all of a burst. */
export function seen(port: u32, fid: u32, now: f64): u64 {
  return valueFor(port, 0, generationOf(port, fid), stampOf(now))
}

/**
 * Notes that the address in `key` (individual, not zero; `bucket` is its bucket) was seen. The usual
 * case, an entry of this port whose stamp is of this tick, is one look-up and a comparison. Returns
 * whether the entry is as wanted now: then the next frame from it in this burst has no news.
 */
@inline
export function learn(
  worker: u32,
  block: usize,
  config: usize,
  bucket: usize,
  key: u64,
  value: u64,
  now: f64,
): bool {
  const slot = find(directory(Directory.FDB), bucket, key)
  if (slot != 0 && load<u64>(slot, VALUE) == value) return true
  return update(worker, block, config, key, value, slot, now)
}

function update(
  worker: u32,
  block: usize,
  config: usize,
  key: u64,
  value: u64,
  slot: usize,
  now: f64,
): bool {
  if (slot == 0) return add(worker, block, config, key, value, now)
  const old = valueOf(slot)
  if (!holds(slot, key)) return false // removed meanwhile: the next frame learns it
  const port = portOf(value)
  if (isStatic(old)) {
    if (portOf(old) == port) return true
    violated(block, key, port, portOf(old), now)
    return false
  }
  // Same port and generation: only the stamp differs. Right for whichever key has this value.
  if (<u32>(old ^ value) == 0 && (<u32>((old ^ value) >> 32) & 0xff) == 0) {
    refresh(slot, old, value)
    return true
  }
  return move(worker, block, config, key, old, value, now)
}

function violated(block: usize, key: u64, port: u32, owner: u32, now: f64): void {
  statistic(block, Statistic.STATIC_VIOLATED)
  emit(block, Event.STATIC_VIOLATED, port, fidOf(key), owner, key >> 16, now)
}

/** The address left another port, or its entry was void. */
function move(
  worker: u32,
  block: usize,
  config: usize,
  key: u64,
  old: u64,
  value: u64,
  now: f64,
): bool {
  const fid = fidOf(key)
  const moved = portOf(old) != portOf(value) && inForce(config, fid, old, stampOf(now))
  const outcome = replace(directory(Directory.FDB), key, old, value, ownerOf(worker, block))
  if (outcome != Change.DONE) {
    statistic(block, Statistic.UNLEARNED)
    return false
  }
  atomic.sub<u32>(sharedOfPort(portOf(old)), 1, Shared.ENTRIES)
  atomic.add<u32>(sharedOfPort(portOf(value)), 1, Shared.ENTRIES)
  if (!moved) {
    statistic(block, Statistic.LEARNED)
    return true
  }
  statistic(block, Statistic.MOVED)
  emit(block, Event.MOVED, portOf(value), fid, portOf(old), key >> 16, now)
  return true
}

function add(worker: u32, block: usize, config: usize, key: u64, value: u64, now: f64): bool {
  const table = directory(Directory.FDB)
  const owner = ownerOf(worker, block)
  let outcome = insert(table, key, value, owner)
  if (outcome == Change.FULL && evict(block, config, table, key, owner, now)) {
    outcome = insert(table, key, value, owner)
  }
  if (outcome == Change.DONE) {
    atomic.add<u32>(sharedOfPort(portOf(value)), 1, Shared.ENTRIES)
    statistic(block, Statistic.LEARNED)
    return true
  }
  statistic(block, Statistic.UNLEARNED)
  if (outcome == Change.FULL) {
    emit(block, Event.TABLE_FULL, portOf(value), fidOf(key), 0, key >> 16, now)
  }
  return false
}

/** Makes room for one entry. The sample starts where the new key hashes to: nobody can aim it. */
export function evict(
  block: usize,
  config: usize,
  table: usize,
  key: u64,
  owner: u32,
  now: f64,
): bool {
  const share = capacityOf(table) / max(1, load<u32>(config, Config.PORT_COUNT))
  const count = bucketCountOf(table)
  let at = <u32>((bucketOf(table, key) - bucketAt(table, 0)) >> 7)
  for (let round: u32 = 0; round < SAMPLE_ROUNDS; round++, at = (at + SAMPLE_BUCKETS) % count) {
    const slot = victim(config, table, at, share, stampOf(now))
    if (slot == 0) continue
    const loser = keyAt(slot)
    const value = valueOf(slot)
    // Another writer may have put a static entry there since the slot was chosen.
    if (loser == 0 || isStatic(value)) continue
    if (remove(table, loser, value, owner) != Change.DONE) continue
    atomic.sub<u32>(sharedOfPort(portOf(value)), 1, Shared.ENTRIES)
    statistic(block, Statistic.EVICTED)
    return true
  }
  return false
}

/** The slot to empty among the buckets from `start` on: a void entry, else the oldest that may go. */
function victim(config: usize, table: usize, start: u32, share: u32, stamp: u32): usize {
  const count = bucketCountOf(table)
  let oldest: usize = 0
  let age: u32 = 0
  for (let index: u32 = 0; index < SAMPLE_BUCKETS; index++) {
    const bucket = bucketAt(table, (start + index) % count)
    for (let which: u32 = 0; which < 7; which++) {
      const slot = slotAt(bucket, which)
      const key = keyAt(slot)
      if (key == 0) continue
      const value = valueOf(slot)
      if (isStatic(value)) continue
      if (!inForce(config, fidOf(key), value, stamp)) return slot
      if (atomic.load<u32>(sharedOfPort(portOf(value)), Shared.ENTRIES) <= share) continue
      if (oldest == 0 || ageOf(value, stamp) > age) {
        oldest = slot
        age = ageOf(value, stamp)
      }
    }
  }
  return oldest
}
