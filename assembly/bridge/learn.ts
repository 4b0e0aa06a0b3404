/** Learning (IEEE 802.1D-2004 section 7.8). */
import { PortFlag, PortRecord, portRecord } from '../config'
import { Statistic, statistic } from '../counter'
import { Drop } from '../drop'
import { Event, emit } from '../event'
import { Directory, directory } from '../memory'
import { holds, nearSlot, refresh, VALUE, valueOf } from '../table/bucket'
import { Change, find, insert, replace } from '../table/hash'
import {
  Flag,
  fidOf,
  inForce,
  isMade,
  isStatic,
  isSticky,
  onlyStampDiffers,
  ownerOf,
  portOf,
  Shared,
  saysTheSame,
  sharedOfPort,
  stampOf,
  valueFor,
} from './entry'
import { evict } from './evict'
import { tell } from './tell'

/** What became of a source: DONE, LATER, or a drop reason. */
export namespace Learnt {
  /** The entry is as wanted: the next frame from it has no news. */
  export const DONE: u32 = 0
  /** Not now, or not here; the frame goes its way. */
  export const LATER: u32 = 0x10000
}

/** The value of an entry that is seen on `port` at `now`, but for its generation. */
@inline
export function seen(port: u32, flags: u32, now: f64): u64 {
  const sticky = (flags & PortFlag.STICKY) != 0
  return valueFor(port, sticky ? Flag.STICKY : 0, 0, sticky ? 0 : stampOf(now))
}

/**
 * Notes that the address in `key` (individual, not zero; `bucket` is its bucket) was seen. The usual
 * case, an entry of this port whose stamp is of this tick, is one look-up and a comparison.
 */
@inline
export function learn(
  worker: u32,
  block: usize,
  config: usize,
  table: usize,
  bucket: usize,
  key: u64,
  value: u64,
  now: f64,
): u32 {
  const slot = find(table, bucket, key)
  if (slot != 0 && load<u64>(slot, VALUE) == value) return Learnt.DONE
  return update(worker, block, config, key, value, slot, now)
}

/**
 * True if the address in `key`, whose bucket is given, has that value, but for its stamp, which is renewed
 * then: nothing else is to be learnt. What lies behind the bucket is not looked at.
 */
@inline
export function isSeen(bucket: usize, key: u64, value: u64): bool {
  const slot = nearSlot(bucket, key)
  if (slot == 0) return false
  if (load<u64>(slot, VALUE) == value) return true
  const old = valueOf(slot)
  if (!holds(slot, key) || !saysTheSame(old, value)) return false
  if (onlyStampDiffers(old, value)) refresh(slot, old, value)
  return true
}

/** A locked port learns nothing: the source must have an entry on it. */
export function recognise(
  block: usize,
  config: usize,
  bucket: usize,
  key: u64,
  port: u32,
  now: f64,
): u32 {
  const slot = find(directory(Directory.FDB), bucket, key)
  if (slot != 0) {
    const value = valueOf(slot)
    const known = holds(slot, key) && inForce(config, fidOf(key), value, stampOf(now))
    if (known && portOf(value) == port) return Learnt.DONE
  }
  tell(block, Event.BLOCKED, port, fidOf(key), Drop.LOCKED, key >> 16, now)
  return Drop.LOCKED
}

function update(
  worker: u32,
  block: usize,
  config: usize,
  key: u64,
  value: u64,
  slot: usize,
  now: f64,
): u32 {
  const port = portOf(value)
  if (slot == 0) {
    if (isFull(config, port)) return full(block, key, port, now)
    return add(worker, block, config, key, value, now)
  }
  const old = valueOf(slot)
  if (!holds(slot, key)) return Learnt.LATER // removed meanwhile: the next frame learns it
  if (isStatic(old)) {
    if (portOf(old) == port) return Learnt.DONE
    statistic(block, Statistic.STATIC_VIOLATED)
    emit(block, Event.STATIC_VIOLATED, port, fidOf(key), portOf(old), key >> 16, now)
    return Learnt.LATER
  }
  if (isMade(old) && portOf(old) == port && inForce(config, fidOf(key), old, stampOf(now))) {
    return Learnt.DONE
  }
  // Same port and generation: only the stamp differs. Right for whichever key has this value.
  if (<u32>(old ^ value) == 0 && (<u32>((old ^ value) >> 32) & 0xff) == 0) {
    refresh(slot, old, value)
    return Learnt.DONE
  }
  return move(worker, block, config, key, old, value, now)
}

/** True when a port has as many addresses as it may. */
function isFull(config: usize, port: u32): bool {
  const record = portRecord(config, port)
  if ((load<u32>(record, PortRecord.FLAGS) & PortFlag.MAC_LIMIT) == 0) return false
  const limit = load<u32>(record, PortRecord.MAC_LIMIT)
  return <i32>atomic.load<u32>(sharedOfPort(port), Shared.ENTRIES) >= <i32>limit
}

function full(block: usize, key: u64, port: u32, now: f64): u32 {
  tell(block, Event.BLOCKED, port, fidOf(key), Drop.MAC_LIMIT, key >> 16, now)
  return Drop.MAC_LIMIT
}

/** The address left another port, or its entry was void or of another kind. */
function move(
  worker: u32,
  block: usize,
  config: usize,
  key: u64,
  old: u64,
  value: u64,
  now: f64,
): u32 {
  const fid = fidOf(key)
  const port = portOf(value)
  const elsewhere = portOf(old) != port
  const moved = elsewhere && inForce(config, fid, old, stampOf(now))
  if (moved && isSticky(old)) {
    tell(block, Event.BLOCKED, port, fid, Drop.STICKY_VIOLATED, key >> 16, now)
    return Drop.STICKY_VIOLATED
  }
  if (elsewhere && isFull(config, port)) return full(block, key, port, now)
  const outcome = replace(directory(Directory.FDB), key, old, value, ownerOf(worker, block))
  if (outcome != Change.DONE) {
    statistic(block, Statistic.UNLEARNED)
    return Learnt.LATER
  }
  atomic.sub<u32>(sharedOfPort(portOf(old)), 1, Shared.ENTRIES)
  atomic.add<u32>(sharedOfPort(port), 1, Shared.ENTRIES)
  if (!moved) {
    statistic(block, Statistic.LEARNED)
    return Learnt.DONE
  }
  statistic(block, Statistic.MOVED)
  emit(block, Event.MOVED, port, fid, portOf(old), key >> 16, now)
  return Learnt.DONE
}

function add(worker: u32, block: usize, config: usize, key: u64, value: u64, now: f64): u32 {
  const table = directory(Directory.FDB)
  const owner = ownerOf(worker, block)
  let outcome = insert(table, key, value, owner)
  if (outcome == Change.FULL && evict(block, config, table, key, owner, now)) {
    outcome = insert(table, key, value, owner)
  }
  if (outcome == Change.DONE) {
    atomic.add<u32>(sharedOfPort(portOf(value)), 1, Shared.ENTRIES)
    statistic(block, Statistic.LEARNED)
    return Learnt.DONE
  }
  statistic(block, Statistic.UNLEARNED)
  if (outcome == Change.FULL) {
    emit(block, Event.TABLE_FULL, portOf(value), fidOf(key), 0, key >> 16, now)
  }
  return Learnt.LATER
}
