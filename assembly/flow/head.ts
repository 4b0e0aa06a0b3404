/**
 * The head of a flow table: one of IPv4 and one of IPv6, which differ in the sizes of what they hold
 * and in nothing else. "Wide" is IPv6.
 */
import { DIRECTORY, Directory, directory, Family } from '../memory'
import {
  chainsFor,
  FLOW_HEAD_SIZE,
  FLOW_SIZE,
  FLOW6_SIZE,
  flowBucketsFor,
  flowOverflowFor,
  mappedFor,
} from '../size'

export namespace Head {
  export const BUCKETS: usize = 0
  export const BUCKET_COUNT: usize = 4
  export const POOL: usize = 8
  export const POOL_COUNT: usize = 12
  export const RECORDS: usize = 16
  export const RECORD_SIZE: usize = 20
  export const CAPACITY: usize = 24
  /** u32: 1 for IPv6. */
  export const WIDE: usize = 28
  /** Three secret words. */
  export const SEED: usize = 32
  export const MAPPINGS: usize = 56
  export const MAPPED: usize = 60
  export const CHAINS: usize = 64
  /** u32: one less than how many chains there are. */
  export const CHAINS_MASK: usize = 68
  /** u32: what TCP knows of the flows of IPv4, see record.ts. */
  export const SIDES: usize = 72
  /** u32: flows; u32: entries that let a remote address in. */
  export const COUNT: usize = 128
  export const PERMITS: usize = 132
  /** u64: first free record and a counter of changes; u32: records that were ever used. */
  export const FREE: usize = 136
  export const USED: usize = 144
  /** u64: first free overflow bucket and a counter of changes; u32: buckets that were ever used. */
  export const FREE_BUCKET: usize = 192
  export const USED_BUCKETS: usize = 200
  /** u32: turns the choice of a port and of whom to evict. */
  export const TURN: usize = 204
  /** u64: the range of ports in which none was free, and the tick in which that was so. */
  export const EXHAUSTED: usize = 208
}

@inline
export function tableOf(wide: bool): usize {
  return directory(Directory.FLOWS) + (wide ? FLOW_HEAD_SIZE : 0)
}

@inline
export function isWide(table: usize): bool {
  return load<u32>(table, Head.WIDE) != 0
}

@inline
export function capacityOf(table: usize): u32 {
  return load<u32>(table, Head.CAPACITY)
}

@inline
export function countOf(table: usize): u32 {
  return atomic.load<u32>(table, Head.COUNT)
}

/** Prepares both tables. */
export function createFlows(seed: u64): void {
  create(false, Family.IPV4, load<u32>(DIRECTORY, Directory.MAX_FLOWS), FLOW_SIZE, seed)
  create(true, Family.IPV6, load<u32>(DIRECTORY, Directory.MAX_FLOWS6), FLOW6_SIZE, ~seed)
}

function create(wide: bool, family: usize, flows: u32, record: usize, seed: u64): void {
  const table = tableOf(wide)
  store<u32>(table, <u32>directory(family + Family.BUCKETS), Head.BUCKETS)
  store<u32>(table, flowBucketsFor(flows), Head.BUCKET_COUNT)
  store<u32>(table, <u32>directory(family + Family.POOL), Head.POOL)
  store<u32>(table, flowOverflowFor(flows), Head.POOL_COUNT)
  store<u32>(table, <u32>directory(family + Family.RECORDS), Head.RECORDS)
  store<u32>(table, <u32>record, Head.RECORD_SIZE)
  store<u32>(table, flows, Head.CAPACITY)
  store<u32>(table, <u32>wide, Head.WIDE)
  store<u64>(table, scramble(seed + 1), Head.SEED)
  store<u64>(table, scramble(seed + 2) | 1, Head.SEED + 8)
  store<u64>(table, scramble(seed + 3) | 1, Head.SEED + 16)
  store<u32>(table, <u32>directory(family + Family.MAPPINGS), Head.MAPPINGS)
  store<u32>(table, mappedFor(flows), Head.MAPPED)
  store<u32>(table, <u32>directory(family + Family.CHAINS), Head.CHAINS)
  store<u32>(table, chainsFor(flows) - 1, Head.CHAINS_MASK)
  store<u32>(table, <u32>directory(Directory.SIDES), Head.SIDES)
}

/** The finaliser of splitmix64: spreads a number over all bits. */
export function scramble(x: u64): u64 {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb
  return x ^ (x >> 31)
}

/** A number that a stranger cannot foretell and that a run with the same seed repeats. */
export function draw(table: usize): u32 {
  const turn = atomic.add<u32>(table, 1, Head.TURN)
  return <u32>(scramble(load<u64>(table, Head.SEED) + <u64>turn) >> 32)
}
