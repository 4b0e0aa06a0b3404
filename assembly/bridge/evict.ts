/**
 * Room in a full table. The oldest of a sample goes, taken only from ports that hold more than their
 * fair share (capacity / ports), or an entry that is void anyway: a port that floods addresses
 * displaces its own, a quiet port keeps what it has (CONFORMANCE B10, T1).
 */
import { Config } from '../config'
import { Statistic, statistic, statisticOf } from '../counter'
import { BUCKET_SIZE } from '../size'
import { Bucket, keyAt, slotAt, valueOf } from '../table/bucket'
import { nextInChain } from '../table/chain'
import { bucketOf, Change, remove } from '../table/hash'
import { bucketAt, bucketCountOf, capacityOf } from '../table/head'
import {
  ageOf,
  fidOf,
  inForce,
  isMade,
  isStatic,
  portOf,
  Shared,
  sharedOfPort,
  stampOf,
} from './entry'

/** Bucket chains (of some five entries) looked at for one victim, and rounds before giving up. */
const SAMPLE_BUCKETS: u32 = 4
const SAMPLE_ROUNDS: u32 = 8

/**
 * Makes room for one entry. The sample starts where the new key hashes to, which nobody can aim, and
 * further on with every try that failed: where one key finds nobody over the share, its next frame
 * looks elsewhere.
 */
export function evict(
  block: usize,
  config: usize,
  table: usize,
  key: u64,
  owner: u32,
  now: f64,
): bool {
  const share = capacityOf(table) / max(1, load<u32>(config, Config.PORT_COUNT))
  const count = bucketCountOf(table)
  const home = <u32>((bucketOf(table, key) - bucketAt(table, 0)) / BUCKET_SIZE)
  const failed = statisticOf(block, Statistic.UNLEARNED) * (SAMPLE_ROUNDS * SAMPLE_BUCKETS)
  let at = <u32>((<u64>home + failed) % <u64>count)
  for (let round: u32 = 0; round < SAMPLE_ROUNDS; round++) {
    const slot = victim(config, table, at, share, stampOf(now))
    if (slot != 0) {
      const loser = keyAt(slot)
      const value = valueOf(slot)
      // Another writer may have put a static entry there since the slot was chosen.
      const free = loser != 0 && !isStatic(value)
      if (free && remove(table, loser, value, owner) == Change.DONE) {
        atomic.sub<u32>(sharedOfPort(portOf(value)), 1, Shared.ENTRIES)
        statistic(block, Statistic.EVICTED)
        return true
      }
    }
    at = (at + SAMPLE_BUCKETS) % count
  }
  return false
}

/** The slot to empty among the chains from `start` on: a void entry, else the oldest that may go. */
function victim(config: usize, table: usize, start: u32, share: u32, stamp: u32): usize {
  const count = bucketCountOf(table)
  let oldest: usize = 0
  for (let index: u32 = 0; index < SAMPLE_BUCKETS; index++) {
    let bucket = bucketAt(table, (start + index) % count)
    for (let steps = 0; bucket != 0 && steps < 4; steps++) {
      oldest = victimIn(config, bucket, share, stamp, oldest)
      bucket = nextInChain(table, bucket)
    }
  }
  return oldest
}

/** The better of `oldest` (0: none yet) and what one bucket has. */
function victimIn(config: usize, bucket: usize, share: u32, stamp: u32, oldest: usize): usize {
  for (let which: u32 = 0; which < Bucket.SLOTS; which++) {
    const slot = slotAt(bucket, which)
    const key = keyAt(slot)
    if (key == 0) continue
    const value = valueOf(slot)
    if (isStatic(value)) continue
    if (!inForce(config, fidOf(key), value, stamp)) return slot
    if (isMade(value)) continue
    // Signed: a worker that died between a change and its count may leave one too few.
    const entries = <i32>atomic.load<u32>(sharedOfPort(portOf(value)), Shared.ENTRIES)
    if (entries <= <i32>share) continue
    if (oldest == 0 || ageOf(value, stamp) > ageOf(valueOf(oldest), stamp)) oldest = slot
  }
  return oldest
}
