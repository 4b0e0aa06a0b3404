/**
 * A packet of no flow that was routed and may go: its source is translated and its flow begun. It goes
 * nowhere without one, so that what answers it is known.
 */
import { Statistic, statistic } from '../counter'
import { Drop } from '../drop'
import { find } from '../flow/bucket'
import { evict } from '../flow/evict'
import { hashOf } from '../flow/hash'
import { capacityOf, tableOf } from '../flow/head'
import { admit, counterOf, dismiss } from '../flow/host'
import { release } from '../flow/mapping'
import {
  copyAddresses,
  Flow,
  FlowFlag,
  incarnationOf,
  isSame,
  Kind,
  portsOf,
  recordOf,
  sameTuple,
  setPorts,
  sidesOf,
  tupleOf,
  turn,
} from '../flow/record'
import { isOver, State, tickOf } from '../flow/state'
import {
  abandon,
  discard,
  hashOfEntry,
  insert,
  Outcome,
  permit,
  prepare,
  remove,
} from '../flow/table'
import { firstState, open } from '../flow/tcp'
import { Track, trackOf } from '../flow/track'
import { Fragment, Frame, framesOf } from '../frame'
import { ownerOf } from '../memory'
import { isWideFrame, packetOf, transportOf } from '../packet'
import * as icmp from '../wire/icmp'
import * as icmpv6 from '../wire/icmpv6'
import { TCP } from '../wire/tcp'
import { isError } from './arrive'
import { rulesOf } from './config'
import { keep, number } from './fragments'
import { Note } from './note'
import { rewrite } from './rewrite'
import { chooseSource, isSource } from './source'

/** Void flows in the way are cleared so often. */
const ATTEMPTS: u32 = 3

/**
 * Place B. `arrive` has seen the frame; `outFid` is where it is routed to. Returns 0 or a drop reason;
 * Frame.FLOW names the flow.
 */
export function leave(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  outFid: u32,
  now: f64,
): u32 {
  const wide = isWideFrame(frame)
  const table = tableOf(wide)
  if (load<u32>(frame, Frame.FLOW) != 0 || capacityOf(table) == 0) return 0
  const track = trackOf(worker)
  const rules = rulesOf(config)
  const later = <u32>load<u8>(frame, Frame.FRAGMENT) == Fragment.LATER
  if (later || isError(frame, wide)) {
    // It cannot be told whose it is: where that does not matter it goes as it is.
    if (!isSource(rules, wide, frame, track, outFid)) return 0
    if (!later) return Drop.FLOW_INVALID
    return keep(worker, ownerOf(worker, block), track, wide, frame, tickOf(now))
  }
  const state = stateFor(frame, wide)
  const translated = (load<u32>(track, Track.FLAGS) & FlowFlag.DESTINATION_NAT) != 0
  if (state == State.NONE || (state == State.MIDSTREAM && translated)) return Drop.FLOW_INVALID
  const packet = packetOf(frame)
  copyAddresses(track + Track.LEAVES, packet + (wide ? 8 : 12), wide)
  setPorts(track + Track.LEAVES, wide, load<u32>(frame, Frame.PORTS))
  const owner = ownerOf(worker, block)
  const tick = tickOf(now)
  const why = beginFlow(block, track, table, wide, rules, frame, state, outFid, 0, owner, tick)
  if (why != 0) return why
  number(worker, owner, track, table, wide, load<u32>(frame, Frame.FLOW), frame, tick)
  rewrite(frame, packet, wide, track + Track.LEAVES)
  return 0
}

/**
 * Begins the flow of the packet in hand, which is to leave by `outFid`: its track says how it came and, but for
 * the source, how it leaves. `note` is what was noted of it (note.ts), or 0. Returns 0, with the flow in
 * Frame.FLOW and all of how it leaves in the track, or a drop reason.
 */
