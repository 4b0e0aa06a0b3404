/**
 * Which flow the later fragments of a packet belong to, which have no ports: told by the first one. And
 * which of its octets were seen, since no part may come a second time with other octets. A set of four
 * entries by a keyed hash; in a full set the oldest goes. A set is read and written under a lock
 * (lock.ts).
 *
 *    0 reference u32 (0: free)   4 kind u32   8 incarnation u32   12 tick u32
 *   16 addresses, 8 or 32   48 identification u32   52 identification that it leaves with u32
 *   56 what was seen, octets: from 0 to u16 (0: the packet is given up), one piece behind a gap from u16
 *      to u16 (0: none), the end of the packet u16 (0: not known)
 */
import { Frame } from '../frame'
import { Directory, directory } from '../memory'
import { FRAGMENT_SIZE, FRAGMENTS_MAX } from '../size'
import { Head, scramble } from './head'
import { lock, lockOf, unlock } from './lock'
import { copyAddresses, incarnationOf, recordOf, sameAddresses } from './record'

namespace Entry {
  export const REFERENCE: usize = 0
  export const KIND: usize = 4
  export const INCARNATION: usize = 8
  export const TICK: usize = 12
  export const ADDRESSES: usize = 16
  export const IDENTIFICATION: usize = 48
  export const RENAMED: usize = 52
  export const SEEN: usize = 56
}

const WAYS: u32 = 4
/** 30 s: twice what receivers wait for the rest (RFC 791), half of what IPv6 does (RFC 8200). */
const LIFE: i32 = 240
/** 2 s: by then a busy sender of IPv4 may use an identification again; of IPv6, none does in LIFE. */
const REUSE: i32 = 16
const WIDE: u32 = 0x100

/** Instead of what was seen: the packet is given up; the part was seen before. */
const GIVEN_UP: u64 = 0
const AGAIN: u64 = u64.MAX_VALUE

/**
 * Beside addresses and identification, what tells the parts of one packet: the port they come by, since a
 * packet may pass a switch twice, and the protocol of IPv4. Of IPv6 only the first part has the right one.
 */
@inline
export function kindOf(frame: usize, wide: bool): u32 {
  const what = wide ? WIDE : <u32>load<u8>(frame, Frame.PROTOCOL)
  return ((<u32>load<u16>(frame, Frame.PORT)) << 16) | what
}

function setOf(table: usize, wide: bool, addresses: usize, identification: u32): usize {
  let x = load<u64>(table, Head.SEED) ^ load<u64>(addresses)
  x = scramble(x) ^ <u64>identification
  if (wide) for (let at: usize = 8; at < 32; at += 8) x = scramble(x) ^ load<u64>(addresses + at)
  const set = <u32>(scramble(x) >> 32) & (FRAGMENTS_MAX / WAYS - 1)
  return directory(Directory.FRAGMENTS) + <usize>set * (<usize>WAYS * FRAGMENT_SIZE)
}

@inline
function isOf(entry: usize, wide: bool, addresses: usize, identification: u32, kind: u32): bool {
  if (load<u32>(entry, Entry.IDENTIFICATION) != identification) return false
  if (load<u32>(entry, Entry.KIND) != kind) return false
  return sameAddresses(entry + Entry.ADDRESSES, addresses, wide)
}

/**
 * Notes that the rest of the packet whose first part is `part` belongs to `reference`, and which
 * identification it leaves with. Not if the lock of the set is not to be had: then the rest goes nowhere.
 */
export function remember(
  table: usize,
  wide: bool,
  addresses: usize,
  identification: u32,
  renamed: u32,
  kind: u32,
  reference: u32,
  part: u64,
  tick: u32,
  owner: u32,
): void {
  const set = setOf(table, wide, addresses, identification)
  if (!lock(lockOf(set), owner)) return
  const entry = placeIn(set, wide, addresses, identification, kind, tick)
  // Whose owner dies meanwhile is free.
  atomic.store<u32>(entry, 0)
  store<u32>(entry, kind, Entry.KIND)
  store<u32>(entry, incarnationOf(recordOf(table, reference)), Entry.INCARNATION)
  store<u32>(entry, tick, Entry.TICK)
  copyAddresses(entry + Entry.ADDRESSES, addresses, wide)
  store<u32>(entry, identification, Entry.IDENTIFICATION)
  store<u32>(entry, renamed, Entry.RENAMED)
  store<u64>(entry, <u64>endOf(part), Entry.SEEN)
  atomic.store<u32>(entry, reference)
  unlock(lockOf(set))
}

/** Where in its set a packet is noted: where it is, at a free place, or at that of the oldest. */
function placeIn(
  set: usize,
  wide: bool,
  addresses: usize,
  identification: u32,
  kind: u32,
  tick: u32,
): usize {
  let entry: usize = 0
  let oldest: i32 = 0
  for (let way: u32 = 0; way < WAYS; way++) {
    const at = set + <usize>way * FRAGMENT_SIZE
    const used = load<u32>(at) != 0
    if (used && isOf(at, wide, addresses, identification, kind)) return at
    const age = used ? ageOf(at, tick) : i32.MAX_VALUE
    if (age <= oldest && entry != 0) continue
    oldest = age
    entry = at
  }
  return entry
}

