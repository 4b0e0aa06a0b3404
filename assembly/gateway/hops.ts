/**
 * How the next hops are reached that a worker sent packets to lately, by a hash of their address: what
 * a packet needs of neighbour, FDB and ports, in one line. It holds for as long as the config is the same and
 * neither the FDB nor the neighbours have changed, which they count (table/head.ts). A key has not the room for
 * an address of IPv6: there the neighbour's record says whose line it is.
 *
 *    0 key u64         the hop's address, over IPv6 a word of it; its domain, and what of the ingress matters
 *    8 state u64       `stateNow` before all of it was found out; 0 for nothing
 *   16 until f64       ms: when to ask again in any case, since neighbour or entry grow old
 *   24 link u64        the neighbour's word
 *   32 MACs            12 octets, as frames to it begin
 *   44 most u32        octets of the longest frame that its port takes as it is; 0 if it takes none so
 *   48 port u32        52 interface u32   by which it is reached
 *   56 neighbour u32   its record      60 serial u32   by which paths.ts knows what was found out
 */
import { ageingOf, inForce, keyOf, oldAt, portOf, stampOf } from '../bridge/entry'
import { PortFlag, PortRecord, portRecord, TICK_MS } from '../config'
import { UP } from '../egress/send'
import { Directory, directory, Worker } from '../memory'
import { Interface, interfaceOf } from '../router/interface'
import {
  findNeighbor,
  isNeighbor,
  macOf,
  mapped,
  Neighbor,
  REACHABLE_TIME,
  State,
  stateOf,
} from '../router/neighbor'
import { isUsable } from '../router/resolve'
import { HOPS_BITS } from '../size'
import { holds, valueOf } from '../table/bucket'
import { bucketOf, find } from '../table/hash'
import { changesOf } from '../table/head'
import { Ethernet, isGroup } from '../wire/ethernet'
import { mix } from '../wire/ipv6'
import { nextSerial } from './serial'

export namespace Hop {
  export const KEY: usize = 0
  export const STATE: usize = 8
  export const UNTIL: usize = 16
  export const LINK: usize = 24
  export const MACS: usize = 32
  export const MOST: usize = 44
  export const PORT: usize = 48
  export const INTERFACE: usize = 52
  export const NEIGHBOR: usize = 56
  export const SERIAL: usize = 60
}

/** What is looked at of a port that takes a frame as it is; ISOLATED too where the ingress is. */
const LOOKED_AT: u32 =
  UP | PortFlag.EGRESS | PortFlag.VLAN_AWARE | PortFlag.MIRROR_TARGET | PortFlag.OVERLAY
/** In a key: the ingress is isolated. */
const ISOLATED: u64 = 1 << 48
/** And: the hop's address is of IPv6. */
const WIDE: u64 = 1 << 49

/** What all keys of a burst have, by the flags of its port. */
@inline
export function keysOf(flags: u32): u64 {
  return (flags & PortFlag.ISOLATED) == 0 ? 0 : ISOLATED
}

@inline
export function keyFor(keys: u64, fid: u32, address: u32): u64 {
  return keys | ((<u64>fid) << 32) | <u64>address
}

/** The same for the IPv6 address that stands at `address`. */
@inline
export function wideKeyFor(keys: u64, fid: u32, address: usize): u64 {
  return keys | WIDE | ((<u64>fid) << 32) | <u64>mix(address)
}

@inline
function fidOf(key: u64): u32 {
  return <u32>(key >> 32) & 0xffff
}

/** Where a worker notes a hop. */
@inline
export function hopAt(block: usize, key: u64): usize {
  const hash = (<u32>key ^ <u32>(key >> 32)) * 0x9e3779b1
  return block + Worker.HOPS + ((hash >> (32 - HOPS_BITS)) << 6)
}

/** What was found out holds while this is the same: the config, and changes of FDB and neighbours. */
@inline
export function stateNow(block: usize): u64 {
  const changes =
    changesOf(directory(Directory.FDB)) + changesOf(directory(Directory.NEIGHBOR_TABLE))
  return <u64>load<u32>(block, Worker.EPOCH) | ((<u64>changes) << 32)
}

/** True if what is noted is of that hop, was found out in that state and holds at `now`. */
@inline
export function stands(hop: usize, key: u64, state: u64, now: f64): bool {
  if (load<u64>(hop) != key || load<u64>(hop, Hop.STATE) != state) return false
  return now < load<f64>(hop, Hop.UNTIL)
}

