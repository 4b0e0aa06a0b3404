/**
 * Neighbours: which MAC an address on a link has (RFC 826, RFC 4861 section 7.3). They are learnt, and
 * survive every change of config. A hash table leads from (FID, address) to a record; the fast path
 * reads the record's `link` word and nothing else. All that changes a record happens under one lock
 * (`enter`, `leave`): it is a matter of seconds, not of frames.
 *
 * An address is two u64 as loads of its 16 octets give them; IPv4 as a mapped one (RFC 4291 section
 * 2.5.5.2), so that both families are one table.
 *
 * Head: 0 records ever used u32   4 free record u32   8 (the lock is the word behind)   12 lock u32
 *   16 first active record u32   20 active records u32   24 free slot of held frames u32   28 slots ever
 *   used u32
 * Record: 0 address, 16 octets   16 link u64 (bits 0-47 MAC, 48-55 state)   24 confirmed f64 ms
 *   32 deadline f64 ms   40 fid u32   44 probes u32   48 next, 52 previous active u32   56 the slot of the
 *   FDB in which its MAC was last found u32   60 held frames 3 x u32   72 how many u32   76 port that asked
 *   first u32, 80 1 if it pays for that u32
 * Records and slots are numbered from 1; 0 is none.
 */
import { DIRECTORY, Directory, directory, NEVER, ownerOf } from '../memory'
import { NEIGHBOR_SIZE } from '../size'
import { Bucket, lock, unlock, valueOf } from '../table/bucket'
import { bucketOf, find, insert, remove } from '../table/hash'
import { changed } from '../table/head'

export namespace NeighborHead {
  export const USED: usize = 0
  export const FREE: usize = 4
  export const LOCK: usize = 12
  export const ACTIVE: usize = 16
  export const ACTIVE_COUNT: usize = 20
  export const HELD_FREE: usize = 24
  export const HELD_USED: usize = 28
}

export namespace Neighbor {
  export const ADDRESS: usize = 0
  export const LINK: usize = 16
  export const CONFIRMED: usize = 24
  export const DEADLINE: usize = 32
  export const FID: usize = 40
  export const PROBES: usize = 44
  export const NEXT: usize = 48
  export const PREVIOUS: usize = 52
  export const SLOT: usize = 56
  export const HELD: usize = 60
  export const HELD_COUNT: usize = 72
  export const PORT: usize = 76
  export const PAYS: usize = 80
}

/** States (RFC 4861 section 7.3.2); the same in src/dataplane/abi.ts. */
export namespace State {
  export const NONE: u32 = 0
  export const INCOMPLETE: u32 = 1
  export const REACHABLE: u32 = 2
  export const STALE: u32 = 3
  export const DELAY: u32 = 4
  export const PROBE: u32 = 5
  export const FAILED: u32 = 6
  export const PERMANENT: u32 = 7
}

/** Milliseconds and counts of RFC 4861 section 10; ARP goes by them too. */
export const REACHABLE_TIME: f64 = 30_000
export const DELAY_TIME: f64 = 5000
export const RETRANSMIT_TIME: f64 = 1000
export const SOLICITATIONS_MAX: u32 = 3

/** The upper half of an IPv4 address as a neighbour's; the lower one is 0. */
@inline
export function mapped(address: u32): u64 {
  return 0xffff0000 | ((<u64>address) << 32)
}

@inline
export function isMapped(lower: u64, upper: u64): bool {
  return lower == 0 && (upper & 0xffffffff) == 0xffff0000
}

@inline
export function neighborHead(): usize {
  return directory(Directory.NEIGHBORS)
}

@inline
export function neighborAt(number: u32): usize {
  return directory(Directory.NEIGHBOR_RECORDS) + <usize>(number - 1) * NEIGHBOR_SIZE
}

@inline
export function numberOf(record: usize): u32 {
  return <u32>((record - directory(Directory.NEIGHBOR_RECORDS)) / NEIGHBOR_SIZE) + 1
}

@inline
export function stateOf(link: u64): u32 {
  return <u32>(link >> 48) & 0xff
}

@inline
export function macOf(link: u64): u64 {
  return link & 0xffffffffffff
}

@inline
export function linkOf(mac: u64, state: u32): u64 {
  return mac | ((<u64>state) << 48)
}

