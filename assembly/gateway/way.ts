/**
 * Where the packets of a group go that `approachFlows` (approach.ts) found flows for, found out before any
 * of them is handled. Nothing is changed here but descriptors and what the worker knows of next hops.
 *
 * What is found lies in the worker's WAYS, or WAYS6 for packets over IPv6 (`wide`), 64 octets a frame:
 *
 *    0 addresses u64, over IPv6 32 octets, 32 ports u32   with which the packet leaves, as its headers have them
 *   36 incarnation u16   38 flags u16   of the flow, when these were read
 *   40 key u64   of its next hop        48 hop u32   where that is noted (hops.ts)
 *
 * over IPv4 the source of what has gone the short way, see below, or 0:
 *
 *   16 source u64
 *
 * and over IPv6 what stands in the descriptor otherwise (approach.ts), with where the address of its next hop is:
 *
 *   52 flow u32   56 next u32   60 track u32
 */
import { Flow, FlowFlag, portsOf, sameWide, tupleOf, turn } from '../flow/record'
import { isOver, State } from '../flow/state'
import { FRAME_SIZE, Frame } from '../frame'
import { Worker } from '../memory'
import { isMartian, isMartian6, speaksForUs } from '../router/check'
import { isLinkLocal } from '../router/discovery'
import { routesOf, trieOf } from '../router/interface'
import { recallRoute, recallWide, startRecall } from '../router/recall'
import { isZero, mayBeOwn, Route, routeTo6 } from '../router/route'
import { WAYS_MAX } from '../size'
import { touch } from '../table/bucket'
import { swap32 } from '../wire/order'
import { hopAt, keyFor, seek, seekAt, stands, standsFor, wideKeyFor } from './hops'
import { isWideFamily, L3, portsAt } from './usual'

export namespace Way {
  export const ADDRESSES: usize = 0
  /** u64, over IPv4: the key of the source of what was sent on as it lies (shortcut.ts). */
  export const SOURCE: usize = 16
  export const PORTS: usize = 32
  export const INCARNATION: usize = 36
  export const KEY: usize = 40
  export const HOP: usize = 48
  export const NEXT: usize = 56
}

/** Ways are as large as descriptors. */
const MASK: usize = <usize>WAYS_MAX * FRAME_SIZE - 1
/** Of a flow's first word: the incarnation, and that it is being ended. */
const LIVES: u32 = 0xffff | (FlowFlag.DEAD << 16)

/** What was found of a descriptor. */
@inline
export function wayOf(wide: bool, block: usize, frame: usize): usize {
  const ways = block + (wide ? Worker.WAYS6 : Worker.WAYS)
  return ways + ((frame - (block + Worker.FRAMES)) & MASK)
}

/**
 * Finds the ways of the frames from descriptor `frame` to `end`, 64 at most, whose FLOW is not 0. Of those
 * that do not go the short way FLOW becomes 0. `keys` is what all keys of hops have.
 */
export function approachWays<T>(
  block: usize,
  config: usize,
  frame: usize,
  end: usize,
  keys: u64,
  tick: u32,
): void {
  const wide = isWideFamily<T>()
  startRecall(block)
  const routes = routesOf(config)
  const trie = trieOf(config)
  for (let at = frame; at < end; at += FRAME_SIZE) {
    const way = wayOf(wide, block, at)
    const found = wide ? way : at
    const reference = load<u32>(found, Frame.FLOW)
    store<u32>(way, 0, Way.HOP)
    if (!wide) store<u64>(way, 0, Way.SOURCE)
    if (reference == 0) continue
    store<u32>(found, 0, Frame.FLOW)
    const packet = <usize>load<u32>(at, Frame.ADDRESS) + L3
    if (!recognise(wide, way, at, found, packet, reference, tick)) continue
    const key = wide
      ? wideKeyOf(block, config, trie, routes, way, packet + 8, keys)
      : keyOf(block, trie, routes, way, load<u64>(packet, 12), keys)
    if (key == 0) continue
    store<u64>(way, key, Way.KEY)
    store<u32>(way, <u32>hopAt(block, key), Way.HOP)
    store<u32>(found, reference, Frame.FLOW)
  }
  // A loop that only reads has as many misses under way as the processor can.
  for (let at = frame; at < end; at += FRAME_SIZE) {
    touch(<usize>load<u32>(wayOf(wide, block, at), Way.HOP))
  }
}

/** The key of a packet's next hop; 0 if it is not simply to be sent on. It came with these addresses. */
@inline
function keyOf(block: usize, trie: usize, routes: usize, way: usize, came: u64, keys: u64): u64 {
  const destination = <u32>(load<u64>(way, Way.ADDRESSES) >> 32)
  const route = routeOf(block, trie, routes, came, destination)
  return route == 0 ? 0 : keyOfHop(keys, route, destination)
}

