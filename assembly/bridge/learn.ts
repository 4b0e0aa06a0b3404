/** Learning (IEEE 802.1D-2004 section 7.8). */
import { Statistic, statistic } from '../counter'
import { Event, emit } from '../event'
import { Directory, directory } from '../memory'
import { holds, refresh, VALUE, valueOf } from '../table/bucket'
import { Change, find, insert, replace } from '../table/hash'
import {
  fidOf,
  generationOf,
  inForce,
  isStatic,
  ownerOf,
  portOf,
  Shared,
  sharedOfPort,
  stampOf,
  valueFor,
} from './entry'
import { evict } from './evict'

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
