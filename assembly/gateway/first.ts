/**
 * The short way of the first packets of flows: of what `describe` (usual.ts) describes, belongs to no flow
 * and is sent on to a neighbour that is known. What they need is noted, and read ahead, for a group of them
 * (nat/approach.ts). All others go the long way (forward.ts), which this one agrees with in all it does;
 * nothing is changed before it is certain that a packet goes this way.
 */
import { macOf, sourceKeyOf } from '../bridge/entry'
import { PortRecord, portRecord } from '../config'
import { countersOf } from '../counter'
import { permitRouted } from '../firewall'
import { approachRules, classesOf } from '../firewall/judge'
import { bucketOf, find, mayHold } from '../flow/bucket'
import { tableOf } from '../flow/head'
import { FlowFlag, flagsOf, Kind, portsOf, recordOf } from '../flow/record'
import { State, tickOf } from '../flow/state'
import { firstState } from '../flow/tcp'
import { Track, trackOf } from '../flow/track'
import { FRAME_SIZE, Frame } from '../frame'
import { Directory, directory, ownerOf, Worker } from '../memory'
import { approachFirst } from '../nat/approach'
import { rulesOf } from '../nat/config'
import { leavesShared, nextIdentification } from '../nat/identify'
import { beginFlow } from '../nat/leave'
import { Note, noteOf } from '../nat/note'
import { Interface, interfaceOf, routesOf, trieOf } from '../router/interface'
import { clampMss } from '../router/mss'
import { startRecall } from '../router/recall'
import { Route, routeTo4 } from '../router/route'
import { TRANSMIT_SIZE } from '../transmit'
import { IPv4 } from '../wire/ipv4'
import { TCP } from '../wire/tcp'
import { refuse } from './forward'
import { Hop, hopAt, keysOf, seek, stands, stateNow } from './hops'
import { passOn, translateStepwise } from './relay'
import { isKnown, isTooLong, roomIn, sendBeyond, sendPlain, valueOf } from './shortcut'
import { describe, ENDS, L3, L4 } from './usual'
import { keyOfHop, routeOf } from './way'

/** Octets of descriptors of which all that was read ahead is in the nearest cache still. */
const NOTED: usize = 32 * FRAME_SIZE
/** In place of a domain: the group's first packet has no route. */
const NOWHERE: u32 = u32.MAX_VALUE

/**
 * Handles frames to the router, whose MAC is `mac` in the domain of the first, that `shortcut` has read ahead
 * and left: from number `first` of the burst on, for as long as they begin flows on the short way. Leaves
 * the number of the first that does not in Worker.NEXT; returns the number of transmit entries.
 */
export function beginFlows(
  worker: u32,
  block: usize,
  config: usize,
  first: u32,
  mac: u64,
  entries: u32,
  now: f64,
): u32 {
  const frame = block + Worker.FRAMES + <usize>first * FRAME_SIZE
  const end = <usize>load<u32>(block, Worker.APPROACHED)
  if (frame >= end) return entries
  const fid = <u32>load<u16>(frame, Frame.FID)
  if (frame >= <usize>load<u32>(block, Worker.FIRSTS_END)) {
    foresee(block, config, frame, min(end, frame + NOTED), fid, now)
  }
  const port = load<u32>(block, Worker.PORT)
  const flags = load<u32>(portRecord(config, port), PortRecord.FLAGS)
  const value = valueOf(port, flags, fid, now)
  const noted = <usize>load<u32>(block, Worker.FIRSTS_END)
  return run(worker, block, config, frame, noted, fid, mac, value, keysOf(flags), entries, now)
}

/** Notes what those up to descriptor `end` need, as if all of it left as the packet of `frame` does. */
function foresee(block: usize, config: usize, frame: usize, end: usize, fid: u32, now: f64): void {
  const route = routeTo4(config, <usize>load<u32>(frame, Frame.ADDRESS) + L3 + 16)
  const outFid = route == 0 ? NOWHERE : load<u32>(route, Route.FID)
  store<u32>(block, <u32>end, Worker.FIRSTS_END)
  store<u32>(block, outFid, Worker.FIRSTS_FID)
  if (route == 0) return
  const classed = approachRules(block, config, frame, end)
  store<u32>(block, <u32>classed, Worker.CLASSED)
  approachFirst(block, tableOf(false), rulesOf(config), frame, end, fid, outFid, tickOf(now))
}

