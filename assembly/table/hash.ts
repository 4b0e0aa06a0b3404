/**
 * A hash table of u64 keys to u64 values with fixed buckets and a preallocated overflow pool, for
 * many readers and writers on several threads. It knows nothing of what keys and values mean;
 * key 0 is reserved for "empty".
 *
 * A bucket is two cache lines (bucket.ts), of which a look-up in a table that is not crowded reads
 * the first; what does not fit is chained from the pool (chain.ts, pool.ts).
 *
 * Readers take no lock. A slot is emptied key first and filled value first, so whoever sees the
 * same key before and after reading the value has a value of that key. Entries are moved and
 * overflow buckets unlinked only with the version of the bucket raised in between, so whoever
 * misses and sees the version unchanged has truly missed.
 *
 * Writers hold the lock of the key's bucket, which guards its whole chain. The lock word carries
 * its owner, so that the locks of a worker that died can be broken (`breakLocks`): every step of a
 * writer leaves a chain that readers and the next writer can walk; what a death can cost is one
 * pool bucket and a count that is off by one.
 */
import { BUCKET_SIZE, bucketsFor, overflowFor } from '../size'
import { Bucket, fill, lock, slotIn, unlock, VALUE, valueOf } from './bucket'
import { dropCopies, extend, slotInChain, vacate } from './chain'
import { bucketAt, bucketCountOf, changed, Head } from './head'
import { release } from './pool'

/** Outcomes of a change. */
export namespace Change {
  export const DONE: u32 = 0
  export const EXISTS: u32 = 1
  export const MISSING: u32 = 2
  export const FULL: u32 = 3
  /** The bucket's lock was not to be had within the bounded spin; nothing was changed. */
  export const BUSY: u32 = 4
}

/** Look-ups that were disturbed are tried this often. */
const RETRY_MAX: u32 = 4

/** Prepares the head; buckets and pool are expected to be zero. `seed` keys the hash. */
export function create(table: usize, buckets: usize, pool: usize, capacity: u32, seed: u64): void {
  store<u32>(table, <u32>buckets, Head.BUCKETS)
  store<u32>(table, bucketsFor(capacity), Head.BUCKET_COUNT)
  store<u32>(table, <u32>pool, Head.POOL)
  store<u32>(table, overflowFor(capacity), Head.POOL_COUNT)
  store<u32>(table, capacity, Head.CAPACITY)
  store<u64>(table, seed, Head.SEED)
  store<u64>(table, scramble(seed) | 1, Head.SEED + 8)
  store<u64>(table, scramble(seed + 0x9e3779b97f4a7c15) | 1, Head.SEED + 16)
  const count = overflowFor(capacity)
  for (let index: u32 = count; index > 0; index--) release(table, index)
}

/** The finaliser of splitmix64: spreads a seed over all bits. */
function scramble(x: u64): u64 {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb
  return x ^ (x >> 31)
}

/**
 * The bucket a key belongs to. Three multiplications by secret odd numbers: without the seed nobody
 * can choose keys that meet. Two are not enough: they leave MACs that count upwards in evenly spaced
 * clumps, which overflow more buckets than the pool has for one seed in twelve. The index is the
 * high word scaled to the bucket count, with no division.
 */
@inline
export function bucketOf(table: usize, key: u64): usize {
  return bucketBy(
    key,
    load<u64>(table, Head.SEED),
    load<u64>(table, Head.SEED + 8),
    load<u64>(table, Head.SEED + 16),
    <u64>load<u32>(table, Head.BUCKET_COUNT),
    <usize>load<u32>(table, Head.BUCKETS),
  )
}

/** The same for a loop that has read the table's head once: three seeds, bucket count, first bucket. */
@inline
export function bucketBy(key: u64, a: u64, b: u64, c: u64, count: u64, buckets: usize): usize {
  let x = (key ^ a) * b
  x = (x ^ (x >> 32)) * c
  x = (x ^ (x >> 29)) * b
  return buckets + <usize>(((x >> 32) * count) >> 32) * BUCKET_SIZE
}

