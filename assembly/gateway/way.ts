/**
 * Where the packets of a group go that `approachFlows` (approach.ts) found flows for, found out before any
 * of them is handled: step by step for all of them, so that what one waits for (a route, a neighbour's
 * record, its entry in the FDB) is waited for by all at once. Nothing is changed here but descriptors.
 *
 * What is found lies in the worker's WAYS, 64 octets a frame:
 *
 *    0 addresses u64, 8 ports u32   with which the packet leaves, as loads of its headers give them
 *   12 incarnation u16   14 flags u16   of the flow, when these were read
 *   16 route u32   20 interface u32   24 neighbour u32   their records
 *   32 hop u64   the upper half of the neighbour's address      40 link u64   its word as it was read
 */
import { Flow, FlowFlag, flagsOf, incarnationOf, isSame, portsOf, tupleOf } from '../flow/record'
import { isOver, State } from '../flow/state'
import { FRAME_SIZE, Frame } from '../frame'
import { Worker } from '../memory'
import { packetLength } from '../offload/release'
import { isMartian, speaksForUs } from '../router/check'
import { Interface, interfaceOf, routesOf, trieOf } from '../router/interface'
import { isNeighbor, mapped, Neighbor } from '../router/neighbor'
import { recallNeighbor, recallRoute, remembered, startRecall } from '../router/recall'
import { isUsable } from '../router/resolve'
import { Route } from '../router/route'
import { WAYS_MAX } from '../size'
import { touch } from '../table/bucket'
import { swap32 } from '../wire/order'
import { isUsual, L3 } from './usual'

export namespace Way {
  export const ADDRESSES: usize = 0
  export const PORTS: usize = 8
  export const INCARNATION: usize = 12
  export const FLAGS: usize = 14
  export const ROUTE: usize = 16
  export const INTERFACE: usize = 20
  export const NEIGHBOR: usize = 24
  export const HOP: usize = 32
  export const LINK: usize = 40
}

/** Ways are as large as descriptors. */
const MASK: usize = <usize>WAYS_MAX * FRAME_SIZE - 1

/** What was found of a descriptor. */
@inline
export function wayOf(block: usize, frame: usize): usize {
  return block + Worker.WAYS + ((frame - (block + Worker.FRAMES)) & MASK)
}

/**
 * Finds the ways of the frames from descriptor `frame` to `end`, 64 at most, whose FLOW is not 0. Of those
 * that do not go the short way FLOW becomes 0.
 */
export function approachWays(
  block: usize,
  config: usize,
  frame: usize,
  end: usize,
  tick: u32,
  now: f64,
): void {
  recognise(block, frame, end, tick)
  direct(block, config, frame, end)
  for (let at = frame; at < end; at += FRAME_SIZE) {
    touch(<usize>load<u32>(wayOf(block, at), Way.NEIGHBOR))
  }
  meet(block, frame, end, now)
}

/** What the packets and their flows say, of those that are as usual. */
function recognise(block: usize, frame: usize, end: usize, tick: u32): void {
  for (let at = frame; at < end; at += FRAME_SIZE) {
    const way = wayOf(block, at)
    store<u32>(way, 0, Way.NEIGHBOR)
    const reference = load<u32>(at, Frame.FLOW)
    if (reference == 0) continue
    store<u32>(at, 0, Frame.FLOW)
    const address = <usize>load<u32>(at, Frame.ADDRESS)
    if (!isUsual(at, address)) continue
    const record = <usize>load<u32>(at, Frame.TRACK)
    const incarnation = incarnationOf(record)
    if (!goesOn(record, tick) || !isOf(record, reference, address + L3)) continue
    const other = tupleOf(record, false, (reference & 1) ^ 1)
    store<u64>(way, rotl<u64>(load<u64>(other), 32), Way.ADDRESSES)
    store<u32>(way, rotl<u32>(portsOf(other, false), 16), Way.PORTS)
    store<u32>(way, incarnation | (flagsOf(record) << 16), Way.INCARNATION) // and FLAGS
    // Another worker may have ended it and begun one in its record.
    if (isSame(record, incarnation)) store<u32>(at, reference, Frame.FLOW)
  }
}

/** True for a record that is in use, of a flow that goes on. */
@inline
export function goesOn(record: usize, tick: u32): bool {
  if (<u32>load<u8>(record, Flow.STATE) == State.NONE) return false
  if (load<u32>(record, Flow.SEEN) != tick && isOver(record, tick)) return false
  return (flagsOf(record) & FlowFlag.DEAD) == 0
}