/** The same of the hop whose IPv6 address stands at `address`: its neighbour is the same, and as it was. */
@inline
export function standsFor(hop: usize, key: u64, address: usize, state: u64, now: f64): bool {
  if (!stands(hop, key, state, now)) return false
  const neighbor = <usize>load<u32>(hop, Hop.NEIGHBOR)
  const lower = load<u64>(address)
  if (!isNeighbor(neighbor, fidOf(key), lower, load<u64>(address, 8))) return false
  return atomic.load<u64>(neighbor, Neighbor.LINK) == load<u64>(hop, Hop.LINK)
}

/**
 * Finds out how a hop is reached, in what is `stateNow`, or was before. False if nothing can be sent to it
 * before somebody was asked.
 */
export function seek(
  worker: u32,
  block: usize,
  config: usize,
  hop: usize,
  key: u64,
  state: u64,
  now: f64,
): bool {
  return seekAt(worker, block, config, hop, key, 0, mapped(<u32>key), state, now)
}

/** The same of a hop whose address is given as a neighbour's. */
export function seekAt(
  worker: u32,
  block: usize,
  config: usize,
  hop: usize,
  key: u64,
  lower: u64,
  upper: u64,
  state: u64,
  now: f64,
): bool {
  store<u64>(hop, 0, Hop.STATE)
  store<u32>(hop, nextSerial(worker, block), Hop.SERIAL)
  const own = interfaceOf(config, fidOf(key))
  const neighbor = neighborOf(hop, fidOf(key), lower, upper)
  if (own == 0 || neighbor == 0) return false
  const link = atomic.load<u64>(neighbor, Neighbor.LINK)
  if (!isUsable(neighbor, link, now)) return false
  const aging = stateOf(link) == State.REACHABLE
  const confirmed = aging ? load<f64>(neighbor, Neighbor.CONFIRMED) + REACHABLE_TIME : Infinity
  const mac = macOf(link)
  const source = load<u64>(own)
  store<u64>(hop, key)
  store<u64>(hop, link, Hop.LINK)
  store<u64>(hop, mac | (source << 48), Hop.MACS)
  store<u32>(hop, <u32>(source >> 16), Hop.MACS + 8)
  store<u32>(hop, <u32>own, Hop.INTERFACE)
  const until = place(config, hop, key, neighbor, mac, own, now)
  store<f64>(hop, min(until, confirmed), Hop.UNTIL)
  store<u64>(hop, state, Hop.STATE)
  return true
}

/** The record of a hop's neighbour, or 0. */
function neighborOf(hop: usize, fid: u32, lower: u64, upper: u64): usize {
  const known = <usize>load<u32>(hop, Hop.NEIGHBOR)
  if (known != 0 && isNeighbor(known, fid, lower, upper)) return known
  const found = findNeighbor(fid, lower, upper)
  store<u32>(hop, <u32>found, Hop.NEIGHBOR)
  return found
}

/** Notes the port that a hop is on, if frames leave by it as they are. Returns until when that holds, ms. */
function place(
  config: usize,
  hop: usize,
  key: u64,
  neighbor: usize,
  mac: u64,
  own: usize,
  now: f64,
): f64 {
  store<u32>(hop, 0, Hop.MOST)
  const fid = fidOf(key)
  const wanted = keyOf(mac, fid)
  let slot = <usize>load<u32>(neighbor, Neighbor.SLOT)
  if (slot == 0 || !holds(slot, wanted)) {
    const fdb = directory(Directory.FDB)
    slot = isGroup(mac) ? 0 : find(fdb, bucketOf(fdb, wanted), wanted)
    if (slot == 0) return now + TICK_MS
    store<u32>(neighbor, <u32>slot, Neighbor.SLOT)
  }
  const value = valueOf(slot)
  if (!holds(slot, wanted) || !inForce(config, fid, value, stampOf(now))) return now + TICK_MS
  const egress = portRecord(config, portOf(value))
  const looked = LOOKED_AT | ((key & ISOLATED) == 0 ? 0 : PortFlag.ISOLATED)
  if ((load<u32>(egress, PortRecord.FLAGS) & looked) != UP) return Infinity
  if (load<u32>(egress, PortRecord.FID) != fid) return Infinity
  const most = min(load<u32>(egress, PortRecord.MTU), load<u32>(own, Interface.MTU))
  store<u32>(hop, portOf(value), Hop.PORT)
  store<u32>(hop, most + Ethernet.HEADER, Hop.MOST)
  return oldAt(value, ageingOf(config, fid), now)
}