/**
 * The slot (address of the key) that holds `key`, or 0; `bucket` is `bucketOf(key)`. Without a lock:
 * read the value with `valueOf` and make sure with `holds` that it was the key's.
 */
@inline
export function find(table: usize, bucket: usize, key: u64): usize {
  const slot = slotIn(bucket, key)
  return slot != 0 ? slot : search(table, bucket, key)
}

/** The rest of `find`: the whole chain, again for as long as writers moved entries meanwhile. */
function search(table: usize, bucket: usize, key: u64): usize {
  for (let attempt: u32 = 0; attempt < RETRY_MAX; attempt++) {
    const version = atomic.load<u32>(bucket, Bucket.VERSION)
    const slot = slotInChain(table, bucket, key)
    if (slot != 0) return slot
    // An exchange, not a load: the scan's plain loads must not be satisfied after it.
    if (atomic.cmpxchg<u32>(bucket, version, version, Bucket.VERSION) == version) return 0
  }
  return 0
}

/** Adds a key. With the table at its capacity the answer is FULL, whatever the buckets would hold. */
export function insert(table: usize, key: u64, value: u64, owner: u32): u32 {
  const bucket = bucketOf(table, key)
  if (!lock(bucket, owner)) return Change.BUSY
  const outcome = insertLocked(table, bucket, key, value)
  unlock(bucket)
  return outcome
}

function insertLocked(table: usize, bucket: usize, key: u64, value: u64): u32 {
  if (slotInChain(table, bucket, key) != 0) return Change.EXISTS
  if (atomic.add<u32>(table, 1, Head.COUNT) < load<u32>(table, Head.CAPACITY)) {
    let slot = slotInChain(table, bucket, 0)
    if (slot == 0) slot = extend(table, bucket)
    if (slot != 0) {
      fill(slot, key, value)
      return Change.DONE
    }
  }
  atomic.sub<u32>(table, 1, Head.COUNT)
  return Change.FULL
}

/** Replaces the value of `key` if it is still `from`. */
export function replace(table: usize, key: u64, from: u64, to: u64, owner: u32): u32 {
  const bucket = bucketOf(table, key)
  if (!lock(bucket, owner)) return Change.BUSY
  const slot = slotInChain(table, bucket, key)
  let outcome = Change.MISSING
  if (slot != 0 && atomic.cmpxchg<u64>(slot, from, to, VALUE) == from) {
    changed(table)
    outcome = Change.DONE
  }
  unlock(bucket)
  return outcome
}

/** Removes `key` if its value is still `value`. */
export function remove(table: usize, key: u64, value: u64, owner: u32): u32 {
  const bucket = bucketOf(table, key)
  if (!lock(bucket, owner)) return Change.BUSY
  const slot = slotInChain(table, bucket, key)
  let outcome = Change.MISSING
  if (slot != 0 && valueOf(slot) == value) {
    vacate(table, bucket, slot)
    changed(table)
    atomic.sub<u32>(table, 1, Head.COUNT)
    outcome = Change.DONE
  }
  unlock(bucket)
  return outcome
}

/**
 * Frees every lock whose owner, in the bits of `mask`, is `owner`: for a worker that is known to be
 * dead. A key that it left in two slots, having copied an entry and not yet emptied its old place, is
 * taken out of the second. Returns how many locks there were.
 */
export function breakLocks(table: usize, owner: u32, mask: u32): u32 {
  let broken: u32 = 0
  const count = bucketCountOf(table)
  for (let index: u32 = 0; index < count; index++) {
    const bucket = bucketAt(table, index)
    const held = atomic.load<u32>(bucket, Bucket.LOCK)
    if (held == 0 || (held & mask) != owner) continue
    dropCopies(table, bucket)
    changed(table)
    unlock(bucket)
    broken++
  }
  return broken
}
