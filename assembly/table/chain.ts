/**
 * A chain: a primary bucket and what overflowed from it. Readers walk it without a lock, writers
 * change it under the lock of the primary bucket.
 */
import { BUCKET_SIZE } from '../size'
import { Bucket, fill, keyAt, lastSlotOf, slotAt, slotIn, valueOf } from './bucket'
import { poolBucket, release, take } from './pool'

/** Buckets a walk visits at most: a reader that strays into a re-used bucket ends here. */
export const CHAIN_MAX: u32 = 64

/** The slot of `key` in the chain that starts at `bucket`, or 0. */
export function slotInChain(table: usize, bucket: usize, key: u64): usize {
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

/** Address of the bucket that follows in a chain, or 0. */
@inline
export function nextInChain(table: usize, bucket: usize): usize {
  const overflow = load<u32>(bucket, Bucket.OVERFLOW)
  return overflow == 0 ? 0 : poolBucket(table, overflow)
}

/** Links an overflow bucket to the end of a full chain and returns its first slot, or 0. */
export function extend(table: usize, bucket: usize): usize {
  const index = take(table)
  if (index == 0) return 0
  const node = poolBucket(table, index)
  memory.fill(node, 0, BUCKET_SIZE)
  atomic.store<u32>(lastOf(table, bucket), index, Bucket.OVERFLOW)
  return slotAt(node, 0)
}

/** Bounded as all walks are: a copy of the memory, which a trace runs on, may have a chain half changed. */
function lastOf(table: usize, bucket: usize): usize {
  let node = bucket
  for (let steps: u32 = 0; steps < CHAIN_MAX; steps++) {
    const next = nextInChain(table, node)
    if (next == 0) break
    node = next
  }
  return node
}

/**
 * Empties a slot. The hole is filled from the end of the chain, so that overflow buckets come free
 * as soon as they can: otherwise churn would spread single entries over the whole pool.
 */
export function vacate(table: usize, bucket: usize, slot: usize): void {
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

/** Empties slots whose key stands further forward in the chain too. Under the chain's lock. */
export function dropCopies(table: usize, bucket: usize): void {
  let node = bucket
  for (let steps: u32 = 0; node != 0 && steps < CHAIN_MAX; steps++) {
    for (let which: u32 = 0; which < Bucket.SLOTS; which++) {
      const slot = slotAt(node, which)
      const key = keyAt(slot)
      if (key != 0 && slotInChain(table, bucket, key) != slot) atomic.store<u64>(slot, 0)
    }
    node = nextInChain(table, node)
  }
}
