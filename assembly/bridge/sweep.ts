/**
 * Ageing out (IEEE 802.1D-2004 section 7.9.2). A look-up already ignores what is void; the sweep
 * gives the space back, a slice at a time, so that no burst waits for it. Whichever worker's tick
 * comes first takes the next slice.
 */
import { Config, postpone, SWEEP_SLICE } from '../config'
import { Statistic, statistic } from '../counter'
import { DIRECTORY, Directory, directory } from '../memory'
import { Bucket, keyAt, refresh, slotAt, valueOf } from '../table/bucket'
import { CHAIN_MAX, nextInChain } from '../table/chain'
import { Change, remove } from '../table/hash'
import { bucketAt, bucketCountOf, countOf } from '../table/head'
import {
  fidOf,
  inForce,
  isMade,
  ownerOf,
  portOf,
  Shared,
  sharedOfPort,
  stampOf,
  withStamp,
} from './entry'

/** When the next slice is due, in milliseconds; Infinity with an empty table. */
export function sweepDeadline(): f64 {
  if (countOf(directory(Directory.FDB)) == 0) return Infinity
  if (atomic.load<u32>(DIRECTORY, Directory.SWEEP_URGENT) != 0) return 0
  return <f64>atomic.load<u64>(DIRECTORY, Directory.SWEEP_DEADLINE)
}

/** Sweeps a slice if one is due. */
export function sweep(worker: u32, block: usize, config: usize, now: f64): void {
  const deadline = atomic.load<u64>(DIRECTORY, Directory.SWEEP_DEADLINE)
  const urgent = atomic.load<u32>(DIRECTORY, Directory.SWEEP_URGENT)
  if (urgent == 0 && now < <f64>deadline) return
  const next = <u64>now + load<u32>(config, Config.SWEEP_INTERVAL)
  if (!postpone(block, Directory.SWEEP_DEADLINE, deadline, next)) return
  if (urgent != 0) {
    const left = urgent > SWEEP_SLICE ? urgent - SWEEP_SLICE : 0
    atomic.cmpxchg<u32>(DIRECTORY, urgent, left, Directory.SWEEP_URGENT)
  }
  const table = directory(Directory.FDB)
  const count = bucketCountOf(table)
  let index = atomic.add<u32>(DIRECTORY, SWEEP_SLICE, Directory.SWEEP_CURSOR) % count
  const slice = min(SWEEP_SLICE, count)
  const owner = ownerOf(worker, block)
  for (let done: u32 = 0; done < slice; done++) {
    sweepChain(block, config, table, bucketAt(table, index), owner, stampOf(now))
    index = index + 1 == count ? 0 : index + 1
  }
}

/**
 * Empties the void entries of a chain. A removal fills the hole from the chain's end and may give
 * the last bucket back to the pool, so that the walk starts again then: what was the next bucket may
 * be in another chain by now.
 */
function sweepChain(
  block: usize,
  config: usize,
  table: usize,
  bucket: usize,
  owner: u32,
  stamp: u32,
): void {
  let node = bucket
  // Bounded, since another worker may have put a bucket we are at into another chain.
  for (let steps: u32 = 0; node != 0 && steps < CHAIN_MAX; steps++) {
    const next = nextInChain(table, node)
    const removed = sweepBucket(block, config, table, node, owner, stamp)
    // A chain of one bucket has nothing that could move.
    node = removed && (next != 0 || node != bucket) ? bucket : next
  }
}

/** Empties the void entries of one bucket of a chain; true if there were any. */
function sweepBucket(
  block: usize,
  config: usize,
  table: usize,
  bucket: usize,
  owner: u32,
  stamp: u32,
): bool {
  let removed = false
  for (let which: u32 = 0; which < Bucket.SLOTS; which++) {
    const slot = slotAt(bucket, which)
    const key = keyAt(slot)
    if (key == 0) continue
    const value = valueOf(slot)
    if (inForce(config, fidOf(key), value, stamp)) {
      // Young for ever, so that frames to it go the short way.
      if (isMade(value)) refresh(slot, value, withStamp(value, stamp))
      continue
    }
    if (remove(table, key, value, owner) != Change.DONE) continue
    atomic.sub<u32>(sharedOfPort(portOf(value)), 1, Shared.ENTRIES)
    statistic(block, Statistic.EXPIRED)
    removed = true
  }
  return removed
}

/** Asks for the whole table to be swept without delay: after a flush. */
export function sweepSoon(): void {
  atomic.store<u32>(
    DIRECTORY,
    bucketCountOf(directory(Directory.FDB)) + SWEEP_SLICE,
    Directory.SWEEP_URGENT,
  )
}