/**
 * True if a packet belongs to the flow, in the direction that `reference` says. Asked last, as on the long
 * way: a free record still has its former flow's tuple, and one that is in use has its own.
 */
@inline
function isOf(record: usize, reference: u32, packet: usize): bool {
  const tuple = tupleOf(record, false, reference & 1)
  if (load<u64>(tuple) != load<u64>(packet, 12)) return false
  if (portsOf(tuple, false) != load<u32>(packet, 20)) return false
  return load<u8>(record, Flow.PROTOCOL) == load<u8>(packet, 9)
}

/** The routes, the interfaces that they leave by, and who is remembered as the next hop. */
function direct(block: usize, config: usize, frame: usize, end: usize): void {
  const routes = routesOf(config)
  const trie = trieOf(config)
  startRecall(block)
  for (let at = frame; at < end; at += FRAME_SIZE) {
    const reference = load<u32>(at, Frame.FLOW)
    if (reference == 0) continue
    store<u32>(at, 0, Frame.FLOW)
    const way = wayOf(block, at)
    const came = load<u64>(<usize>load<u32>(at, Frame.ADDRESS) + L3, 12)
    const destination = <u32>(load<u64>(way, Way.ADDRESSES) >> 32)
    const route = routeOf(block, trie, routes, came, destination)
    if (route == 0) continue
    const out = interfaceOf(config, load<u32>(route, Route.FID))
    if (out == 0 || octetsOf(at) > load<u32>(out, Interface.MTU)) continue
    const upper = load<u64>(route, Route.NEXT_HOP + 8)
    const hop = upper != 0 ? upper : mapped(destination)
    store<u64>(way, hop, Way.HOP)
    store<u64>(way, <u64>route | ((<u64>out) << 32), Way.ROUTE) // and INTERFACE
    store<u32>(way, <u32>remembered(block, 0, hop), Way.NEIGHBOR)
    store<u32>(at, reference, Frame.FLOW)
  }
}

/** The route of a packet that came with these addresses, or 0 if it is not simply to be sent on. */
@inline
function routeOf(block: usize, trie: usize, routes: usize, came: u64, destination: u32): usize {
  if (isMartian(<u32>came & 0xff) || isMartian(<u32>(came >> 32) & 0xff)) return 0
  if (speaksForUs(recallRoute(block, trie, routes, swap32(<u32>came)))) return 0
  const route = recallRoute(block, trie, routes, swap32(destination))
  if (route == 0) return 0
  const kind = load<u32>(route)
  if (kind != Route.CONNECTED && kind != Route.STATIC) return 0
  return load<u64>(route, Route.NEXT_HOP) == 0 ? route : 0
}

/** Octets of a usual packet, of a super-frame's largest segment: what an MTU bounds. */
@inline
function octetsOf(frame: usize): u32 {
  const asked = load<u32>(frame, Frame.CHECKSUM) != 0 // checksum, GSO type and size in one load
  return asked ? packetLength(frame) : load<u32>(frame, Frame.LENGTH) - L3
}

/** The next hops, as far as packets can be sent to them at once. */
function meet(block: usize, frame: usize, end: usize, now: f64): void {
  for (let at = frame; at < end; at += FRAME_SIZE) {
    const reference = load<u32>(at, Frame.FLOW)
    if (reference == 0) continue
    store<u32>(at, 0, Frame.FLOW)
    const way = wayOf(block, at)
    const fid = load<u32>(<usize>load<u32>(way, Way.ROUTE), Route.FID)
    const neighbor = recallNeighbor(block, fid, 0, load<u64>(way, Way.HOP))
    if (neighbor == 0) continue
    const link = atomic.load<u64>(neighbor, Neighbor.LINK)
    if (!isUsable(neighbor, link, now)) continue
    store<u64>(way, link, Way.LINK)
    store<u32>(way, <u32>neighbor, Way.NEIGHBOR)
    touch(<usize>load<u32>(neighbor, Neighbor.SLOT))
    store<u32>(at, reference, Frame.FLOW)
  }
}

/** True if the next hop is still where it was found. */
@inline
export function isThere(way: usize): bool {
  const neighbor = <usize>load<u32>(way, Way.NEIGHBOR)
  if (atomic.load<u64>(neighbor, Neighbor.LINK) != load<u64>(way, Way.LINK)) return false
  // Asked behind it: the record may have become another's meanwhile.
  const fid = load<u32>(<usize>load<u32>(way, Way.ROUTE), Route.FID)
  return isNeighbor(neighbor, fid, 0, load<u64>(way, Way.HOP))
}
