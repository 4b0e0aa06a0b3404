/** The buckets of a flow table that are behind others, by number, and which of them are free. */
import { FLOW_BUCKET_SIZE } from '../size'
import { Head } from './head'

/** Where a bucket has the number of the next, and a free one that of the next free one: see bucket.ts. */
const NEXT: usize = 4

@inline
export function poolBucket(table: usize, index: u32): usize {
  return <usize>load<u32>(table, Head.POOL) + <usize>(index - 1) * FLOW_BUCKET_SIZE
}

/** Takes a bucket and returns its number, from 1; 0 when all are in use. */
export function takeBucket(table: usize): u32 {
  while (true) {
    const head = atomic.load<u64>(table, Head.FREE_BUCKET)
    if (<u32>head == 0) break
    const next = atomic.load<u32>(poolBucket(table, <u32>head), NEXT)
    const then = (((head >> 32) + 1) << 32) | <u64>next
    if (atomic.cmpxchg<u64>(table, head, then, Head.FREE_BUCKET) == head) return <u32>head
  }
  if (atomic.load<u32>(table, Head.USED_BUCKETS) >= load<u32>(table, Head.POOL_COUNT)) return 0
  const index = atomic.add<u32>(table, 1, Head.USED_BUCKETS) + 1
  return index <= load<u32>(table, Head.POOL_COUNT) ? index : 0
}

export function releaseBucket(table: usize, index: u32): void {
  while (true) {
    const head = atomic.load<u64>(table, Head.FREE_BUCKET)
    atomic.store<u32>(poolBucket(table, index), <u32>head, NEXT)
    const then = (((head >> 32) + 1) << 32) | <u64>index
    if (atomic.cmpxchg<u64>(table, head, then, Head.FREE_BUCKET) == head) return
  }
}