export function setState(record: usize, state: u32): void {
  setLink(record, linkOf(macOf(load<u64>(record, Neighbor.LINK)), state))
}

/** Gives a neighbour another word; whoever has noted how hops are reached learns that there was a change. */
export function setLink(record: usize, link: u64): void {
  if (load<u64>(record, Neighbor.LINK) == link) return
  atomic.store<u64>(record, link, Neighbor.LINK)
  changed(directory(Directory.NEIGHBOR_TABLE))
}

/** Takes the lock of all neighbours; false when it was not to be had in a bounded time. */
@inline
export function enter(worker: u32, block: usize): bool {
  return lock(neighborHead() + NeighborHead.LOCK - Bucket.LOCK, ownerOf(worker, block))
}

@inline
export function leave(): void {
  unlock(neighborHead() + NeighborHead.LOCK - Bucket.LOCK)
}

/**
 * The table's key: the address and FID of IPv4 as they are, a hash of those of IPv6. Two that meet
 * are told apart by their records, and the second is then not learnt: with a secret multiplier in the
 * table's hash that is no way to keep anybody out who is not guessed among 2^60.
 */
@inline
function keyOf(fid: u32, lower: u64, upper: u64): u64 {
  if (isMapped(lower, upper)) return (1 << 63) | ((<u64>fid) << 32) | (upper >> 32)
  let hash = (lower ^ seed()) * 0x9e3779b97f4a7c15
  hash = (hash ^ (hash >> 32) ^ upper ^ ((<u64>fid) << 48)) * 0xbf58476d1ce4e5b9
  return ((hash ^ (hash >> 29)) & ~((<u64>1) << 63)) | 1
}

@inline
function seed(): u64 {
  return load<u64>(directory(Directory.NEIGHBOR_TABLE), 24)
}

/** The record of a neighbour, or 0. */
export function findNeighbor(fid: u32, lower: u64, upper: u64): usize {
  const table = directory(Directory.NEIGHBOR_TABLE)
  const key = keyOf(fid, lower, upper)
  const slot = find(table, bucketOf(table, key), key)
  if (slot == 0) return 0
  const record = neighborAt(<u32>valueOf(slot))
  return isNeighbor(record, fid, lower, upper) ? record : 0
}

/** True if a record is that neighbour's. */
@inline
export function isNeighbor(record: usize, fid: u32, lower: u64, upper: u64): bool {
  const same = load<u64>(record) == lower && load<u64>(record, 8) == upper
  return same && load<u32>(record, Neighbor.FID) == fid
}

/** Adds a record in state NONE, under the lock; 0 if there is no room. */
export function addNeighbor(fid: u32, lower: u64, upper: u64, owner: u32, now: f64): usize {
  let number = take()
  if (number == 0 && evict(owner, now)) number = take()
  if (number == 0) return 0
  const record = neighborAt(number)
  memory.fill(record, 0, NEIGHBOR_SIZE)
  store<u64>(record, lower)
  store<u64>(record, upper, 8)
  store<u32>(record, fid, Neighbor.FID)
  store<f64>(record, -REACHABLE_TIME, Neighbor.CONFIRMED)
  const key = keyOf(fid, lower, upper)
  if (insert(directory(Directory.NEIGHBOR_TABLE), key, number, owner) == 0) return record
  giveBack(number)
  return 0
}

function take(): u32 {
  const head = neighborHead()
  const free = load<u32>(head, NeighborHead.FREE)
  if (free != 0) {
    store<u32>(head, load<u32>(neighborAt(free), Neighbor.NEXT), NeighborHead.FREE)
    return free
  }
  const used = load<u32>(head, NeighborHead.USED)
  if (used == load<u32>(DIRECTORY, Directory.MAX_NEIGHBORS)) return 0
  store<u32>(head, used + 1, NeighborHead.USED)
  return used + 1
}

function giveBack(number: u32): void {
  const record = neighborAt(number)
  const head = neighborHead()
  setLink(record, 0)
  store<u32>(record, 0, Neighbor.FID)
  store<u32>(record, load<u32>(head, NeighborHead.FREE), Neighbor.NEXT)
  store<u32>(head, number, NeighborHead.FREE)
}

