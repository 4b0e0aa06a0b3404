/** Flows in and out of their table: a record, its two entries in the index, and what it holds. */

import { swap16 } from '../wire/order'
import { add, bucketOf, findLocked, mayHold, takeOut } from './bucket'
import { hashOf, portsFor } from './hash'
import { Head, isWide } from './head'
import { dismiss } from './host'
import { lock, lockOf, unlock } from './lock'
import { cellOf, release } from './mapping'
import { giveRecord, takeRecord } from './pool'
import {
  Flow,
  FlowFlag,
  flagsOf,
  Kind,
  NO_PORT,
  portsOf,
  raiseOnce,
  recordOf,
  sidesOf,
  tupleOf,
} from './record'
import { State } from './state'

/** Outcomes of an insertion. */
export namespace Outcome {
  export const DONE: u32 = 0
  /** The original direction is there already: somebody else began the same flow. */
  export const EXISTS: u32 = 1
  /** Packets of the reply direction belong to another flow. */
  export const COLLISION: u32 = 2
  /** A lock was not to be had, or the index has no room. */
  export const BUSY: u32 = 3
  /** As BUSY, and a lock was not to be had to undo it: the record is the sweep's. */
  export const LEFT: u32 = 4
}

/** The hash of an entry of a flow. */
export function hashOfEntry(table: usize, wide: bool, record: usize, kind: u32): u64 {
  const tuple = tupleOf(record, wide, kind == Kind.ORIGINAL ? Kind.ORIGINAL : Kind.REPLY)
  const protocol = <u32>load<u8>(record, Flow.PROTOCOL)
  return hashOf(table, wide, tuple, portsFor(portsOf(tuple, wide), kind), protocol, kind)
}

/** Adds one entry of a flow, whose hash is given. */
function insertEntry(table: usize, wide: bool, reference: u32, hash: u64, owner: u32): u32 {
  const record = recordOf(table, reference)
  const kind = reference & 3
  const bucket = bucketOf(table, hash)
  const word = lockOf(bucket)
  if (!lock(word, owner)) return Outcome.BUSY
  let outcome = Outcome.EXISTS
  if (!mayHold(bucket, hash) || !isThere(table, wide, bucket, hash, record, kind)) {
    outcome = add(table, bucket, hash, reference) ? Outcome.DONE : Outcome.BUSY
  }
  unlock(word)
  return outcome
}

/** True if some flow's entry says the same as the record's of that kind. */
function isThere(
  table: usize,
  wide: bool,
  bucket: usize,
  hash: u64,
  record: usize,
  kind: u32,
): bool {
  const tuple = tupleOf(record, wide, kind == Kind.ORIGINAL ? Kind.ORIGINAL : Kind.REPLY)
  const ports = portsFor(portsOf(tuple, wide), kind)
  const protocol = <u32>load<u8>(record, Flow.PROTOCOL)
  return findLocked(table, wide, bucket, hash, tuple, ports, protocol, kind & Kind.PERMIT)
}

/** Takes one entry of a flow out, if it is in; false if the lock was not to be had. */
function removeEntry(table: usize, wide: bool, reference: u32, owner: u32): bool {
  const hash = hashOfEntry(table, wide, recordOf(table, reference), reference & 3)
  return removeBy(table, reference, hash, owner)
}

function removeBy(table: usize, reference: u32, hash: u64, owner: u32): bool {
  const bucket = bucketOf(table, hash)
  const word = lockOf(bucket)
  if (!lock(word, owner)) return false
  takeOut(table, bucket, reference)
  unlock(word)
  return true
}

/**
 * Puts the flow of a record whose tuples, protocol and state are set into the index. What fails leaves
 * the record to be given back by the caller, if it is not LEFT. Until it is in nobody takes it out again:
 * it is DEAD. `hash` is that of the original tuple, `turned` of the reply's. The lower hash goes first: of two workers that begin a
 * flow from both its ends at once, one succeeds.
 */
export function insert(
  table: usize,
  wide: bool,
  index: u32,
  hash: u64,
  turned: u64,
  owner: u32,
): u32 {
  const reference = index << 2
  const record = recordOf(table, reference)
  const first = hash <= turned ? Kind.ORIGINAL : Kind.REPLY
  const second = first ^ 1
  let outcome = insertEntry(table, wide, reference | first, min(hash, turned), owner)
  if (outcome != Outcome.DONE) return outcomeOf(outcome, first)
  outcome = insertEntry(table, wide, reference | second, max(hash, turned), owner)
  if (outcome == Outcome.DONE) return enlist(table, record)
  if (removeEntry(table, wide, reference | first, owner)) return outcomeOf(outcome, second)
  abandon(table, index)
  return Outcome.LEFT
}

/** A flow is counted from now on, and whoever ends it may. */
function enlist(table: usize, record: usize): u32 {
  atomic.add<u32>(table, 1, Head.COUNT)
  atomic.and<u16>(record, <u16>~FlowFlag.DEAD, Flow.FLAGS)
  return Outcome.DONE
}