/** The same of one over IPv6, whose addresses stand at `came`. What belongs to one link is not sent on. */
@inline
function wideKeyOf(
  block: usize,
  config: usize,
  trie: usize,
  routes: usize,
  way: usize,
  came: usize,
  keys: u64,
): u64 {
  const destination = way + 16
  if (isMartian6(came) || isMartian6(came + 16)) return 0
  if (isLinkLocal(way) || isLinkLocal(destination)) return 0
  if (mayBeOwn(config, came) && speaksForUs(routeTo6(config, came))) return 0
  const route = recallWide(block, trie, routes, destination)
  if (!isSentBy(route)) return 0
  const by = route + Route.NEXT_HOP
  const next = isZero(by) ? destination : by
  store<u32>(way, <u32>next, Way.NEXT)
  return wideKeyFor(keys, load<u32>(route, Route.FID), next)
}

/** The key of the next hop of what is routed to `destination`. */
@inline
export function keyOfHop(keys: u64, route: usize, destination: u32): u64 {
  const by = load<u64>(route, Route.NEXT_HOP + 8)
  return keyFor(keys, load<u32>(route, Route.FID), by != 0 ? <u32>(by >> 32) : destination)
}

/** Notes what a packet's flow makes of it; false if it is none of that flow, or the flow does not go on. */
@inline
function recognise(
  wide: bool,
  way: usize,
  frame: usize,
  found: usize,
  packet: usize,
  reference: u32,
  tick: u32,
): bool {
  const protocol = <u32>load<u8>(frame, Frame.PROTOCOL)
  if (protocol == 0) return false
  const record = <usize>load<u32>(found, Frame.TRACK)
  const before = atomic.load<u32>(record)
  if (isAtEnd(record, tick)) return false
  // Asked last, as on the long way: a free record has its former flow's tuple still.
  const tuple = tupleOf(record, wide, reference & 1)
  if (wide ? !sameWide(tuple, packet + 8) : load<u64>(tuple) != load<u64>(packet, 12)) return false
  if (portsOf(tuple, wide) != portsAt(wide, packet)) return false
  if (<u32>load<u8>(record, Flow.PROTOCOL) != protocol) return false
  const other = tupleOf(record, wide, (reference & 1) ^ 1)
  if (wide)
    turn(way, other, true) // ADDRESSES and PORTS
  else {
    store<u64>(way, rotl<u64>(load<u64>(other), 32), Way.ADDRESSES)
    store<u32>(way, rotl<u32>(portsOf(other, false), 16), Way.PORTS)
  }
  const word = atomic.load<u32>(record)
  store<u32>(way, word, Way.INCARNATION) // and FLAGS
  // Another worker may have ended it and begun one in its record.
  return ((before ^ word) & 0xffff) == 0 && (word & (FlowFlag.DEAD << 16)) == 0
}

/** True for a record that is in use no more, or whose time is over. */
@inline
function isAtEnd(record: usize, tick: u32): bool {
  if (<u32>load<u8>(record, Flow.STATE) == State.NONE) return true
  return load<u32>(record, Flow.SEEN) != tick && isOver(record, tick)
}

/** True if a record is still that of the flow whose incarnation and flags were `word`, which goes on. */
@inline
export function goesOn(record: usize, word: u32, tick: u32): bool {
  return ((atomic.load<u32>(record) ^ word) & LIVES) == 0 && !isAtEnd(record, tick)
}

/** The route of a packet that came with these addresses, or 0 if it is not simply to be sent on. */
@inline
export function routeOf(
  block: usize,
  trie: usize,
  routes: usize,
  came: u64,
  destination: u32,
): usize {
  if (isMartian(<u32>came & 0xff) || isMartian(<u32>(came >> 32) & 0xff)) return 0
  if (speaksForUs(recallRoute(block, trie, routes, swap32(<u32>came)))) return 0
  const route = recallRoute(block, trie, routes, swap32(destination))
  return isSentBy(route) && load<u64>(route, Route.NEXT_HOP) == 0 ? route : 0
}

/** True if what is routed so is sent on, to a next hop or on the link. */
@inline
function isSentBy(route: usize): bool {
  if (route == 0) return false
  const kind = load<u32>(route)
  return kind == Route.CONNECTED || kind == Route.STATIC
}

/** True if it is known how the packet's next hop is reached, which is noted at `hop`. */
@inline
export function isReached(
  wide: bool,
  worker: u32,
  block: usize,
  config: usize,
  way: usize,
  hop: usize,
  state: u64,
  now: f64,
): bool {
  const key = load<u64>(way, Way.KEY)
  if (!wide) {
    return stands(hop, key, state, now) || seek(worker, block, config, hop, key, state, now)
  }
  const next = <usize>load<u32>(way, Way.NEXT)
  if (standsFor(hop, key, next, state, now)) return true
  const lower = load<u64>(next)
  return seekAt(worker, block, config, hop, key, lower, load<u64>(next, 8), state, now)
}
