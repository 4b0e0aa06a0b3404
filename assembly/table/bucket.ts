/**
 * A bucket: seven slots in two cache lines, three of them in the first beside the head.
 *
 *     0 version u32   4 overflow u32 (pool index + 1)   8 lock u32   12 unused
 *    16 slots  7 x { u64 key, u64 value }
 *
 * Key and value lie side by side, and slots are taken from the first on: unless a bucket holds more
 * than three, a look-up reads one line. A slot is named by its address, which is that of its key. It
 * is emptied key first and filled value first.
 */

import { CACHE_LINE } from '../size'

export namespace Bucket {
  export const VERSION: usize = 0
  export const OVERFLOW: usize = 4
  export const LOCK: usize = 8
  export const SLOTS: u32 = 7
}

const FIRST_SLOT: usize = 16
const SLOT_SIZE: usize = 16

/** From the address of a key to the address of its value. */
export const VALUE: usize = 8

/** Spins of at most some 100 microseconds: a holder writes for well under one. */
const SPIN_MAX: u32 = 10_000

/**
 * The slot of `key` in one bucket, or 0. The slots of a line are compared at once and the hit is found
 * without a branch: where in the line a key lies cannot be predicted.
 */
@inline
export function slotIn(bucket: usize, key: u64): usize {
  const wanted = i64x2.splat(key)
  const back = backInFirstLine(bucket, wanted)
  return back != 0 ? bucket + CACHE_LINE - back : slotInSecondLine(bucket, wanted)
}

/** The same as `slotIn` for the one loop that has no calls. */
@inline
export function nearSlot(bucket: usize, key: u64): usize {
  const wanted = i64x2.splat(key)
  const back = backInFirstLine(bucket, wanted)
  if (back != 0) return bucket + CACHE_LINE - back
  const others = hitsInSecondLine(bucket, wanted)
  return others == 0 ? 0 : slotAt(bucket, 3 + ctz(others))
}

function slotInSecondLine(bucket: usize, wanted: v128): usize {
  const hits = hitsInSecondLine(bucket, wanted)
  return hits == 0 ? 0 : slotAt(bucket, 3 + ctz(hits))
}

/**
 * How far from the end of the first line the key's first slot begins, 0 if it has none there: each
 * comparison leaves its slot's distance, and the largest is wanted.
 */
@inline
function backInFirstLine(bucket: usize, wanted: v128): usize {
  const a = v128.and(i64x2.eq(v128.load(bucket, 16), wanted), i64x2.splat(48))
  const b = v128.and(i64x2.eq(v128.load(bucket, 32), wanted), i64x2.splat(32))
  const c = v128.and(i64x2.eq(v128.load(bucket, 48), wanted), i64x2.splat(16))
  // Of each comparison the half that is the key's: a value may look like the key by chance.
  return i32x4.extract_lane(i32x4.max_u(i32x4.max_u(a, b), c), 0)
}

@inline
function hitsInSecondLine(bucket: usize, wanted: v128): u32 {
  const a = i64x2.eq(v128.load(bucket, 64), wanted)
  const b = i64x2.eq(v128.load(bucket, 80), wanted)
  const c = i64x2.eq(v128.load(bucket, 96), wanted)
  const d = i64x2.eq(v128.load(bucket, 112), wanted)
  const ab = i64x2.bitmask(v128.shuffle<u64>(a, b, 0, 2))
  return ab | (i64x2.bitmask(v128.shuffle<u64>(c, d, 0, 2)) << 2)
}

/** Slot `index` (0 to 6) of a bucket. */
@inline
export function slotAt(bucket: usize, index: u32): usize {
  return bucket + FIRST_SLOT + <usize>index * SLOT_SIZE
}

/** The last slot of a bucket that is taken, or 0. */
export function lastSlotOf(bucket: usize): usize {
  for (let index = Bucket.SLOTS; index > 0; index--) {
    const slot = slotAt(bucket, index - 1)
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

/**
 * Reads from a cache line to have it near when it is searched a moment later. No compiler may leave
 * out a read whose address could be out of bounds.
 */
@inline
export function touch(line: usize): void {
  load<u64>(line)
}

@inline
export function keyAt(slot: usize): u64 {
  return atomic.load<u64>(slot)
}

@inline
export function valueOf(slot: usize): u64 {
  return atomic.load<u64>(slot, VALUE)
}

/** Asked after the value was read: that load is an atomic one, which no later load overtakes. */
@inline
export function holds(slot: usize, key: u64): bool {
  return load<u64>(slot) == key
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