export function beginFlow(
  block: usize,
  track: usize,
  table: usize,
  wide: bool,
  rules: usize,
  frame: usize,
  state: u32,
  outFid: u32,
  note: usize,
  owner: u32,
  tick: u32,
): u32 {
  const host = note != 0 ? <usize>load<u32>(note, Note.HOST) : counterOf(table, wide, track)
  if (!admit(table, host)) return Drop.FLOW_LIMIT
  let index = prepare(table)
  if (index == 0 && evict(block, table, wide, owner, tick)) index = prepare(table)
  let why: u32 = index == 0 ? Drop.FLOW_TABLE_FULL : 0
  if (why == 0) why = chooseSource(track, table, wide, rules, frame, outFid, note, owner, tick)
  if (why == 0) why = begin(track, table, wide, index, frame, state, outFid, note, owner, tick)
  if (why == 0) {
    statistic(block, Statistic.FLOWS_BEGUN)
    return 0
  }
  if (why == LEFT) return Drop.FLOW_TABLE_FULL
  giveBack(track, table, wide, index, owner)
  return why == JOINED ? 0 : why
}

/**
 * Instead of a drop reason: another worker has begun the same flow, which Frame.FLOW names; the packet leaves
 * as Track.LEAVES says.
 */
const JOINED: u32 = 0x10000
/** The same: the flow is not in force, and its record not to be given back. */
const LEFT: u32 = 0x20000

/** Gives back what was taken for a flow that was not begun. */
function giveBack(track: usize, table: usize, wide: bool, index: u32, owner: u32): void {
  const cell = load<u32>(track, Track.CELL)
  if (cell != 0 && !release(table, cell - 1, owner)) {
    abandon(table, index)
    return
  }
  dismiss(table, wide, track)
  if (index != 0) discard(table, index)
}

/** The state in which a packet begins a flow; NONE if it cannot. */
function stateFor(frame: usize, wide: bool): u32 {
  const protocol = <u32>load<u8>(frame, Frame.PROTOCOL)
  if (protocol == TCP.PROTOCOL) return firstState(transportOf(frame))
  const type = <u32>load<u8>(frame, Frame.ICMP_TYPE)
  const reply = wide
    ? protocol == icmpv6.Icmpv6.PROTOCOL && type == icmpv6.Icmpv6.ECHO_REPLY
    : protocol == icmp.Icmp.PROTOCOL && type == icmp.Icmp.ECHO_REPLY
  return reply ? State.NONE : State.UNREPLIED
}

