/**
 * The short way through the router: of what `isUsual` (usual.ts) lets through and belongs to a flow whose
 * next hop is known (way.ts). All others go the long way (forward.ts), which this one agrees with in all it does.
 * Nothing is changed before it is certain that a packet goes this way: what stops the loop finds it as it
 * came.
 */
import {
  domainGeneration,
  inForce,
  keyOf,
  macOf,
  portOf,
  Shared,
  sharedOfPort,
  sourceKeyOf,
  stampOf,
  withGeneration,
} from '../bridge/entry'
import { isSeen, seen } from '../bridge/learn'
import { PortFlag, PortRecord, portRecord } from '../config'
import { countersOf, countTransmitted } from '../counter'
import { sendFitting } from '../egress/form'
import { UP } from '../egress/send'
import { asksOfKnown } from '../firewall'
import { capacityOf, tableOf } from '../flow/head'
import { FlowFlag, isSame } from '../flow/record'
import { tickOf } from '../flow/state'
import { follow } from '../flow/track'
import { FRAME_SIZE, Frame } from '../frame'
import { DIRECTORY, Directory, directory, ownerOf, Worker } from '../memory'
import { leavesShared, nextIdentification } from '../nat/identify'
import { Interface } from '../router/interface'
import { macOf as macOfLink, Neighbor } from '../router/neighbor'
import { COUNTERS_SIZE } from '../size'
import { holds, valueOf } from '../table/bucket'
import { bucketOf, find } from '../table/hash'
import { only, TRANSMIT_SIZE } from '../transmit'
import { Ethernet, isGroup, isStation } from '../wire/ethernet'
import { AHEAD, approachFlows } from './approach'
import { isRoomy } from './emit'
import { passOn, translate } from './relay'
import { sendOn, turnMacs } from './send'
import { L3, L4 } from './usual'
import { approachWays, goesOn, isThere, Way, wayOf } from './way'

/** What a port must not have for what comes in by it to go the short way. */
const DETOUR: u32 = PortFlag.LOCKED | PortFlag.MIRROR_RECEIVE
/** What is looked at of a port that takes a frame as it is; ISOLATED too where the ingress is. */
const LOOKED_AT: u32 =
  UP | PortFlag.EGRESS | PortFlag.VLAN_AWARE | PortFlag.MIRROR_TARGET | PortFlag.OVERLAY
/** In place of a value: no port has that number. */
const NOTHING: u64 = u64.MAX_VALUE
/** Instead of a port: it is not known. */
const NOWHERE: u32 = u32.MAX_VALUE

/**
 * Handles frames to the router, whose MAC is `mac` in the domain of the first: from number `first` of the
 * burst on, before `count`, for as long as they go the short way. Leaves the number of the first that
 * does not in Worker.NEXT; returns the number of transmit entries.
 */
export function shortcut(
  worker: u32,
  block: usize,
  config: usize,
  first: u32,
  count: u32,
  mac: u64,
  entries: u32,
  now: f64,
): u32 {
  store<u32>(block, first, Worker.NEXT)
  const port = load<u32>(block, Worker.PORT)
  const flags = load<u32>(portRecord(config, port), PortRecord.FLAGS)
  if ((flags & DETOUR) != 0 || load<u32>(DIRECTORY, Directory.CAPTURING) != 0) return entries
  if (capacityOf(tableOf(false)) == 0 || asksOfKnown(config)) return entries
  const frames = block + Worker.FRAMES
  const frame = frames + <usize>first * FRAME_SIZE
  const fid = <u32>load<u16>(frame, Frame.FID)
  let value = NOTHING
  if ((flags & PortFlag.NO_LEARNING) == 0) {
    const generation = atomic.load<u32>(sharedOfPort(port), Shared.GENERATION)
    value = withGeneration(seen(port, flags, now), generation + domainGeneration(fid))
  }
  const looked = LOOKED_AT | (flags & PortFlag.ISOLATED)
  const end = frames + <usize>count * FRAME_SIZE
  return run(worker, block, config, frame, end, fid, mac, value, looked, entries, now)
}

/**
 * The loop, over descriptors from `frame` to `end`. `value` is that of a source of which there is nothing
 * to learn, or NOTHING where nothing is learnt; `looked` are the flags looked at on a port.
 */
