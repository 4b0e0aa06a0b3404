/**
 * A hash table of u64 keys to u64 values with fixed buckets and a preallocated overflow pool, for
 * many readers and writers on several threads. It knows nothing of what keys and values mean;
 * key 0 is reserved for "empty".
 *
 * A bucket is two cache lines. A look-up that hits reads the first, and one word of the second:
 *
 *     0 version u32   4 overflow u32 (pool index + 1)    8 keys  7 x u64
 *    64 values 7 x u64                                 120 lock u32     124 unused
 *
 * Readers take no lock. A slot is emptied key first and filled value first, so whoever sees the
 * same key before and after reading the value has a value of that key. Entries are moved and
 * overflow buckets unlinked only with the version of the bucket raised in between, so whoever
 * misses and sees the version unchanged has truly missed.
 *
 * Writers hold the lock of the key's bucket, which guards its whole chain. The lock word carries
 * its owner, so that the locks of a worker that died can be broken (`breakLocks`): every step of a
 * writer leaves a chain that readers and the next writer can walk; what a death can cost is one
 * pool bucket or a count that is off by one.
 */
import { BUCKET_SIZE, bucketsFor, overflowFor } from '../memory'

/** Offsets in the table's head. The words that change lie on lines of their own. */
namespace Head {
  export const BUCKETS: usize = 0
  export const BUCKET_COUNT: usize = 4
  export const POOL: usize = 8
  export const POOL_COUNT: usize = 12
  export const CAPACITY: usize = 16
  export const SEED: usize = 24
  export const COUNT: usize = 64
  export const FREE: usize = 128
}

namespace Bucket {
  export const VERSION: usize = 0
  export const OVERFLOW: usize = 4
  export const KEYS: usize = 8
  export const SLOTS: u32 = 7
  export const LOCK: usize = 120
}

/** From the address of a key to the address of its value. */
export const VALUE: usize = 56

/** Outcomes of a change. */
export namespace Change {
  export const DONE: u32 = 0
  export const EXISTS: u32 = 1
  export const MISSING: u32 = 2
  export const FULL: u32 = 3
  /** The bucket's lock was not to be had within the bounded spin; nothing was changed. */
  export const BUSY: u32 = 4
}

/** Spins of at most some 100 microseconds: a holder writes for well under one. */
const SPIN_MAX: u32 = 10_000
/** Buckets a walk visits at most: a reader that strays into a re-used bucket ends here. */
const CHAIN_MAX: u32 = 64
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

export function capacityOf(table: usize): u32 {
  return load<u32>(table, Head.CAPACITY)
}

export function countOf(table: usize): u32 {
  return atomic.load<u32>(table, Head.COUNT)
}

export function bucketCountOf(table: usize): u32 {
  return load<u32>(table, Head.BUCKET_COUNT)
}

/** Address of primary bucket `index`. */
@inline
export function bucketAt(table: usize, index: u32): usize {
  return <usize>load<u32>(table, Head.BUCKETS) + <usize>index * BUCKET_SIZE
}

/**
 * The bucket a key belongs to. Two multiplications by secret odd numbers: without the seed nobody
 * can choose keys that meet (multiply-shift is universal; the shift in between also spreads MACs
 * that count upwards). The index is the high word scaled to the bucket count, with no division.
 */
@inline
export function bucketOf(table: usize, key: u64): usize {
  let x = (key ^ load<u64>(table, Head.SEED)) * load<u64>(table, Head.SEED + 8)
  x = (x ^ (x >> 32)) * load<u64>(table, Head.SEED + 16)
  const index = ((x >> 32) * <u64>load<u32>(table, Head.BUCKET_COUNT)) >> 32
  return bucketAt(table, <u32>index)
}

@inline
function poolBucket(table: usize, index: u32): usize {
  return <usize>load<u32>(table, Head.POOL) + <usize>(index - 1) * BUCKET_SIZE
}

