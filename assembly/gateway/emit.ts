/** Frames of the router's own, and where frames of its go: by the FDB of the domain they leave in. */
import { inForce, keyOf, portOf, stampOf } from '../bridge/entry'
import {
  DomainRecord,
  domainRecord,
  Flood,
  latched,
  PortFlag,
  PortRecord,
  portRecord,
} from '../config'
import { drop } from '../door'
import { flood } from '../egress/flood'
import { takeHead } from '../egress/form'
import { unicastSpecial } from '../egress/send'
import { FRAME_SIZE, Frame } from '../frame'
import { Directory, directory, routerPort, Worker } from '../memory'
import { ENTRIES_RESERVE, HEADS_RESERVE, HEADS_SIZE, TRANSMIT_MAX } from '../size'
import { holds, valueOf } from '../table/bucket'
import { bucketOf, find } from '../table/hash'
import { BROADCAST, isGroup } from '../wire/ethernet'
import { Vlan } from '../wire/vlan'

/** Descriptors of a worker for frames that did not come in; the last is Worker.REST. */
export namespace Routed {
  /** What the router makes. */
  export const OWN: u32 = 0
  /** A copy of a frame that somebody watches, or a part of one. */
  export const COPY: u32 = 1
  /** A frame that waited. */
  export const HELD: u32 = 2
  export const PIECE: u32 = 3
  export const SEGMENT: u32 = 4
}

/** Octets kept free before a frame: a virtio-net header, a tag, and 2 so that L3 is aligned. */
const BEFORE: u32 = 18

@inline
export function routed(block: usize, which: u32): usize {
  return block + Worker.ROUTED + <usize>which * FRAME_SIZE
}

/** Room for a frame of `length` octets among the worker's headers: where it begins, or 0. */
export function room(worker: u32, block: usize, length: u32): usize {
  const head = takeHead(worker, block, length + BEFORE)
  return head == 0 ? 0 : head + BEFORE
}

/** False when so much of the transmit list and headers is used that nothing new is begun. */
@inline
export function isRoomy(block: usize, entries: u32): bool {
  if (entries > TRANSMIT_MAX - ENTRIES_RESERVE) return false
  return load<u32>(block, Worker.HEADS_USED) <= HEADS_SIZE - HEADS_RESERVE
}

/** Starts a frame of the router's own in a domain: its descriptor, or 0 when there is no room. */
export function begin(worker: u32, block: usize, fid: u32, length: u32): usize {
  const address = room(worker, block, length)
  if (address == 0) return 0
  const frame = routed(block, Routed.OWN)
  memory.fill(frame, 0, FRAME_SIZE)
  store<u32>(frame, <u32>address, Frame.ADDRESS)
  store<u32>(frame, length, Frame.LENGTH)
  store<u16>(frame, <u16>routerPort(), Frame.PORT)
  into(latched(block), frame, fid)
  return frame
}

/** Puts a frame into a domain, with the priority it has. */
@inline
export function into(config: usize, frame: usize, fid: u32): void {
  const vid = load<u32>(domainRecord(config, fid), DomainRecord.VID)
  const tci = (<u32>load<u16>(frame, Frame.TCI) & ~Vlan.VID_MASK) | vid
  store<u16>(frame, <u16>fid, Frame.FID)
  store<u16>(frame, <u16>tci, Frame.TCI)
}

/** Drops a frame, charged to the port it came from. */
export function discard(worker: u32, frame: usize, why: u32): void {
  drop(worker, <u32>load<u16>(frame, Frame.PORT), frame, why)
}

/** Sends by a port, whatever the FDB says: back to whoever asked. */
@inline
export function toPort(worker: u32, block: usize, frame: usize, port: u32, entries: u32): u32 {
  return unicastSpecial(worker, block, frame, port, 0, entries)
}

/** Sends to a MAC of the frame's domain: by the port it is on, or to all. */
export function toMac(
  worker: u32,
  block: usize,
  frame: usize,
  mac: u64,
  isolation: u32,
  entries: u32,
): u32 {
  if (isGroup(mac)) {
    return toAll(
      worker,
      block,
      frame,
      mac == BROADCAST ? Flood.BROADCAST : Flood.MULTICAST,
      entries,
    )
  }
  const config = latched(block)
  const fid = <u32>load<u16>(frame, Frame.FID)
  const table = directory(Directory.FDB)
  const key = keyOf(mac, fid)
  const slot = find(table, bucketOf(table, key), key)
  if (slot == 0) return toAll(worker, block, frame, Flood.UNKNOWN, entries)
  const value = valueOf(slot)
  const known =
    holds(slot, key) && inForce(config, fid, value, stampOf(load<f64>(block, Worker.NOW)))
  if (!known) return toAll(worker, block, frame, Flood.UNKNOWN, entries)
  const port = portOf(value)
  return unicastSpecial(worker, block, frame, port, isolation, entries)
}

/** Sends to all ports of the frame's domain, that it came from among them. */
export function toAll(worker: u32, block: usize, frame: usize, kind: u32, entries: u32): u32 {
  const port = load<u16>(frame, Frame.PORT)
  const reach = horizonOf(latched(block), frame)
  store<u16>(frame, <u16>routerPort(), Frame.PORT)
  entries = flood(worker, block, frame, kind, reach, entries)
  store<u16>(frame, port, Frame.PORT)
  return entries
}

/** OVERLAY if the frame came in by a tunnel of the domain that it is flooded in (CONFORMANCE X10), else 0. */
function horizonOf(config: usize, frame: usize): u32 {
  const record = portRecord(config, <u32>load<u16>(frame, Frame.PORT))
  if (load<u32>(record, PortRecord.FID) != <u32>load<u16>(frame, Frame.FID)) return 0
  return load<u32>(record, PortRecord.FLAGS) & PortFlag.OVERLAY
}

/** ISOLATED if the frame came in by an isolated port, and does not leave its domain; else 0. */
export function isolationOf(config: usize, frame: usize, outFid: u32): u32 {
  if (<u32>load<u16>(frame, Frame.FID) != outFid) return 0
  const record = portRecord(config, <u32>load<u16>(frame, Frame.PORT))
  return load<u32>(record, PortRecord.FLAGS) & PortFlag.ISOLATED
}
