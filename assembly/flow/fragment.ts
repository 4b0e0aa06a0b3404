/**
 * Which flow the later fragments of a packet belong to, which have no ports: told by the first one. And
 * which of its octets were seen, since no part may come a second time with other octets. A set of four
 * entries by a keyed hash; in a full set the oldest goes.
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
const LIFE: u32 = 240
/** 2 s: by then a busy sender of IPv4 may use an identification again; of IPv6, none does in LIFE. */
const REUSE: u32 = 16
const WIDE: u32 = 0x100

/** Instead of what was seen: the packet is given up; the part was seen before. */
const GIVEN_UP: u64 = 0
const AGAIN: u64 = u64.MAX_VALUE
/** Workers that have parts of one packet in one moment. */
const ATTEMPTS: u32 = 8

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
 * identification it leaves with.
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
): void {
  const set = setOf(table, wide, addresses, identification)
  let entry: usize = 0
  let oldest: u32 = 0
  for (let way: u32 = 0; way < WAYS; way++) {
    const at = set + <usize>way * FRAGMENT_SIZE
    const used = load<u32>(at) != 0
    const age = used ? tick - load<u32>(at, Entry.TICK) + 1 : u32.MAX_VALUE
    if (used && isOf(at, wide, addresses, identification, kind)) {
      entry = at
      break
    }
    if (age <= oldest) continue
    oldest = age
    entry = at
  }
  atomic.store<u32>(entry, 0)
  store<u32>(entry, kind, Entry.KIND)
  store<u32>(entry, incarnationOf(recordOf(table, reference)), Entry.INCARNATION)
  store<u32>(entry, tick, Entry.TICK)
  copyAddresses(entry + Entry.ADDRESSES, addresses, wide)
  store<u32>(entry, identification, Entry.IDENTIFICATION)
  store<u32>(entry, renamed, Entry.RENAMED)
  atomic.store<u64>(entry, <u64>endOf(part), Entry.SEEN)
  atomic.store<u32>(entry, reference)
}

/** The entry of a packet whose first fragment was seen, or 0. */
export function recall(
  table: usize,
  wide: bool,
  addresses: usize,
  identification: u32,
  kind: u32,
  tick: u32,
): usize {
  const set = setOf(table, wide, addresses, identification)
  for (let way: u32 = 0; way < WAYS; way++) {
    const entry = set + <usize>way * FRAGMENT_SIZE
    const reference = atomic.load<u32>(entry)
    if (reference == 0 || !isOf(entry, wide, addresses, identification, kind)) continue
    const age = tick - load<u32>(entry, Entry.TICK)
    if (age > LIFE || (age > REUSE && !wide && isWhole(entry))) return 0
    const record = recordOf(table, reference)
    if (incarnationOf(record) == load<u32>(entry, Entry.INCARNATION)) return entry
  }
  return 0
}
/** Of an entry: the flow's reference, and the identification to leave with. */
@inline
export function referenceOf(entry: usize): u32 {
  return load<u32>(entry)
}
@inline
export function renamedOf(entry: usize): u32 {
  return load<u32>(entry, Entry.RENAMED)
}

/** True if a first part begins the packet of an entry anew, with an identification that is used again. */
export function beginsAnew(entry: usize, wide: bool, tick: u32): bool {
  return isWhole(entry) || (!wide && tick - load<u32>(entry, Entry.TICK) > REUSE)
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
export function joins(entry: usize, part: u64): bool {
  for (let attempt: u32 = 0; attempt < ATTEMPTS; attempt++) {
    const before = atomic.load<u64>(entry, Entry.SEEN)
    const after = cover(before, part)
    if (after == AGAIN) return false
    if (atomic.cmpxchg<u64>(entry, before, after, Entry.SEEN) == before) return after != GIVEN_UP
  }
  return false
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