/**
 * The slot of `key` in one bucket, or 0. All eight words of the line are compared at once and the
 * hit is found without a branch: where in the bucket a key lies cannot be predicted. The first word
 * (version and overflow) may look like the key by chance and is masked out.
 */
@inline
function slotIn(bucket: usize, key: u64): usize {
  const wanted = i64x2.splat(key)
  const a = i64x2.bitmask(i64x2.eq(v128.load(bucket), wanted))
  const b = i64x2.bitmask(i64x2.eq(v128.load(bucket, 16), wanted))
  const c = i64x2.bitmask(i64x2.eq(v128.load(bucket, 32), wanted))
  const d = i64x2.bitmask(i64x2.eq(v128.load(bucket, 48), wanted))
  const hits = (a | (b << 2) | (c << 4) | (d << 6)) & 0xfe
  return hits == 0 ? 0 : bucket + ((<usize>ctz(hits)) << 3)
}

/** The slot of `key` in the chain that starts at `bucket`, or 0. */
function slotInChain(table: usize, bucket: usize, key: u64): usize {
  let node = bucket
  for (let steps: u32 = 0; steps < CHAIN_MAX; steps++) {
    const slot = slotIn(node, key)
    if (slot != 0) return slot
    const overflow = load<u32>(node, Bucket.OVERFLOW)
    if (overflow == 0) return 0
    node = poolBucket(table, overflow)
  }
  return 0
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

/** Reads both lines of a bucket, to have them near when it is searched a moment later. */
@inline
export function touch(bucket: usize): u64 {
  return load<u64>(bucket) ^ load<u64>(bucket, 64)
}

@inline
export function keyAt(slot: usize): u64 {
  return atomic.load<u64>(slot)
}

@inline
export function valueOf(slot: usize): u64 {
  return atomic.load<u64>(slot, VALUE)
}

@inline
export function holds(slot: usize, key: u64): bool {
  return atomic.load<u64>(slot) == key
}

/**
 * Replaces the value if it is still `from`. Without a lock: the slot may have come to hold another
 * key whose value is the same, so only changes that would be right for that key too may be made so.
 */
@inline
export function refresh(slot: usize, from: u64, to: u64): void {
  atomic.cmpxchg<u64>(slot, from, to, VALUE)
}

/** Takes a bucket's lock for `owner`, spinning for a bounded time. */
export function lock(bucket: usize, owner: u32): bool {
  for (let spin: u32 = 0; spin < SPIN_MAX; spin++) {
    if (atomic.load<u32>(bucket, Bucket.LOCK) == 0) {
      if (atomic.cmpxchg<u32>(bucket, 0, owner, Bucket.LOCK) == 0) return true
    }
  }
  return false
}

export function unlock(bucket: usize): void {
  atomic.store<u32>(bucket, 0, Bucket.LOCK)
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

/** Value first: a reader that sees the key sees the value. */
@inline
function fill(slot: usize, key: u64, value: u64): void {
  atomic.store<u64>(slot, value, VALUE)
  atomic.store<u64>(slot, key)
}

/** Links an overflow bucket to the end of a full chain and returns its first slot, or 0. */
function extend(table: usize, bucket: usize): usize {
  const index = take(table)
  if (index == 0) return 0
  const node = poolBucket(table, index)
  memory.fill(node, 0, BUCKET_SIZE)
  atomic.store<u32>(lastOf(table, bucket), index, Bucket.OVERFLOW)
  return node + Bucket.KEYS
}

function lastOf(table: usize, bucket: usize): usize {
  let node = bucket
  for (let next = load<u32>(node, Bucket.OVERFLOW); next != 0; ) {
    node = poolBucket(table, next)
    next = load<u32>(node, Bucket.OVERFLOW)
  }
  return node
}

/** Replaces the value of `key` if it is still `from`. */
export function replace(table: usize, key: u64, from: u64, to: u64, owner: u32): u32 {
  const bucket = bucketOf(table, key)
  if (!lock(bucket, owner)) return Change.BUSY
  const slot = slotInChain(table, bucket, key)
  let outcome = Change.MISSING
  if (slot != 0 && atomic.cmpxchg<u64>(slot, from, to, VALUE) == from) outcome = Change.DONE
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
    atomic.sub<u32>(table, 1, Head.COUNT)
    outcome = Change.DONE
  }
  unlock(bucket)
  return outcome
}

/**
 * Empties a slot. The hole is filled from the end of the chain, so that overflow buckets come free
 * as soon as they can: otherwise churn would spread single entries over the whole pool.
 */
function vacate(table: usize, bucket: usize, slot: usize): void {
  const last = lastOf(table, bucket)
  atomic.store<u64>(slot, 0)
  if (last == bucket) return
  const source = lastSlotOf(last)
  if (source != 0) {
    fill(slot, load<u64>(source), valueOf(source))
    atomic.add<u32>(bucket, 1, Bucket.VERSION)
    atomic.store<u64>(source, 0)
  }
  if (lastSlotOf(last) == 0) unlink(table, bucket, last)
}

/** The last slot of a bucket that is taken, or 0. */
function lastSlotOf(bucket: usize): usize {
  for (let index = Bucket.SLOTS; index > 0; index--) {
    const slot = bucket + Bucket.KEYS + ((<usize>(index - 1)) << 3)
    if (load<u64>(slot) != 0) return slot
  }
  return 0
}

/** Takes the empty last bucket off its chain and gives it back to the pool. */
function unlink(table: usize, bucket: usize, last: usize): void {
  let node = bucket
  let index = load<u32>(node, Bucket.OVERFLOW)
  while (poolBucket(table, index) != last) {
    node = poolBucket(table, index)
    index = load<u32>(node, Bucket.OVERFLOW)
  }
  atomic.store<u32>(node, 0, Bucket.OVERFLOW)
  atomic.add<u32>(bucket, 1, Bucket.VERSION)
  release(table, index)
}

/**
 * The pool is a stack of bucket indices; the upper half of its head counts changes, so that an
 * index that left and came back in between does not fool the exchange.
 */
function take(table: usize): u32 {
  while (true) {
    const head = atomic.load<u64>(table, Head.FREE)
    const index = <u32>head
    if (index == 0) return 0
    const next = atomic.load<u32>(poolBucket(table, index), Bucket.OVERFLOW)
    const then = (((head >> 32) + 1) << 32) | <u64>next
    if (atomic.cmpxchg<u64>(table, head, then, Head.FREE) == head) return index
  }
}

function release(table: usize, index: u32): void {
  while (true) {
    const head = atomic.load<u64>(table, Head.FREE)
    atomic.store<u32>(poolBucket(table, index), <u32>head, Bucket.OVERFLOW)
    const then = (((head >> 32) + 1) << 32) | <u64>index
    if (atomic.cmpxchg<u64>(table, head, then, Head.FREE) == head) return
  }
}

/** Address of the bucket that follows in a chain, or 0. */
@inline
export function nextInChain(table: usize, bucket: usize): usize {
  const overflow = load<u32>(bucket, Bucket.OVERFLOW)
  return overflow == 0 ? 0 : poolBucket(table, overflow)
}

/** Slot `index` (0 to 6) of a bucket. */
@inline
export function slotAt(bucket: usize, index: u32): usize {
  return bucket + Bucket.KEYS + ((<usize>index) << 3)
}

/**
 * Frees every lock whose owner, in the bits of `mask`, is `owner`: for a worker that is known to be
 * dead. Returns how many there were.
 */
export function breakLocks(table: usize, owner: u32, mask: u32): u32 {
  let broken: u32 = 0
  const count = bucketCountOf(table)
  for (let index: u32 = 0; index < count; index++) {
    const bucket = bucketAt(table, index)
    const held = atomic.load<u32>(bucket, Bucket.LOCK)
    if (held == 0 || (held & mask) != owner) continue
    if (atomic.cmpxchg<u32>(bucket, held, 0, Bucket.LOCK) == held) broken++
  }
  return broken
}