/** Fills the record and puts the flow into the table. Returns 0, a drop reason, JOINED or LEFT. */
@inline
function begin(
  track: usize,
  table: usize,
  wide: bool,
  index: u32,
  frame: usize,
  state: u32,
  outFid: u32,
  note: usize,
  owner: u32,
  tick: u32,
): u32 {
  const record = recordOf(table, index << 2)
  const original = tupleOf(record, wide, Kind.ORIGINAL)
  const reply = tupleOf(record, wide, Kind.REPLY)
  const flags = load<u32>(track, Track.FLAGS)
  copyAddresses(original, track, wide)
  setPorts(original, wide, portsOf(track, wide))
  turn(reply, track + Track.LEAVES, wide)
  const moved = (flags & (FlowFlag.SOURCE_NAT | FlowFlag.DESTINATION_NAT)) != 0
  store<u16>(
    record,
    <u16>(flags | FlowFlag.DEAD | FlowFlag.FILLED | (moved ? FlowFlag.TRANSLATED : 0)),
    Flow.FLAGS,
  )
  store<u8>(record, load<u8>(frame, Frame.PROTOCOL), Flow.PROTOCOL)
  store<u8>(record, <u8>state, Flow.STATE)
  store<u8>(record, <u8>load<u32>(track, Track.SLOT), Flow.SLOT)
  store<u32>(record, tick, Flow.SEEN)
  store<u32>(record, tick, Flow.CREATED)
  store<u16>(record, load<u16>(frame, Frame.FID), Flow.IN_FID)
  store<u16>(record, <u16>outFid, Flow.OUT_FID)
  store<u16>(record, load<u16>(frame, Frame.PORT), Flow.IN_PORT)
  if (<u32>load<u8>(frame, Frame.PROTOCOL) == TCP.PROTOCOL) {
    open(record, sidesOf(table, wide, record), frame, transportOf(frame))
  }
  store<u32>(record, framesOf(frame), Flow.FRAMES)
  store<u64>(record, <u64>load<u32>(frame, Frame.LENGTH), Flow.OCTETS)
  const taken = (flags & FlowFlag.SOURCE_NAT) != 0
  if (taken && state == State.MIDSTREAM) return Drop.FLOW_INVALID
  // What was noted holds if the endpoint got the port that was likely.
  const foreseen = note != 0 && portsOf(reply, wide) == load<u32>(note, Note.PORTS)
  const turned = foreseen
    ? load<u64>(note, Note.REPLY)
    : hashOfEntry(table, wide, record, Kind.REPLY)
  const why = place(track, table, wide, index, frame, turned, owner, tick)
  if (why != 0) return why
  store<u32>(frame, index << 2, Frame.FLOW)
  // Address-dependent filtering: from now on the remote address may call the external port.
  const mapped = flags & (FlowFlag.MAPPED | FlowFlag.OPEN)
  if (mapped == FlowFlag.MAPPED) {
    const permitted = foreseen
      ? load<u64>(note, Note.PERMIT)
      : hashOfEntry(table, wide, record, Kind.PERMIT)
    permit(table, wide, index, incarnationOf(record), permitted, owner)
  }
  return 0
}

/** Inserts the flow; one that is over and in its way is ended first. `turned` is the hash of its reply. */
@inline
function place(
  track: usize,
  table: usize,
  wide: bool,
  index: u32,
  frame: usize,
  turned: u64,
  owner: u32,
  tick: u32,
): u32 {
  const record = recordOf(table, index << 2)
  const protocol = <u32>load<u8>(record, Flow.PROTOCOL)
  for (let attempt: u32 = 0; attempt < ATTEMPTS; attempt++) {
    const outcome = insert(table, wide, index, load<u64>(track, Track.HASH), turned, owner)
    if (outcome == Outcome.DONE) return 0
    if (outcome == Outcome.LEFT) return LEFT
    if (outcome == Outcome.BUSY) break
    const kind = outcome == Outcome.EXISTS ? Kind.ORIGINAL : Kind.REPLY
    const tuple = tupleOf(record, wide, kind)
    const ports = portsOf(tuple, wide)
    const hash = hashOf(table, wide, tuple, ports, protocol, Kind.ORIGINAL)
    const other = find(table, wide, hash, tuple, ports, protocol, Kind.ORIGINAL)
    if (other == 0) continue
    const its = recordOf(table, other)
    const incarnation = incarnationOf(its)
    if (isOver(its, tick)) {
      remove(table, wide, other >> 2, incarnation, owner)
      continue
    }
    // In the way of its reply is the same flow, if that was begun from its other end.
    const same = outcome == Outcome.EXISTS ? other : other ^ Kind.REPLY
    const isOurs = sameTuple(
      tupleOf(its, wide, same & 1),
      tupleOf(record, wide, Kind.ORIGINAL),
      wide,
    )
    turn(track + Track.LEAVES, tupleOf(its, wide, (same & 1) ^ 1), wide)
    if (!isSame(its, incarnation)) continue
    if (!isOurs) return isMoved(track) ? Drop.NAT_EXHAUSTED : Drop.FLOW_INVALID
    store<u32>(frame, same, Frame.FLOW)
    return JOINED
  }
  return Drop.FLOW_TABLE_FULL
}

@inline
function isMoved(track: usize): bool {
  return (load<u32>(track, Track.FLAGS) & FlowFlag.SOURCE_NAT) != 0
}
