/**
 * What a packet does to its flow, and what is known of the packet that a worker has in hand until its
 * flow is found or begun.
 */
import { Fragment, Frame, framesOf } from '../frame'
import { Directory, directory } from '../memory'
import { TRACK_SIZE } from '../size'
import { TCP } from '../wire/tcp'
import { isOpen, mappingAt, release, retain } from './mapping'
import {
  count,
  Flow,
  FlowFlag,
  Kind,
  NO_PORT,
  portsOf,
  raiseOnce,
  sidesOf,
  tupleOf,
} from './record'
import { State } from './state'
import { cellOfFlow, hashOfEntry, permit } from './table'
import { follow as followTcp } from './tcp'

/** Offsets in a worker's track. */
export namespace Track {
  /** The tuple with which the packet came: 36 octets. */
  export const CAME: usize = 0
  /** u64: its hash. */
  export const HASH: usize = 40
  /** u32: the external address it called, plus 1; 0 if it called none. */
  export const CALLED: usize = 48
  /** u32: flags of the flow that it may begin. */
  export const FLAGS: usize = 52
  /** u32: the external address whose port the flow is to hold. */
  export const SLOT: usize = 56
  /** u32: the cell that was taken for it, plus 1. */
  export const CELL: usize = 60
  /** The tuple with which it leaves, 36 octets, and one to work with. */
  export const LEAVES: usize = 64
  export const WORK: usize = 104
  /** u32: 1 if fragments wait for the packet in hand no more. */
  export const WOKEN: usize = 144
  /** A copy of a flow's tuple, 36 octets. */
  export const OTHER: usize = 148
}

@inline
export function trackOf(worker: u32): usize {
  return directory(Directory.TRACKS) + <usize>worker * TRACK_SIZE
}

/** True once, if the packet that was in hand has woken fragments. */
export function takeWoken(worker: u32): bool {
  const track = trackOf(worker)
  const woken = load<u32>(track, Track.WOKEN) != 0
  store<u32>(track, 0, Track.WOKEN)
  return woken
}

/** Takes a packet into account whose flow and kind `reference` names; `l4` is its transport header. */
@inline
export function follow(
  table: usize,
  wide: bool,
  reference: u32,
  record: usize,
  frame: usize,
  l4: usize,
  tick: u32,
  owner: u32,
): void {
  const reply = reference & Kind.REPLY
  let alive = true
  if (<u32>load<u8>(record, Flow.PROTOCOL) == TCP.PROTOCOL) {
    if (<u32>load<u8>(frame, Frame.FRAGMENT) != Fragment.LATER) {
      alive = followTcp(record, sidesOf(table, wide, record), reply, frame, l4)
    }
  } else if (reply != 0 && <u32>load<u8>(record, Flow.STATE) == State.UNREPLIED) {
    store<u8>(record, <u8>State.REPLIED, Flow.STATE)
  }
  if (reply != 0 && <u32>load<u16>(record, Flow.OUT_PORT) == NO_PORT) {
    store<u16>(record, load<u16>(frame, Frame.PORT), Flow.OUT_PORT)
  }
  count(record, framesOf(frame), load<u32>(frame, Frame.LENGTH))
  if (alive && load<u32>(record, Flow.SEEN) != tick) {
    refresh(table, wide, reference, record, tick, owner)
  }
}

/** The same for the long way, on which a call more does not count. */
export function followCalled(
  table: usize,
  wide: bool,
  reference: u32,
  record: usize,
  frame: usize,
  l4: usize,
  tick: u32,
  owner: u32,
): void {
  follow(table, wide, reference, record, frame, l4, tick, owner)
}

/** A sign of life in a tick in which there was none yet: it counts from inside only (RFC 4787 REQ-6). */
function refresh(
  table: usize,
  wide: bool,
  reference: u32,
  record: usize,
  tick: u32,
  owner: u32,
): void {
  const reply = (reference & Kind.REPLY) != 0
  const word = atomic.load<u32>(record)
  const flags = word >> 16
  const incarnation = word & 0xffff
  const inward = (flags & FlowFlag.INWARD) != 0
  if ((flags & FlowFlag.ONE_WAY) != 0 && reply != inward) return
  store<u32>(record, tick, Flow.SEEN)
  if ((flags & FlowFlag.DEAD) != 0) return
  if (inward && (flags & FlowFlag.MAPPED) == 0) hold(table, wide, record, incarnation, owner)
  const settled = FlowFlag.MAPPED | FlowFlag.PERMIT | FlowFlag.OPEN
  if ((flags & settled) == FlowFlag.MAPPED) {
    if (isOpen(mappingAt(table, cellOfFlow(record, wide)))) {
      raiseOnce(record, incarnation, FlowFlag.OPEN)
    } else {
      const hash = hashOfEntry(table, wide, record, Kind.PERMIT)
      permit(table, wide, reference >> 2, incarnation, hash, owner)
    }
  }
}

/**
 * A flow that came in by somebody's external port keeps that port from the first answer on: only what
 * comes from inside does.
 */
function hold(table: usize, wide: bool, record: usize, incarnation: u32, owner: u32): void {
  const cell = cellOfFlow(record, wide)
  const tuple = tupleOf(record, wide, Kind.REPLY)
  const port = portsOf(tuple, wide) & 0xffff
  const protocol = <u32>load<u8>(record, Flow.PROTOCOL)
  // It may be another's by now.
  if (!retain(table, cell, tuple, port, protocol, owner)) return
  if (raiseOnce(record, incarnation, FlowFlag.MAPPED)) return
  // Another worker was faster, or the flow has ended.
  release(table, cell, owner)
}
