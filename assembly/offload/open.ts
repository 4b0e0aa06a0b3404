/**
 * The candidates of a burst: of each flow at most one segment, or what was made of several, that waits
 * for the next. They lie in a space of the worker's own, before the room for the super-frames:
 *
 *   0 tags          of the candidates' flows, u32 each, never 0; 0 where there is no candidate
 *  64 last u32      the candidate found last, or 0    68 count u32   of candidates
 *  72 free u32      where the room begins that no super-frame has
 *  76 turn u32      which candidate makes way next
 * 128 candidates, 64 octets each
 *
 * Room is taken from the front; whoever took the last gives back what it did not need.
 */
import { CANDIDATES_MAX, line, MERGED_HEAD, MERGED_ROOM, MERGED_SIZE } from '../size'
import * as ipv4 from '../wire/ipv4'

/** A candidate. Addresses are of the headers as they lie: in the arena, or in a super-frame's room. */
export namespace Candidate {
  /** The descriptor of its first segment. */
  export const FRAME: usize = 0
  /** The Ethernet header. */
  export const START: usize = 4
  /** u32: l3, l4 and headers, see Segment in candidate.ts. */
  export const PLACE: usize = 8
  export const L3: usize = 8
  export const L4: usize = 9
  export const HEADERS: usize = 10
  /** u32 each: payload of the first segment; the sequence number that follows, host order. */
  export const SIZE: usize = 12
  export const NEXT: usize = 16
  /** u32: where the payload ends in the super-frame's room; 0 as long as there is none. */
  export const END: usize = 20
  /** u32 each: octets of the IP packet, and segments. */
  export const OCTETS: usize = 24
  export const COUNT: usize = 28
  /** u32 each, once there is a room: what `differing4` and `differing` say of each of its segments. */
  export const SUM4: usize = 32
  export const SUM: usize = 36
  export const SHIFT: u32 = 6
}

const LAST: usize = 64
const COUNT: usize = 68
const FREE: usize = 72
const TURN: usize = 76
const CANDIDATES: usize = 128
const ALL: u32 = (1 << CANDIDATES_MAX) - 1
/** From the beginning of a room to the Ethernet header: as frames lie in an arena (src/device/io.ts). */
const HEADROOM: usize = 128 + 2 + 12

@inline
export function isVersion4(packet: usize): bool {
  return ipv4.versionOf(packet) == 4
}

@inline
function candidateAt(space: usize, index: u32): usize {
  return space + CANDIDATES + ((<usize>index) << Candidate.SHIFT)
}

@inline
function tagOf(space: usize, candidate: usize): usize {
  return space + ((candidate - space - CANDIDATES) >> (Candidate.SHIFT - 2))
}

/** Begins a burst: no candidates, and all the room is free. */
export function clear(space: usize): void {
  for (let at: usize = 0; at < LAST; at += 16) v128.store(space + at, i64x2.splat(0))
  store<u64>(space, 0, LAST) // and COUNT
  store<u32>(space, <u32>(space + MERGED_HEAD), FREE)
  store<u32>(space, 0, TURN)
}

/** The candidate found or begun last; 0 if it is none any more. */
@inline
export function latest(space: usize): usize {
  return <usize>load<u32>(space, LAST)
}

/** The candidate of the flow of `packet`, whose transport header is at `transport`; 0 if there is none. */
export function find(space: usize, packet: usize, transport: usize): usize {
  const last = latest(space)
  if (last != 0 && isOf(last, packet, transport)) return last
  if (load<u32>(space, COUNT) == <u32>(last != 0)) return 0
  let found = marks(space, flowTag(packet, transport))
  for (; found != 0; found &= found - 1) {
    const candidate = candidateAt(space, ctz(found))
    if (!isOf(candidate, packet, transport)) continue
    store<u32>(space, <u32>candidate, LAST)
    return candidate
  }
  return 0
}