/** The loop, over descriptors from `frame` to `end`; `value` and `keys` are as in shortcut.ts. */
function run(
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
  const table = tableOf(false)
  const tick = tickOf(now)
  const owner = ownerOf(worker, block)
  const counters = countersOf(worker, 0)
  const outFid = load<u32>(block, Worker.FIRSTS_FID)
  const out = outFid == NOWHERE ? <usize>0 : interfaceOf(config, outFid)
  const trie = trieOf(config)
  const routes = routesOf(config)
  const track = trackOf(worker)
  if (out == 0) return entries
  const mtu = min(load<u32>(out, Interface.MTU), load<u32>(interfaceOf(config, fid), Interface.MTU))
  startRecall(block)
  const identity = directory(Directory.IDENTITY)
  let state = stateNow(block)
  let room = roomIn(block)
  let last: u64 = 0
  for (; frame < end; frame += FRAME_SIZE) {
    const note = noteOf(block, frame)
    if (load<u32>(note, Note.HOST) == 0 || entries >= room) break
    if (<u32>load<u16>(frame, Frame.FID) != fid) break
    const address = <usize>load<u32>(frame, Frame.ADDRESS)
    const source = sourceKeyOf(address, fid)
    if (source != last) {
      if (macOf(source) == mac || !isKnown(frame, source, value)) break
      last = source
    }
    const packet = address + L3
    describe(false, frame, packet, ENDS)
    const protocol = <u32>load<u8>(frame, Frame.PROTOCOL)
    if (protocol == 0) break
    const came = load<u64>(packet, 12)
    const destination = <u32>(came >> 32)
    const route = routeOf(block, trie, routes, came, destination)
    if (route == 0 || load<u32>(route, Route.FID) != outFid) break
    const key = keyOfHop(keys, route, destination)
    const hop = hopAt(block, key)
    if (!stands(hop, key, state, now) && !seek(worker, block, config, hop, key, state, now)) break
    const length = load<u32>(frame, Frame.LENGTH)
    const plain = load<u32>(frame, Frame.CHECKSUM) == 0 && length <= load<u32>(hop, Hop.MOST)
    if (!plain && isTooLong(frame, hop)) break
    const begins = protocol == TCP.PROTOCOL ? firstState(address + L4) : State.UNREPLIED
    if (begins == State.NONE || isBegun(table, note, packet, protocol)) break

    const why = begin(worker, block, config, track, note, frame, begins, outFid, mtu, owner, tick)
    if (why != 0) {
      entries = refuse(worker, block, config, frame, why, entries)
      state = stateNow(block)
      room = roomIn(block)
      continue
    }
    if (plain) {
      const entry = block + Worker.TRANSMIT + <usize>entries * TRANSMIT_SIZE
      sendPlain(address, length, hop, identity, counters, entry)
      entries++
    } else {
      entries = sendBeyond(worker, block, config, frame, hop, entries)
      state = stateNow(block)
      room = roomIn(block)
    }
  }
  store<u32>(block, <u32>(frame - (block + Worker.FRAMES)) / <u32>FRAME_SIZE, Worker.NEXT)
  return entries
}

/** Begins the flow of a packet, which becomes what it is to leave as; returns why not, or 0. */
function begin(
  worker: u32,
  block: usize,
  config: usize,
  track: usize,
  note: usize,
  frame: usize,
  state: u32,
  outFid: u32,
  mtu: u32,
  owner: u32,
  tick: u32,
): u32 {
  const table = tableOf(false)
  const packet = <usize>load<u32>(frame, Frame.ADDRESS) + L3
  startTrack(track, note, packet, frame)
  store<u16>(frame, <u16>outFid, Frame.OUT_FID)
  const classed = load<u32>(block, Worker.CLASSED) != 0
  store<u32>(block, classed ? <u32>classesOf(block, frame) : 0, Worker.CLASSES_AT)
  let why = permitRouted(worker, block, config, frame, outFid)
  store<u32>(block, 0, Worker.CLASSES_AT)
  if (why != 0) return why
  const rules = rulesOf(config)
  why = beginFlow(block, track, table, false, rules, frame, state, outFid, note, owner, tick)
  if (why != 0) return why
  const reference = load<u32>(frame, Frame.FLOW)
  const flags = flagsOf(recordOf(table, reference))
  const shared = leavesShared(flags, reference)
  const number = shared
    ? nextIdentification(block, table, frame, packet)
    : <u32>load<u16>(packet, 4)
  const leaves = track + Track.LEAVES
  if ((flags & FlowFlag.TRANSLATED) == 0) passOn(packet, number)
  else translateStepwise(frame, packet, load<u64>(leaves), portsOf(leaves, false), number)
  if (<u32>load<u8>(frame, Frame.PROTOCOL) == TCP.PROTOCOL) clampMss(frame, mtu, IPv4.HEADER)
  return 0
}

/** True if the packet belongs to a flow by now, or to one that the short way does not follow. */
@inline
function isBegun(table: usize, note: usize, packet: usize, protocol: u32): bool {
  const hash = load<u64>(note, Note.ORIGINAL)
  if (!mayHold(bucketOf(table, hash), hash)) return false
  const ports = load<u32>(packet, IPv4.HEADER)
  return find(table, false, hash, packet + 12, ports, protocol, Kind.ORIGINAL) != 0
}

/** Writes of a packet that calls nobody what `arrive` and `leave` (nat/) write before a flow is begun. */
@inline
function startTrack(track: usize, note: usize, packet: usize, frame: usize): void {
  const addresses = load<u64>(packet, 12)
  const ports = load<u32>(packet, IPv4.HEADER)
  store<u64>(track, addresses)
  store<u32>(track, ports, 8)
  store<u64>(track, load<u64>(note, Note.ORIGINAL), Track.HASH)
  store<u64>(track, 0, Track.CALLED) // and FLAGS
  store<u64>(track, 0, Track.SLOT) // and CELL
  store<u64>(track, addresses, Track.LEAVES)
  store<u32>(track, ports, Track.LEAVES + 8)
  store<u32>(frame, 0, Frame.FLOW)
  store<u32>(frame, <u32>track, Frame.TRACK)
}
