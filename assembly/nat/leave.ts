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
import { admit, dismiss } from '../flow/host'
import { release } from '../flow/mapping'
import {
  copyAddresses,
  count,
  Flow,
  FlowFlag,
  Kind,
  portsOf,
  recordOf,
  setPorts,
  tupleOf,
  turn,
} from '../flow/record'
import { isOver, State, tickOf } from '../flow/state'
import { discard, insert, Outcome, permit, prepare, remove } from '../flow/table'
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
  if (!admit(table, wide, track)) return Drop.FLOW_LIMIT
  const owner = ownerOf(worker, block)
  const tick = tickOf(now)
  let index = prepare(table)
  if (index == 0 && evict(block, table, wide, owner, tick)) index = prepare(table)
  let why: u32 = index == 0 ? Drop.FLOW_TABLE_FULL : 0
  if (why == 0) why = chooseSource(track, table, wide, rules, frame, outFid, owner, tick)
  if (why == 0) {
    const mapped = (load<u32>(track, Track.FLAGS) & FlowFlag.SOURCE_NAT) != 0
    if (mapped && state == State.MIDSTREAM) why = Drop.FLOW_INVALID
    else why = begin(track, table, wide, index, frame, state, outFid, owner, tick)
    const cell = load<u32>(track, Track.CELL)
    if (why != 0 && cell != 0) release(table, cell - 1, owner)
  }
  if (why != 0) {
    if (index != 0) discard(table, index)
    dismiss(table, wide, track)
    return why == JOINED ? join(track, table, wide, frame) : why
  }
  statistic(block, Statistic.FLOWS_BEGUN)
  number(worker, owner, track, table, wide, index << 2, frame, tick)
  rewrite(frame, packet, wide, track + Track.LEAVES)
  return 0
}

/** Instead of a drop reason: another worker has begun the same flow. */
const JOINED: u32 = 0x10000

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

/** Fills the record and puts the flow into the table. Returns 0, a drop reason or JOINED. */
function begin(
  track: usize,
  table: usize,
  wide: bool,
  index: u32,
  frame: usize,
  state: u32,
  outFid: u32,
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
  store<u16>(record, <u16>(flags | FlowFlag.DEAD | (moved ? FlowFlag.TRANSLATED : 0)), Flow.FLAGS)
  store<u8>(record, load<u8>(frame, Frame.PROTOCOL), Flow.PROTOCOL)
  store<u8>(record, <u8>state, Flow.STATE)
  store<u8>(record, <u8>load<u32>(track, Track.SLOT), Flow.SLOT)
  store<u32>(record, tick, Flow.SEEN)
  store<u32>(record, tick, Flow.CREATED)
  store<u16>(record, load<u16>(frame, Frame.FID), Flow.IN_FID)
  store<u16>(record, <u16>outFid, Flow.OUT_FID)
  store<u16>(record, load<u16>(frame, Frame.PORT), Flow.IN_PORT)
  if (<u32>load<u8>(frame, Frame.PROTOCOL) == TCP.PROTOCOL) {
    open(record, frame, transportOf(frame))
  }
  count(record, framesOf(frame), load<u32>(frame, Frame.LENGTH))
  const why = place(track, table, wide, index, owner, tick)
  if (why != 0) return why
  store<u32>(frame, index << 2, Frame.FLOW)
  // Address-dependent filtering: from now on the remote address may call the external port.
  const mapped = flags & (FlowFlag.MAPPED | FlowFlag.OPEN)
  if (mapped == FlowFlag.MAPPED) permit(table, wide, index, owner)
  return 0
}

/** Inserts the flow; one that is over and in its way is ended first. */
function place(track: usize, table: usize, wide: bool, index: u32, owner: u32, tick: u32): u32 {
  const record = recordOf(table, index << 2)
  const protocol = <u32>load<u8>(record, Flow.PROTOCOL)
  for (let attempt: u32 = 0; attempt < ATTEMPTS; attempt++) {
    const outcome = insert(table, wide, index, load<u64>(track, Track.HASH), owner)
    if (outcome == Outcome.DONE) return 0
    if (outcome == Outcome.BUSY) break
    const kind = outcome == Outcome.EXISTS ? Kind.ORIGINAL : Kind.REPLY
    const tuple = tupleOf(record, wide, kind)
    const ports = portsOf(tuple, wide)
    const hash = hashOf(table, wide, tuple, ports, protocol, Kind.ORIGINAL)
    const other = find(table, wide, hash, tuple, ports, protocol, Kind.ORIGINAL)
    if (other == 0) continue
    if (isOver(recordOf(table, other), tick)) remove(table, wide, other >> 2, owner)
    else if (outcome == Outcome.EXISTS) return JOINED
    else return isMoved(track) ? Drop.NAT_EXHAUSTED : Drop.FLOW_INVALID
  }
  return Drop.FLOW_TABLE_FULL
}

@inline
function isMoved(track: usize): bool {
  return (load<u32>(track, Track.FLAGS) & FlowFlag.SOURCE_NAT) != 0
}

/** Goes on with the flow that another worker has begun for the same tuple. */
function join(track: usize, table: usize, wide: bool, frame: usize): u32 {
  const hash = load<u64>(track, Track.HASH)
  const protocol = <u32>load<u8>(frame, Frame.PROTOCOL)
  const reference = find(table, wide, hash, track, portsOf(track, wide), protocol, Kind.ORIGINAL)
  if (reference == 0) return Drop.FLOW_INVALID
  turn(track + Track.LEAVES, tupleOf(recordOf(table, reference), wide, (reference & 1) ^ 1), wide)
  store<u32>(frame, reference, Frame.FLOW)
  rewrite(frame, packetOf(frame), wide, track + Track.LEAVES)
  return 0
}