/** True if a packet is of the candidate's flow: addresses, protocol, ports. */
function isOf(candidate: usize, packet: usize, transport: usize): bool {
  const start = <usize>load<u32>(candidate, Candidate.START)
  const first = start + <usize>load<u8>(candidate, Candidate.L3)
  const ports = load<u32>(start + <usize>load<u8>(candidate, Candidate.L4))
  if (ports != load<u32>(transport)) return false
  if (((load<u8>(first) ^ load<u8>(packet)) & 0xf0) != 0) return false
  if (isVersion4(packet)) {
    if (load<u64>(first, 12) != load<u64>(packet, 12)) return false
    return load<u8>(first, 9) == load<u8>(packet, 9)
  }
  return load<u8>(first, 6) == load<u8>(packet, 6) && isSame32(first + 8, packet + 8)
}

/** True if 32 octets, both addresses of IPv6, are the same. */
@inline
export function isSame32(a: usize, b: usize): bool {
  const low = v128.xor(v128.load(a), v128.load(b))
  return !v128.any_true(v128.or(low, v128.xor(v128.load(a, 16), v128.load(b, 16))))
}

/** Tells most flows apart; that two have the same costs a look at their headers. */
function flowTag(packet: usize, transport: usize): u32 {
  let mixed = <u64>load<u32>(transport) * 0x9e3779b97f4a7c15
  if (isVersion4(packet)) mixed ^= load<u64>(packet, 12)
  else {
    mixed ^= load<u64>(packet, 8) ^ rotl(load<u64>(packet, 16), 16)
    mixed ^= rotl(load<u64>(packet, 24), 32) ^ rotl(load<u64>(packet, 32), 48)
  }
  return <u32>((mixed * 0xff51afd7ed558ccd) >> 32) | 1
}

/** A bit for each place whose tag is that; 0 for the free ones. */
function marks(space: usize, tag: u32): u32 {
  const wanted = i32x4.splat(tag)
  let found: u32 = 0
  for (let at: u32 = 0; at < CANDIDATES_MAX; at += 4) {
    const tags = v128.load(space + ((<usize>at) << 2))
    found |= (<u32>i32x4.bitmask(i32x4.eq(tags, wanted))) << at
  }
  return found
}

/**
 * A place for a candidate of the flow of `packet`, of which there is none, to be filled; if there is no
 * free one, that of a segment that found no partner yet. 0 if all have.
 */
export function take(space: usize, packet: usize, transport: usize): usize {
  const free = marks(space, 0) & ALL
  const candidate = free != 0 ? candidateAt(space, ctz(free)) : oldest(space)
  if (candidate == 0) return 0
  if (free != 0) store<u32>(space, load<u32>(space, COUNT) + 1, COUNT)
  store<u32>(tagOf(space, candidate), flowTag(packet, transport))
  store<u32>(space, <u32>candidate, LAST)
  return candidate
}

/** The next in turn of those that have taken no room; 0 if all have. */
function oldest(space: usize): usize {
  let turn = load<u32>(space, TURN)
  for (let left = CANDIDATES_MAX; left > 0; left--) {
    const candidate = candidateAt(space, turn)
    turn = (turn + 1) & (CANDIDATES_MAX - 1)
    store<u32>(space, turn, TURN)
    if (load<u32>(candidate, Candidate.END) == 0) return candidate
  }
  return 0
}

/** The place of a candidate is free again. */
export function leave(space: usize, candidate: usize): void {
  store<u32>(tagOf(space, candidate), 0)
  store<u32>(space, 0, LAST)
  store<u32>(space, load<u32>(space, COUNT) - 1, COUNT)
}

/** Some candidate; 0 if there is none. */
export function anyOpen(space: usize): usize {
  const taken = ~marks(space, 0) & ALL
  return taken == 0 ? 0 : candidateAt(space, ctz(taken))
}

/** Where the Ethernet header of a super-frame may lie; 0 if there is no room for one. */
export function takeRoom(space: usize): usize {
  const room = <usize>load<u32>(space, FREE)
  if (room + MERGED_ROOM > space + MERGED_SIZE) return 0
  store<u32>(space, <u32>(room + MERGED_ROOM), FREE)
  return room + HEADROOM
}

/** The super-frame at `start` ends at `end` (at 0: there is none), and so may the room for it. */
export function shrinkRoom(space: usize, start: usize, end: usize): void {
  const room = start - HEADROOM
  if (room + MERGED_ROOM != <usize>load<u32>(space, FREE)) return
  store<u32>(space, end == 0 ? <u32>room : <u32>line(<u64>end), FREE)
}
