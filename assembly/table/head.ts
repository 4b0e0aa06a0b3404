/** A table's head: where its buckets and its pool lie, its seed, its count. */
import { BUCKET_SIZE, CACHE_LINE } from '../size'

/** Offsets in the table's head. The words that change lie on lines of their own. */
export namespace Head {
  export const BUCKETS: usize = 0
  export const BUCKET_COUNT: usize = 4
  export const POOL: usize = 8
  export const POOL_COUNT: usize = 12
  export const CAPACITY: usize = 16
  export const SEED: usize = 24
  export const COUNT: usize = 64
  /** u32: how often something became of an entry that was there, see `changed`. */
  export const CHANGES: usize = 68
  export const FREE: usize = 128
}

export function capacityOf(table: usize): u32 {
  return load<u32>(table, Head.CAPACITY)
}

export function countOf(table: usize): u32 {
  return atomic.load<u32>(table, Head.COUNT)
}

/** Changes so far: who reads this first has what was read then for as long as it stays the same. */
@inline
export function changesOf(table: usize): u32 {
  return atomic.load<u32>(table, Head.CHANGES)
}

/** To be called behind a change of an entry that was there, or of what it stands for. */
@inline
export function changed(table: usize): void {
  atomic.add<u32>(table, 1, Head.CHANGES)
}

export function bucketCountOf(table: usize): u32 {
  return load<u32>(table, Head.BUCKET_COUNT)
}

/** Address of primary bucket `index`. */
@inline
export function bucketAt(table: usize, index: u32): usize {
  return <usize>load<u32>(table, Head.BUCKETS) + <usize>index * BUCKET_SIZE
}

/** The distance at which a bucket's second line is worth reading ahead: none while few have entries there. */
@inline
export function secondLineOf(table: usize): usize {
  return countOf(table) > bucketCountOf(table) * 2 ? CACHE_LINE : 0
}