/** Ticks since the first part came. Another thread's clock may be a moment ahead: that is less than none. */
@inline
function ageOf(entry: usize, tick: u32): i32 {
  return <i32>(tick - load<u32>(entry, Entry.TICK))
}

/** The entry of a packet whose first fragment was seen, or 0. Under the lock of its set. */
function recall(
  table: usize,
  wide: bool,
  set: usize,
  addresses: usize,
  identification: u32,
  kind: u32,
  tick: u32,
): usize {
  for (let way: u32 = 0; way < WAYS; way++) {
    const entry = set + <usize>way * FRAGMENT_SIZE
    const reference = load<u32>(entry)
    if (reference == 0 || !isOf(entry, wide, addresses, identification, kind)) continue
    const age = ageOf(entry, tick)
    if (age > LIFE || (age > REUSE && !wide && isWhole(entry))) return 0
    const record = recordOf(table, reference)
    if (incarnationOf(record) == load<u32>(entry, Entry.INCARNATION)) return entry
  }
  return 0
}

/** What is known of a part. */
export namespace Seen {
  /** Nothing: no first part of its packet was seen. */
  export const NOTHING: u32 = 0
  /** It must not go on. */
  export const REFUSED: u32 = 1
  export const KNOWN: u32 = 2
}

/**
 * Takes a later part into account. Of one that is KNOWN leaves at `known`, u32 each: the reference and the
 * incarnation of the flow it belongs to, and the identification to leave with.
 */
export function takeLater(
  table: usize,
  wide: bool,
  addresses: usize,
  identification: u32,
  kind: u32,
  part: u64,
  tick: u32,
  owner: u32,
  known: usize,
): u32 {
  const set = setOf(table, wide, addresses, identification)
  if (!lock(lockOf(set), owner)) return Seen.REFUSED
  const entry = recall(table, wide, set, addresses, identification, kind, tick)
  let seen = Seen.NOTHING
  if (entry != 0) {
    seen = joins(entry, part) ? Seen.KNOWN : Seen.REFUSED
    store<u32>(known, load<u32>(entry))
    store<u32>(known, load<u32>(entry, Entry.INCARNATION), 4)
    store<u32>(known, load<u32>(entry, Entry.RENAMED), 8)
  }
  unlock(lockOf(set))
  return seen
}

/**
 * True for a first part of a packet that has one already, and is not complete: if it does not begin one
 * anew, with an identification that is used again.
 */
export function isRepeated(
  table: usize,
  wide: bool,
  addresses: usize,
  identification: u32,
  kind: u32,
  part: u64,
  tick: u32,
  owner: u32,
): bool {
  const set = setOf(table, wide, addresses, identification)
  if (!lock(lockOf(set), owner)) return true
  const entry = recall(table, wide, set, addresses, identification, kind, tick)
  const repeated = entry != 0 && !beginsAnew(entry, wide, tick) && !joins(entry, part)
  unlock(lockOf(set))
  return repeated
}

function beginsAnew(entry: usize, wide: bool, tick: u32): bool {
  return isWhole(entry) || (!wide && ageOf(entry, tick) > REUSE)
}

/** True if all parts of the packet were seen. */
function isWhole(entry: usize): bool {
  const seen = load<u64>(entry, Entry.SEEN)
  return seen >> 48 != 0 && beginOf(seen) == <u32>(seen >> 48)
}

/**
 * Takes a part into account. False if it must not go on: it was seen before; or it overlaps another, and
 * neither may what is still to come (RFC 5722 section 4; Linux does so for IPv4 too).
 */
function joins(entry: usize, part: u64): bool {
  const after = cover(load<u64>(entry, Entry.SEEN), part)
  if (after == AGAIN) return false
  store<u64>(entry, after, Entry.SEEN)
  return after != GIVEN_UP
}

@inline
function beginOf(word: u64): u32 {
  return <u32>word & 0xffff
}
@inline
function endOf(word: u64): u32 {
  return <u32>(word >> 16) & 0xffff
}

/**
 * What was seen with a part added, AGAIN or GIVEN_UP. A third piece is not noted: it may come twice, but
 * never in the place of the octets from 0 on.
 */
function cover(seen: u64, part: u64): u64 {
  const offset = beginOf(part)
  const end = endOf(part)
  const last = part >> 32 != 0
  let head = beginOf(seen)
  let from = endOf(seen)
  let to = beginOf(seen >> 32)
  let whole = <u32>(seen >> 48)
  if (head == 0) return GIVEN_UP
  if (end <= head || (offset >= from && end <= to)) return AGAIN
  if (offset < head || (offset < to && end > from)) return GIVEN_UP
  if (whole != 0 && (last || end > whole)) return GIVEN_UP
  if (last && to > end) return GIVEN_UP
  if (last) whole = end
  if (offset == head) {
    head = end
    if (head == from) {
      head = to
      from = 0
      to = 0
    }
  } else if (to == 0) {
    from = offset
    to = end
  } else if (end == from) from = offset
  else if (offset == to) to = end
  return <u64>head | ((<u64>from) << 16) | ((<u64>to) << 32) | ((<u64>whole) << 48)
}