/** Takes a record out, under the lock. It holds no frames and is not active. */
export function removeNeighbor(record: usize, owner: u32): void {
  const number = numberOf(record)
  const fid = load<u32>(record, Neighbor.FID)
  const key = keyOf(fid, load<u64>(record), load<u64>(record, 8))
  remove(directory(Directory.NEIGHBOR_TABLE), key, number, owner)
  giveBack(number)
}

/** Records looked at for one that may go. */
const SAMPLE: u32 = 64

/**
 * Makes room in a full table: of a sample, whose start the clock chooses, a neighbour that failed,
 * else the one that was confirmed longest ago. Never one that is in use, being asked for, or static.
 */
function evict(owner: u32, now: f64): bool {
  const count = load<u32>(DIRECTORY, Directory.MAX_NEIGHBORS)
  const start = <u32>((<u64>now * 2654435761) % <u64>count)
  let oldest: usize = 0
  for (let step: u32 = 0; step < min(SAMPLE, count); step++) {
    const record = neighborAt(((start + step) % count) + 1)
    const state = stateOf(load<u64>(record, Neighbor.LINK))
    if (state == State.FAILED) {
      oldest = record
      break
    }
    if (!isStale(record, state, now)) continue
    // It is known by now, and whoever heard of it is about to send what waited.
    if (load<u32>(record, Neighbor.HELD_COUNT) != 0) continue
    if (oldest != 0 && confirmedAt(record) >= confirmedAt(oldest)) continue
    oldest = record
  }
  if (oldest == 0) return false
  removeNeighbor(oldest, owner)
  return true
}

@inline
function confirmedAt(record: usize): f64 {
  return load<f64>(record, Neighbor.CONFIRMED)
}

/** True for a neighbour whose MAC is known and was not confirmed for a while. */
@inline
export function isStale(record: usize, state: u32, now: f64): bool {
  if (state == State.STALE) return true
  return state == State.REACHABLE && now - confirmedAt(record) >= REACHABLE_TIME
}

/** Puts a record on the list of those that time asks something of. */
export function activate(record: usize, deadline: f64): void {
  const head = neighborHead()
  store<f64>(record, deadline, Neighbor.DEADLINE)
  const due = <u64>Math.ceil(deadline)
  if (due < atomic.load<u64>(DIRECTORY, Directory.NEIGHBOR_DEADLINE)) {
    atomic.store<u64>(DIRECTORY, due, Directory.NEIGHBOR_DEADLINE)
  }
  const number = numberOf(record)
  const first = load<u32>(head, NeighborHead.ACTIVE)
  if (first == number || load<u32>(record, Neighbor.PREVIOUS) != 0) return // on it already
  store<u32>(record, first, Neighbor.NEXT)
  if (first != 0) store<u32>(neighborAt(first), number, Neighbor.PREVIOUS)
  store<u32>(head, number, NeighborHead.ACTIVE)
  store<u32>(head, load<u32>(head, NeighborHead.ACTIVE_COUNT) + 1, NeighborHead.ACTIVE_COUNT)
}

/** Takes a record off the list, if it is on it. */
export function deactivate(record: usize): void {
  const head = neighborHead()
  const number = numberOf(record)
  const previous = load<u32>(record, Neighbor.PREVIOUS)
  const next = load<u32>(record, Neighbor.NEXT)
  if (load<u32>(head, NeighborHead.ACTIVE) == number) {
    store<u32>(head, next, NeighborHead.ACTIVE)
  } else if (previous != 0) {
    store<u32>(neighborAt(previous), next, Neighbor.NEXT)
  } else return
  if (next != 0) store<u32>(neighborAt(next), previous, Neighbor.PREVIOUS)
  store<u32>(record, 0, Neighbor.NEXT)
  store<u32>(record, 0, Neighbor.PREVIOUS)
  store<u32>(head, load<u32>(head, NeighborHead.ACTIVE_COUNT) - 1, NeighborHead.ACTIVE_COUNT)
}

/** Forgets nobody, but says when to look again: NEVER with nobody active. */
export function nextActive(): u64 {
  let soonest = NEVER
  let number = load<u32>(neighborHead(), NeighborHead.ACTIVE)
  while (number != 0) {
    const record = neighborAt(number)
    soonest = min(soonest, <u64>Math.ceil(load<f64>(record, Neighbor.DEADLINE)))
    number = load<u32>(record, Neighbor.NEXT)
  }
  return soonest
}