function run(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  end: usize,
  fid: u32,
  mac: u64,
  value: u64,
  looked: u32,
  entries: u32,
  now: f64,
): u32 {
  const table = tableOf(false)
  const tick = tickOf(now)
  const stamp = stampOf(now)
  const owner = ownerOf(worker, block)
  const counters = countersOf(worker, 0)
  let ahead = <usize>load<u32>(block, Worker.APPROACHED)
  let last: u64 = 0
  for (; frame < end; frame += FRAME_SIZE) {
    if (frame >= ahead) {
      ahead = min(end, frame + AHEAD)
      approachFlows(config, table, frame, ahead, fid, mac, tick)
      approachWays(block, config, frame, ahead, tick, now)
    }
    const reference = load<u32>(frame, Frame.FLOW)
    if (reference == 0 || !isRoomy(block, entries)) break
    const address = <usize>load<u32>(frame, Frame.ADDRESS)
    const source = sourceKeyOf(address, fid)
    if (source != last) {
      if (macOf(source) == mac || !isKnown(frame, source, value)) break
      last = source
    }
    // What was found may have changed, by a packet that went the long way or by another worker.
    const way = wayOf(block, frame)
    const record = <usize>load<u32>(frame, Frame.TRACK)
    const flags = <u32>load<u16>(way, Way.FLAGS)
    if (!isSame(record, <u32>load<u16>(way, Way.INCARNATION)) || !goesOn(record, tick)) break
    if (!isThere(way)) break

    const packet = address + L3
    follow(table, false, reference, record, frame, address + L4, tick, owner)
    const shared = leavesShared(flags, reference)
    const number = shared ? nextIdentification(table, frame, packet) : <u32>load<u16>(packet, 4)
    if ((flags & FlowFlag.TRANSLATED) == 0) passOn(packet, number)
    else {
      const addresses = load<u64>(way, Way.ADDRESSES)
      translate(frame, packet, addresses, load<u32>(way, Way.PORTS), number)
    }
    const out = <usize>load<u32>(way, Way.INTERFACE)
    const to = macOfLink(load<u64>(way, Way.LINK))
    const neighbor = <usize>load<u32>(way, Way.NEIGHBOR)
    const entry = block + Worker.TRANSMIT + <usize>entries * TRANSMIT_SIZE
    if (sendAsItIs(config, frame, out, neighbor, to, looked, stamp, counters, entry)) {
      entries++
    } else {
      store<u16>(frame, <u16>load<u32>(out, Interface.FID), Frame.OUT_FID)
      entries = sendOn(worker, block, config, frame, out, to, entries)
    }
  }
  store<u32>(block, <u32>ahead, Worker.APPROACHED)
  store<u32>(block, <u32>(frame - (block + Worker.FRAMES)) / <u32>FRAME_SIZE, Worker.NEXT)
  return entries
}

/** True if there is nothing to learn of a source. */
@inline
function isKnown(frame: usize, source: u64, value: u64): bool {
  if (value == NOTHING) return isStation(macOf(source))
  return isSeen(<usize>load<u32>(frame, Frame.SOURCE_BUCKET), source, value)
}

/**
 * Sends a frame that asks for nothing by the port that its next hop is on, if that is known and takes it
 * as it is.
 */
@inline
function sendAsItIs(
  config: usize,
  frame: usize,
  out: usize,
  neighbor: usize,
  mac: u64,
  looked: u32,
  stamp: u32,
  counters: usize,
  entry: usize,
): bool {
  if (load<u32>(frame, Frame.CHECKSUM) != 0) return false
  const fid = load<u32>(out, Interface.FID)
  const port = placeOf(config, neighbor, mac, fid, stamp)
  if (port == NOWHERE) return false
  const egress = portRecord(config, port)
  if ((load<u32>(egress, PortRecord.FLAGS) & looked) != UP) return false
  if (load<u32>(egress, PortRecord.FID) != fid) return false
  const length = load<u32>(frame, Frame.LENGTH)
  if (length > load<u32>(egress, PortRecord.MTU) + Ethernet.HEADER) return false
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  turnMacs(address, mac, load<u64>(out))
  sendFitting(entry, address, length, only(port))
  countTransmitted(counters + <usize>port * COUNTERS_SIZE, 1, length)
  return true
}

/** The port that the MAC of a neighbour is on, or NOWHERE. */
@inline
function placeOf(config: usize, neighbor: usize, mac: u64, fid: u32, stamp: u32): u32 {
  const key = keyOf(mac, fid)
  let slot = <usize>load<u32>(neighbor, Neighbor.SLOT)
  if (slot == 0 || !holds(slot, key)) {
    const fdb = directory(Directory.FDB)
    slot = isGroup(mac) ? 0 : find(fdb, bucketOf(fdb, key), key)
    if (slot == 0) return NOWHERE
    store<u32>(neighbor, <u32>slot, Neighbor.SLOT)
  }
  const value = valueOf(slot)
  return holds(slot, key) && inForce(config, fid, value, stamp) ? portOf(value) : NOWHERE
}
