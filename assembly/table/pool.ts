/**
 * The pool of overflow buckets: a stack of indices (from 1; 0 is none), linked through the buckets'
 * overflow words. The upper half of its head counts changes, so that an index that left and came
 * back in between does not fool the exchange.
 */
import { BUCKET_SIZE } from '../size'
import { Bucket } from './bucket'
import { Head } from './head'

@inline
export function poolBucket(table: usize, index: u32): usize {
  return <usize>load<u32>(table, Head.POOL) + <usize>(index - 1) * BUCKET_SIZE
}

export function take(table: usize): u32 {
  while (true) {
    const head = atomic.load<u64>(table, Head.FREE)
    const index = <u32>head
    if (index == 0) return 0
    const next = atomic.load<u32>(poolBucket(table, index), Bucket.OVERFLOW)
    const then = (((head >> 32) + 1) << 32) | <u64>next
    if (atomic.cmpxchg<u64>(table, head, then, Head.FREE) == head) return index
  }
}

export function release(table: usize, index: u32): void {
  while (true) {
    const head = atomic.load<u64>(table, Head.FREE)
    atomic.store<u32>(poolBucket(table, index), <u32>head, Bucket.OVERFLOW)
    const then = (((head >> 32) + 1) << 32) | <u64>index
    if (atomic.cmpxchg<u64>(table, head, then, Head.FREE) == head) return
  }
}