@inline
function outcomeOf(outcome: u32, kind: u32): u32 {
  return outcome == Outcome.EXISTS && kind == Kind.REPLY ? Outcome.COLLISION : outcome
}

/**
 * Leaves a record whose tuples are set to the sweep, as a flow that is void: something of it could not be
 * given back now.
 */
export function abandon(table: usize, index: u32): void {
  const record = recordOf(table, index << 2)
  store<u8>(record, <u8>State.NONE, Flow.STATE)
  enlist(table, record)
}

/**
 * Lets in whatever comes from the flow's remote address to its external port. One entry serves all
 * flows of the two; when the one that brought it ends, the next packet of another brings it again.
 * `hash` is that of the entry.
 */
export function permit(
  table: usize,
  wide: bool,
  index: u32,
  incarnation: u32,
  hash: u64,
  owner: u32,
): void {
  const record = recordOf(table, index << 2)
  const most = load<u32>(table, Head.CAPACITY) / 2
  if (atomic.load<u32>(table, Head.PERMITS) >= most) return
  const reference = (index << 2) | Kind.PERMIT
  if (insertEntry(table, wide, reference, hash, owner) != Outcome.DONE) return
  if (raiseOnce(record, incarnation, FlowFlag.PERMIT)) {
    atomic.add<u32>(table, 1, Head.PERMITS)
    return
  }
  // The flow was ended meanwhile, by somebody who knew nothing of the entry.
  removeBy(table, reference, hash, owner)
}

/**
 * Ends the flow of that incarnation: takes it out of the index, gives back its external port, its host's
 * share and its record. False if somebody else is at it or was, or a lock was not to be had: it is void
 * then and the sweep comes back to it.
 */
export function remove(table: usize, wide: bool, index: u32, incarnation: u32, owner: u32): bool {
  const record = recordOf(table, index << 2)
  if ((flagsOf(record) & FlowFlag.FILLED) == 0) return false
  if (!raiseOnce(record, incarnation, FlowFlag.DEAD)) return false
  store<u8>(record, <u8>State.NONE, Flow.STATE)
  const reference = index << 2
  if (!emptyIndex(table, wide, record, reference, owner) || !unmap(table, wide, record, owner)) {
    atomic.and<u16>(record, <u16>~FlowFlag.DEAD, Flow.FLAGS)
    return false
  }
  dismiss(table, wide, tupleOf(record, wide, Kind.ORIGINAL))
  atomic.sub<u32>(table, 1, Head.COUNT)
  giveRecord(table, index)
  return true
}

function emptyIndex(table: usize, wide: bool, record: usize, reference: u32, owner: u32): bool {
  if (!removeEntry(table, wide, reference | Kind.ORIGINAL, owner)) return false
  if (!removeEntry(table, wide, reference | Kind.REPLY, owner)) return false
  if ((flagsOf(record) & FlowFlag.PERMIT) == 0) return true
  if (!removeEntry(table, wide, reference | Kind.PERMIT, owner)) return false
  atomic.and<u16>(record, <u16>~FlowFlag.PERMIT, Flow.FLAGS)
  atomic.sub<u32>(table, 1, Head.PERMITS)
  return true
}

/** Gives the external port back. */
function unmap(table: usize, wide: bool, record: usize, owner: u32): bool {
  if ((flagsOf(record) & FlowFlag.MAPPED) == 0) return true
  if (!release(table, cellOfFlow(record, wide), owner)) return false
  atomic.and<u16>(record, <u16>~FlowFlag.MAPPED, Flow.FLAGS)
  return true
}

/** The external port that a mapped flow holds: inbound it is called, outbound it calls. */
export function cellOfFlow(record: usize, wide: bool): u32 {
  const inward = (flagsOf(record) & FlowFlag.INWARD) != 0
  const tuple = tupleOf(record, wide, inward ? Kind.ORIGINAL : Kind.REPLY)
  const port = <u32>swap16(<u16>(portsOf(tuple, wide) >> 16))
  return cellOf(<u32>load<u8>(record, Flow.SLOT), <u32>load<u8>(record, Flow.PROTOCOL), port)
}

/** Takes a record for a flow of the host; 0 if there is none. */
export function prepare(table: usize): u32 {
  const index = takeRecord(table)
  if (index == 0) return 0
  const record = recordOf(table, index << 2)
  // DEAD it is and stays: without that for a moment, the sweep or whoever evicts would end it.
  store<u16>(record, <u16>FlowFlag.DEAD, Flow.FLAGS)
  // Up to Flow.TUPLES: of so few octets a fill would be a call.
  v128.store(record, i64x2.splat(0), Flow.PROTOCOL)
  v128.store(record, i64x2.splat(0), 20)
  store<u32>(record, 0, 36)
  v128.store(sidesOf(table, isWide(table), record), i64x2.splat(0))
  store<u16>(record, <u16>NO_PORT, Flow.OUT_PORT)
  return index
}

/** Gives back what `prepare` gave and was not used. */
export function discard(table: usize, index: u32): void {
  giveRecord(table, index)
}
