/**
 * The index of a flow table: buckets of one cache line, nine entries each, and a preallocated pool for
 * what overflows.
 *
 *    0 version u32   4 overflow u32 (pool index + 1)   8 tags 9 x u16   28 references 9 x u32
 *
 * An entry is a tag, 16 bits of the tuple's hash, and a reference (record.ts); reference 0 is none. A
 * tag that fits sends the reader to the record, which has the tuple. Readers take no lock: entries are
 * moved, and overflow buckets unlinked, only with the version of the first bucket raised in between, so
 * who misses and sees the version unchanged has truly missed. Writers hold the lock of the first bucket.
 */
import { FLOW_BUCKET_SIZE } from '../size'
import { portsFor } from './hash'
import { Head } from './head'
import { poolBucket, releaseBucket, takeBucket } from './overflow'
import { Flow, Kind, portsOf, recordOf, sameAddresses, tupleOf } from './record'

export namespace Bucket {
  export const VERSION: usize = 0
  export const OVERFLOW: usize = 4
  export const TAGS: usize = 8
  export const REFERENCES: usize = 28
  export const SLOTS: u32 = 9
}

/**
 * Buckets a walk visits at most: a reader that strays into a re-used bucket ends here, and so does a writer
 * on a copy of the memory (a trace) that caught a chain half changed.
 */
const CHAIN_MAX: u32 = 64
/** Look-ups that were disturbed are tried this often. */
const RETRY_MAX: u32 = 4

@inline
export function bucketOf(table: usize, hash: u64): usize {
  const buckets = <usize>load<u32>(table, Head.BUCKETS)
  return bucketBy(hash, buckets, <u64>load<u32>(table, Head.BUCKET_COUNT))
}

@inline
export function bucketBy(hash: u64, buckets: usize, count: u64): usize {
  return buckets + <usize>(((hash >> 32) * count) >> 32) * FLOW_BUCKET_SIZE
}

/**
 * The reference of the flow that has this tuple in either direction (or, asked for a permit, as that),
 * 0 if there is none. `kind` is ORIGINAL for both directions, or PERMIT.
 */
export function find(
  table: usize,
  wide: bool,
  hash: u64,
  addresses: usize,
  ports: u32,
  protocol: u32,
  kind: u32,
): u32 {
  const bucket = bucketOf(table, hash)
  const reference = findIn(table, wide, bucket, hash, addresses, ports, protocol, kind)
  return reference != 0
    ? reference
    : search(table, wide, bucket, hash, addresses, ports, protocol, kind)
}

/** The rest of `find`: the whole chain, again for as long as writers moved entries meanwhile. */
function search(
  table: usize,
  wide: bool,
  bucket: usize,
  hash: u64,
  addresses: usize,
  ports: u32,
  protocol: u32,
  kind: u32,
): u32 {
  for (let attempt: u32 = 0; attempt < RETRY_MAX; attempt++) {
    const version = atomic.load<u32>(bucket, Bucket.VERSION)
    const reference = findInChain(table, wide, bucket, hash, addresses, ports, protocol, kind)
    if (reference != 0) return reference
    if (atomic.cmpxchg<u32>(bucket, version, version, Bucket.VERSION) == version) return 0
  }
  return 0
}

/**
 * The same for who holds the lock of the chain: nobody moves its entries meanwhile, so one walk tells.
 */
export function findLocked(
  table: usize,
  wide: bool,
  bucket: usize,
  hash: u64,
  addresses: usize,
  ports: u32,
  protocol: u32,
  kind: u32,
): bool {
  return findInChain(table, wide, bucket, hash, addresses, ports, protocol, kind) != 0
}

function findInChain(
  table: usize,
  wide: bool,
  bucket: usize,
  hash: u64,
  addresses: usize,
  ports: u32,
  protocol: u32,
  kind: u32,
): u32 {
  let node = bucket
  for (let steps: u32 = 0; node != 0 && steps < CHAIN_MAX; steps++) {
    const reference = findIn(table, wide, node, hash, addresses, ports, protocol, kind)
    if (reference != 0) return reference
    node = nextOf(table, node)
  }
  return 0
}

/** The reference in one bucket, or 0. Read once: its slot may be emptied, or have another, at any moment. */
function findIn(
  table: usize,
  wide: bool,
  bucket: usize,
  hash: u64,
  addresses: usize,
  ports: u32,
  protocol: u32,
  kind: u32,
): u32 {
  let hits = hitsIn(bucket, <u16>hash)
  while (hits != 0) {
    const reference = load<u32>(bucket + Bucket.REFERENCES + (ctz<u32>(hits) << 2))
    if (reference != 0 && fits(table, wide, reference, addresses, ports, protocol, kind)) {
      return reference
    }
    hits &= hits - 1
  }
  return 0
}

/** The slots of a bucket that have the tag, a bit each. */
@inline
function hitsIn(bucket: usize, tag: u16): u32 {
  const first = i16x8.bitmask(i16x8.eq(v128.load(bucket, Bucket.TAGS), i16x8.splat(<i16>tag)))
  return <u32>first | ((<u32>(load<u16>(bucket, Bucket.TAGS + 16) == tag)) << 8)
}

/**
 * The first reference with the tag in a bucket whose flow may have the tuple, 0 if there is none in it: it
 * may be in the buckets behind it, and another than the first may be meant.
 */
