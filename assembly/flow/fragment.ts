/**
 * Which flow the later fragments of a packet belong to, which have no ports: told by the first one. A
 * set of four entries by a keyed hash; in a full set the oldest goes.
 *
 *    0 reference u32 (0: free)   4 protocol u32   8 incarnation u32   12 tick u32
 *   16 addresses, 8 or 32   48 identification u32   52 identification that it leaves with u32
 */
import { Directory, directory } from '../memory'
import { FRAGMENT_SIZE, FRAGMENTS_MAX } from '../size'
import { Head, scramble } from './head'
import { copyAddresses, incarnationOf, recordOf, sameAddresses } from './record'

namespace Entry {
  export const REFERENCE: usize = 0
  export const PROTOCOL: usize = 4
  export const INCARNATION: usize = 8
  export const TICK: usize = 12
  export const ADDRESSES: usize = 16
  export const IDENTIFICATION: usize = 48
  export const RENAMED: usize = 52
}

const WAYS: u32 = 4
/** 30 s: twice what receivers wait for the rest (RFC 791), half of what IPv6 does (RFC 8200). */
const LIFE: u32 = 240
const WIDE: u32 = 0x100

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
  if (load<u32>(entry, Entry.PROTOCOL) != kind) return false
  return sameAddresses(entry + Entry.ADDRESSES, addresses, wide)
}

/** Notes that the rest of this packet belongs to `reference`, and which identification it leaves with. */
export function remember(
  table: usize,
  wide: bool,
  addresses: usize,
  identification: u32,
  renamed: u32,
  protocol: u32,
  reference: u32,
  tick: u32,
): void {
  const set = setOf(table, wide, addresses, identification)
  const kind = protocol | (wide ? WIDE : 0)
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
  store<u32>(entry, kind, Entry.PROTOCOL)
  store<u32>(entry, incarnationOf(recordOf(table, reference)), Entry.INCARNATION)
  store<u32>(entry, tick, Entry.TICK)
  copyAddresses(entry + Entry.ADDRESSES, addresses, wide)
  store<u32>(entry, identification, Entry.IDENTIFICATION)
  store<u32>(entry, renamed, Entry.RENAMED)
  atomic.store<u32>(entry, reference)
}

/** The entry of a packet whose first fragment was seen, or 0. */
export function recall(
  table: usize,
  wide: bool,
  addresses: usize,
  identification: u32,
  protocol: u32,
  tick: u32,
): usize {
  const set = setOf(table, wide, addresses, identification)
  const kind = protocol | (wide ? WIDE : 0)
  for (let way: u32 = 0; way < WAYS; way++) {
    const entry = set + <usize>way * FRAGMENT_SIZE
    const reference = atomic.load<u32>(entry)
    if (reference == 0 || !isOf(entry, wide, addresses, identification, kind)) continue
    if (<i32>(tick - load<u32>(entry, Entry.TICK)) > <i32>LIFE) return 0
    const incarnation = incarnationOf(recordOf(table, reference))
    if (load<u32>(entry, Entry.INCARNATION) != incarnation) return 0
    return atomic.load<u32>(entry) == reference ? entry : 0
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
