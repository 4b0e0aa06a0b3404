/**
 * A bucket: seven keys in one cache line, their values and the lock in the next.
 *
 *     0 version u32   4 overflow u32 (pool index + 1)    8 keys  7 x u64
 *    64 values 7 x u64                                 120 lock u32     124 unused
 *
 * A slot is named by the address of its key. It is emptied key first and filled value first.
 */

export namespace Bucket {
  export const VERSION: usize = 0
  export const OVERFLOW: usize = 4
  export const KEYS: usize = 8
  export const SLOTS: u32 = 7
  export const LOCK: usize = 120
}

/** From the address of a key to the address of its value. */
export const VALUE: usize = 56

/** Spins of at most some 100 microseconds: a holder writes for well under one. */
const SPIN_MAX: u32 = 10_000

/**
 * The slot of `key` in one bucket, or 0. All eight words of the line are compared at once and the
 * hit is found without a branch: where in the bucket a key lies cannot be predicted. The first word
 * (version and overflow) may look like the key by chance and is masked out.
 */
@inline
export function slotIn(bucket: usize, key: u64): usize {
  const wanted = i64x2.splat(key)
  const a = i64x2.bitmask(i64x2.eq(v128.load(bucket), wanted))
  const b = i64x2.bitmask(i64x2.eq(v128.load(bucket, 16), wanted))
  const c = i64x2.bitmask(i64x2.eq(v128.load(bucket, 32), wanted))
  const d = i64x2.bitmask(i64x2.eq(v128.load(bucket, 48), wanted))
  const hits = (a | (b << 2) | (c << 4) | (d << 6)) & 0xfe
  return hits == 0 ? 0 : bucket + ((<usize>ctz(hits)) << 3)
}

/** Slot `index` (0 to 6) of a bucket. */
@inline
export function slotAt(bucket: usize, index: u32): usize {
  return bucket + Bucket.KEYS + ((<usize>index) << 3)
}

/** The last slot of a bucket that is taken, or 0. */
export function lastSlotOf(bucket: usize): usize {
  for (let index = Bucket.SLOTS; index > 0; index--) {
    const slot = bucket + Bucket.KEYS + ((<usize>(index - 1)) << 3)
    if (load<u64>(slot) != 0) return slot
  }
  return 0
}

/** Value first: a reader that sees the key sees the value. */
@inline
export function fill(slot: usize, key: u64, value: u64): void {
  atomic.store<u64>(slot, value, VALUE)
  atomic.store<u64>(slot, key)
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
