/**
 * The short way through the router: of what `describe` (usual.ts) describes and belongs to a flow whose
 * next hop is known (way.ts). All others go the long way (forward.ts), which this one agrees with in all it does.
 * Nothing is changed before it is certain that a packet goes this way: what stops the loop finds it as it
 * came.
 */
import {
  domainGeneration,
  macOf,
  Shared,
  sharedOfPort,
  sourceKeyOf,
  withGeneration,
} from '../bridge/entry'
import { isSeen, seen } from '../bridge/learn'
import { PortFlag, PortRecord, portRecord } from '../config'
import { countersOf, countTransmitted } from '../counter'
import { sendFitting } from '../egress/form'
import { asksOfKnown } from '../firewall'
import { capacityOf, tableOf } from '../flow/head'
import { FlowFlag } from '../flow/record'
import { tickOf } from '../flow/state'
import { follow } from '../flow/track'
import { FRAME_SIZE, Frame } from '../frame'
import { DIRECTORY, Directory, directory, ownerOf, Worker } from '../memory'
import { leavesShared, nextIdentification } from '../nat/identify'
import { packetLength } from '../offload/release'
import { Interface } from '../router/interface'
import { macOf as macOfLink } from '../router/neighbor'
import { COUNTERS_SIZE, ENTRIES_RESERVE, TRANSMIT_MAX } from '../size'
import { TRANSMIT_SIZE } from '../transmit'
import { isStation } from '../wire/ethernet'
import { AHEAD, approachFlows } from './approach'
import { isRoomy } from './emit'
import { Hop, keysOf, stateNow } from './hops'
import { notePaths } from './paths'
import { passOn, passOnWide, translate, translateWide } from './relay'
import { sendOn } from './send'
import { IPv4Address, IPv6Address, isWideAt, isWideFamily, L3, L4, L4_WIDE } from './usual'
import { approachWays, goesOn, isReached, Way, wayOf } from './way'

/** What a port must not have for what comes in by it to go the short way. */
const DETOUR: u32 = PortFlag.LOCKED | PortFlag.MIRROR_RECEIVE
/** In place of a value: no port has that number. */
const NOTHING: u64 = u64.MAX_VALUE

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
  const frames = block + Worker.FRAMES
  const frame = frames + <usize>first * FRAME_SIZE
  const wide = isWideAt(<usize>load<u32>(frame, Frame.ADDRESS))
  if (capacityOf(tableOf(wide)) == 0 || asksOfKnown(config)) return entries
  const fid = <u32>load<u16>(frame, Frame.FID)
  const value = valueOf(port, flags, fid, now)
  const end = frames + <usize>count * FRAME_SIZE
  const keys = keysOf(flags)
  return wide
    ? run<IPv6Address>(worker, block, config, frame, end, fid, mac, value, keys, entries, now)
    : run<IPv4Address>(worker, block, config, frame, end, fid, mac, value, keys, entries, now)
}

/**
 * The loop, over descriptors from `frame` to `end`. `value` is that of a source of which there is nothing
 * to learn, or NOTHING where nothing is learnt; `keys` is what all keys of hops have.
 */
function run<T>(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  end: usize,
  fid: u32,
  mac: u64,
  value: u64,
  keys: u64,
  entries: u32,
  now: f64,
): u32 {
  const wide = isWideFamily<T>()
  const table = tableOf(wide)
  const tick = tickOf(now)
  const owner = ownerOf(worker, block)
  const counters = countersOf(worker, 0)
  const identity = directory(Directory.IDENTITY)
  const approached = block + (wide ? Worker.APPROACHED6 : Worker.APPROACHED)
  let ahead = <usize>load<u32>(approached)
  // What was found ahead may have changed, by a packet that went the long way.
  let state = stateNow(block)
  let room = roomIn(block)
  let last: u64 = 0
  const first = frame
  for (; frame < end; frame += FRAME_SIZE) {
    if (frame >= ahead) {
      ahead = min(end, frame + AHEAD)
      approachFlows<T>(table, block, frame, ahead, fid, mac)
      state = stateNow(block)
      approachWays<T>(block, config, frame, ahead, keys, tick)
    }
    const way = wayOf(wide, block, frame)
    const found = wide ? way : frame
    const reference = load<u32>(found, Frame.FLOW)
    if (reference == 0 || entries >= room) break
    const address = <usize>load<u32>(frame, Frame.ADDRESS)
    const source = sourceKeyOf(address, fid)
    if (source != last) {
      if (macOf(source) == mac || !isKnown(frame, source, value)) break
      last = source
    }
    const record = <usize>load<u32>(found, Frame.TRACK)
    const word = load<u32>(way, Way.INCARNATION) // and flags
    if (!goesOn(record, word, tick)) break
    const hop = <usize>load<u32>(way, Way.HOP)
    if (!isReached(wide, worker, block, config, way, hop, state, now)) break
    const length = load<u32>(frame, Frame.LENGTH)
    const plain = load<u32>(frame, Frame.CHECKSUM) == 0 && length <= load<u32>(hop, Hop.MOST)
    if (!plain && isTooLong(frame, hop)) break

    const packet = address + L3
    const l4 = address + (wide ? L4_WIDE : L4)
    follow(table, wide, reference, record, frame, l4, tick, owner)
    if (wide) changeWide(frame, packet, way, word >> 16)
    else change(block, table, frame, packet, way, word >> 16, reference)
    if (plain) {
      const entry = block + Worker.TRANSMIT + <usize>entries * TRANSMIT_SIZE
      sendPlain(address, length, hop, identity, counters, entry)
      if (!wide) store<u64>(way, source, Way.SOURCE)
      entries++
    } else {
      entries = sendBeyond(worker, block, config, frame, hop, entries)
      state = stateNow(block)
      room = roomIn(block)
    }
  }
  const noted =
    !wide && load<u32>(block, Worker.ERA) != 0 && state == load<u64>(block, Worker.ERA_STATE)
  if (noted) notePaths(worker, block, first, frame, tick)
  store<u32>(approached, <u32>ahead)
  store<u32>(block, <u32>(frame - (block + Worker.FRAMES)) / <u32>FRAME_SIZE, Worker.NEXT)
  return entries
}