@inline
export function candidateIn(bucket: usize, tag: u16): u32 {
  const hits = hitsIn(bucket, tag)
  if (hits == 0) return 0
  const reference = load<u32>(bucket + Bucket.REFERENCES + (ctz<u32>(hits) << 2))
  return (reference & Kind.PERMIT) == 0 ? reference : 0
}

/** The same for the bucket behind one, if there is any. */
export function candidateBehind(table: usize, bucket: usize, tag: u16): u32 {
  const next = nextOf(table, bucket)
  return next == 0 ? 0 : candidateIn(next, tag)
}

/** False if no flow with the hash can be in a bucket or behind it. */
@inline
export function mayHold(bucket: usize, hash: u64): bool {
  return hitsIn(bucket, <u16>hash) != 0 || load<u32>(bucket, Bucket.OVERFLOW) != 0
}

/** True if the entry's flow has the tuple. */
@inline
function fits(
  table: usize,
  wide: bool,
  reference: u32,
  addresses: usize,
  ports: u32,
  protocol: u32,
  kind: u32,
): bool {
  if ((reference & Kind.PERMIT) != kind) return false
  const record = recordOf(table, reference)
  const tuple = tupleOf(record, wide, kind == Kind.PERMIT ? Kind.REPLY : reference & 1)
  if (portsFor(portsOf(tuple, wide), kind) != ports) return false
  if (!sameAddresses(tuple, addresses, wide)) return false
  return <u32>load<u8>(record, Flow.PROTOCOL) == protocol
}

@inline
function nextOf(table: usize, bucket: usize): usize {
  const overflow = load<u32>(bucket, Bucket.OVERFLOW)
  return overflow == 0 ? 0 : poolBucket(table, overflow)
}

/** Adds an entry under the chain's lock; false when the pool is empty. */
@inline
export function add(table: usize, bucket: usize, hash: u64, reference: u32): bool {
  let node = bucket
  for (let steps: u32 = 0; steps < CHAIN_MAX; steps++) {
    const free = freeSlots(node)
    if (free != 0) {
      fill(node, ctz<u32>(free), <u16>hash, reference)
      return true
    }
    const next = nextOf(table, node)
    if (next == 0) break
    node = next
  }
  return extend(table, node, hash, reference)
}

/** Puts a bucket with the entry behind the last of a chain. */
function extend(table: usize, last: usize, hash: u64, reference: u32): bool {
  const index = takeBucket(table)
  if (index == 0) return false
  const fresh = poolBucket(table, index)
  memory.fill(fresh, 0, FLOW_BUCKET_SIZE)
  fill(fresh, 0, <u16>hash, reference)
  atomic.store<u32>(last, index, Bucket.OVERFLOW)
  return true
}

/** The slots of a bucket that have no entry, a bit each. */
@inline
function freeSlots(bucket: usize): u32 {
  const zero = i32x4.splat(0)
  const low = i32x4.bitmask(i32x4.eq(v128.load(bucket, Bucket.REFERENCES), zero))
  const high = i32x4.bitmask(i32x4.eq(v128.load(bucket, Bucket.REFERENCES + 16), zero))
  const last = <u32>(load<u32>(bucket, Bucket.REFERENCES + 32) == 0)
  return <u32>low | ((<u32>high) << 4) | (last << 8)
}

/** Tag first: a reader that sees the reference sees the tag, since the store behind it is an atomic one. */
@inline
function fill(bucket: usize, slot: u32, tag: u16, reference: u32): void {
  store<u16>(bucket + Bucket.TAGS + (slot << 1), tag)
  atomic.store<u32>(bucket + Bucket.REFERENCES + (slot << 2), reference)
}

/** Takes an entry out under the chain's lock; the hole is filled from the chain's end. */
export function takeOut(table: usize, bucket: usize, reference: u32): bool {
  let node = bucket
  let slot = slotOf(node, reference)
  for (let steps: u32 = 0; slot == Bucket.SLOTS; steps++) {
    node = nextOf(table, node)
    if (node == 0 || steps == CHAIN_MAX) return false
    slot = slotOf(node, reference)
  }
  let last = node
  let before: usize = bucket
  for (let steps: u32 = 0; steps < CHAIN_MAX; steps++) {
    const next = nextOf(table, last)
    if (next == 0) break
    last = next
  }
  for (let walk = bucket; walk != last; walk = nextOf(table, walk)) before = walk
  const source = lastSlotOf(last)
  const from = last + Bucket.REFERENCES + (source << 2)
  if (last != node || source != slot) {
    fill(node, slot, load<u16>(last + Bucket.TAGS + (source << 1)), load<u32>(from))
    atomic.add<u32>(bucket, 1, Bucket.VERSION)
  }
  atomic.store<u32>(from, 0)
  if (last != bucket && source == 0) {
    const index = load<u32>(before, Bucket.OVERFLOW)
    atomic.store<u32>(before, 0, Bucket.OVERFLOW)
    atomic.add<u32>(bucket, 1, Bucket.VERSION)
    releaseBucket(table, index)
  }
  return true
}

function slotOf(bucket: usize, reference: u32): u32 {
  for (let slot: u32 = 0; slot < Bucket.SLOTS; slot++) {
    if (load<u32>(bucket + Bucket.REFERENCES + (slot << 2)) == reference) return slot
  }
  return Bucket.SLOTS
}

/** The last slot that is taken: slots are taken from the first on, and a hole is filled at once. */
function lastSlotOf(bucket: usize): u32 {
  let slot = Bucket.SLOTS - 1
  while (slot > 0 && load<u32>(bucket + Bucket.REFERENCES + (slot << 2)) == 0) slot--
  return slot
}
