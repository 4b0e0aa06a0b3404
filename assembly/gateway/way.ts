/**
 * Where the packets of a group go that `approachFlows` (approach.ts) found flows for, found out before any
 * of them is handled. Nothing is changed here but descriptors and what the worker knows of next hops.
 *
 * What is found lies in the worker's WAYS, 64 octets a frame:
 *
 *    0 addresses u64, 8 ports u32   with which the packet leaves, as loads of its headers give them
 *   12 incarnation u16   14 flags u16   of the flow, when these were read
 *   16 key u64   of its next hop        24 hop u32   where that is noted (hops.ts)
 */
import { Flow, FlowFlag, portsOf, tupleOf } from '../flow/record'
import { isOver, State } from '../flow/state'
import { FRAME_SIZE, Frame } from '../frame'
import { Worker } from '../memory'
import { isMartian, speaksForUs } from '../router/check'
import { routesOf, trieOf } from '../router/interface'
import { recallRoute, startRecall } from '../router/recall'
import { Route } from '../router/route'
import { WAYS_MAX } from '../size'
import { touch } from '../table/bucket'
import { swap32 } from '../wire/order'
import { hopAt, keyFor } from './hops'
import { L3 } from './usual'

export namespace Way {
  export const ADDRESSES: usize = 0
  export const PORTS: usize = 8
  export const INCARNATION: usize = 12
  export const KEY: usize = 16
  export const HOP: usize = 24
}

/** Ways are as large as descriptors. */
const MASK: usize = <usize>WAYS_MAX * FRAME_SIZE - 1
/** Of a flow's first word: the incarnation, and that it is being ended. */
const LIVES: u32 = 0xffff | (FlowFlag.DEAD << 16)

/** What was found of a descriptor. */
@inline
export function wayOf(block: usize, frame: usize): usize {
  return block + Worker.WAYS + ((frame - (block + Worker.FRAMES)) & MASK)
}

/**
 * Finds the ways of the frames from descriptor `frame` to `end`, 64 at most, whose FLOW is not 0. Of those
 * that do not go the short way FLOW becomes 0. `keys` is what all keys of hops have.
 */
export function approachWays(
  block: usize,
  config: usize,
  frame: usize,
  end: usize,
  keys: u64,
  tick: u32,
): void {
  startRecall(block)
  const routes = routesOf(config)
  const trie = trieOf(config)
  for (let at = frame; at < end; at += FRAME_SIZE) {
    const reference = load<u32>(at, Frame.FLOW)
    const way = wayOf(block, at)
    store<u32>(way, 0, Way.HOP)
    if (reference == 0) continue
    store<u32>(at, 0, Frame.FLOW)
    const packet = <usize>load<u32>(at, Frame.ADDRESS) + L3
    const came = load<u64>(packet, 12)
    if (!recognise(way, at, packet, came, reference, tick)) continue
    const destination = <u32>(load<u64>(way, Way.ADDRESSES) >> 32)
    const route = routeOf(block, trie, routes, came, destination)
    if (route == 0) continue
    const key = keyOfHop(keys, route, destination)
    store<u64>(way, key, Way.KEY)
    store<u32>(way, <u32>hopAt(block, key), Way.HOP)
    store<u32>(at, reference, Frame.FLOW)
  }
  // A loop that only reads has as many misses under way as the processor can.
  for (let at = frame; at < end; at += FRAME_SIZE) {
    touch(<usize>load<u32>(wayOf(block, at), Way.HOP))
  }
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
  way: usize,
  frame: usize,
  packet: usize,
  came: u64,
  reference: u32,
  tick: u32,
): bool {
  const protocol = <u32>load<u8>(frame, Frame.PROTOCOL)
  if (protocol == 0) return false
  const record = <usize>load<u32>(frame, Frame.TRACK)
  const before = atomic.load<u32>(record)
  if (isAtEnd(record, tick)) return false
  // Asked last, as on the long way: a free record has its former flow's tuple still.
  const tuple = tupleOf(record, false, reference & 1)
  if (load<u64>(tuple) != came) return false
  if (portsOf(tuple, false) != load<u32>(packet, 20)) return false
  if (<u32>load<u8>(record, Flow.PROTOCOL) != protocol) return false
  const other = tupleOf(record, false, (reference & 1) ^ 1)
  const addresses = rotl<u64>(load<u64>(other), 32)
  const ports = rotl<u32>(portsOf(other, false), 16)
  const word = atomic.load<u32>(record)
  store<u64>(way, addresses, Way.ADDRESSES)
  store<u64>(way, <u64>ports | ((<u64>word) << 32), Way.PORTS) // and INCARNATION, FLAGS
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
  if (route == 0) return 0
  const kind = load<u32>(route)
  if (kind != Route.CONNECTED && kind != Route.STATIC) return 0
  return load<u64>(route, Route.NEXT_HOP) == 0 ? route : 0
}