/** Makes of a packet of a flow with `flags` what leaves. */
@inline
function change(
  block: usize,
  table: usize,
  frame: usize,
  packet: usize,
  way: usize,
  flags: u32,
  reference: u32,
): void {
  const shared = leavesShared(flags, reference)
  const number = shared
    ? nextIdentification(block, table, frame, packet)
    : <u32>load<u16>(packet, 4)
  if ((flags & FlowFlag.TRANSLATED) == 0) passOn(packet, number)
  else {
    const addresses = load<u64>(way, Way.ADDRESSES)
    translate(frame, packet, addresses, load<u32>(way, Way.PORTS), number)
  }
}

/** The same of one over IPv6. */
@inline
function changeWide(frame: usize, packet: usize, way: usize, flags: u32): void {
  if ((flags & FlowFlag.TRANSLATED) == 0) passOnWide(packet)
  else translateWide(frame, packet, way + Way.ADDRESSES, load<u32>(way, Way.PORTS))
}

/**
 * The value that sources in domain `fid` have of which there is nothing to learn from a port with `flags`;
 * NOTHING where nothing is learnt.
 */
export function valueOf(port: u32, flags: u32, fid: u32, now: f64): u64 {
  if ((flags & PortFlag.NO_LEARNING) != 0) return NOTHING
  const generation = atomic.load<u32>(sharedOfPort(port), Shared.GENERATION)
  return withGeneration(seen(port, flags, now), generation + domainGeneration(fid))
}

/** How many entries the transmit list may have for a frame to be begun, and one; 0 without room for headers. */
@inline
export function roomIn(block: usize): u32 {
  return isRoomy(block, 0) ? TRANSMIT_MAX - ENTRIES_RESERVE + 1 : 0
}

/** True if a packet, or a super-frame's largest segment, is longer than its interface lets through. */
@inline
export function isTooLong(frame: usize, hop: usize): bool {
  return packetLength(frame) > load<u32>(<usize>load<u32>(hop, Hop.INTERFACE), Interface.MTU)
}

/** Sends a frame that asks for nothing by the port of its hop, which takes it as it is. */
@inline
export function sendPlain(
  address: usize,
  length: u32,
  hop: usize,
  identity: usize,
  counters: usize,
  entry: usize,
): void {
  const port = load<u32>(hop, Hop.PORT)
  store<u64>(address, load<u64>(hop, Hop.MACS))
  store<u32>(address, load<u32>(hop, Hop.MACS + 8), 8)
  sendFitting(entry, address, length, identity + ((<usize>port) << 2))
  countTransmitted(counters + <usize>port * COUNTERS_SIZE, 1, length)
}

/** Sends what asks for something, or is to go where not every frame may. */
export function sendBeyond(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  hop: usize,
  entries: u32,
): u32 {
  const out = <usize>load<u32>(hop, Hop.INTERFACE)
  store<u16>(frame, <u16>load<u32>(out, Interface.FID), Frame.OUT_FID)
  return sendOn(worker, block, config, frame, out, macOfLink(load<u64>(hop, Hop.LINK)), entries)
}

/** True if there is nothing to learn of a source. */
@inline
export function isKnown(frame: usize, source: u64, value: u64): bool {
  if (value == NOTHING) return isStation(macOf(source))
  return isSeen(<usize>load<u32>(frame, Frame.SOURCE_BUCKET), source, value)
}
