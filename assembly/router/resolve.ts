/**
 * Neighbour unreachability detection (RFC 4861 section 7.3), for IPv4 by ARP as for IPv6: what the
 * states of a neighbour become by use, by answers and by time. What is to be sent because of it is
 * the caller's business.
 */
import { Frame } from '../frame'
import { ownerOf } from '../memory'
import { charge, hold, refund } from './held'
import {
  activate,
  addNeighbor,
  DELAY_TIME,
  deactivate,
  enter,
  findNeighbor,
  isNeighbor,
  isStale,
  leave,
  linkOf,
  macOf,
  Neighbor,
  REACHABLE_TIME,
  RETRANSMIT_TIME,
  removeNeighbor,
  SOLICITATIONS_MAX,
  State,
  setLink,
  setState,
  stateOf,
} from './neighbor'

/** The MAC to send to a neighbour by, or 0 if it is not known. */
export function macFor(worker: u32, block: usize, fid: u32, lower: u64, upper: u64, now: f64): u64 {
  const record = findNeighbor(fid, lower, upper)
  if (record == 0) return 0
  const link = atomic.load<u64>(record, Neighbor.LINK)
  const state = stateOf(link)
  const fresh = now - load<f64>(record, Neighbor.CONFIRMED) < REACHABLE_TIME
  // The record may have become another's meanwhile: then this is a neighbour not known.
  if (!isNeighbor(record, fid, lower, upper)) return 0
  if (state == State.REACHABLE && fresh) return macOf(link)
  if (state == State.STALE || state == State.REACHABLE) delay(worker, block, record, now)
  return hasMac(state) ? macOf(link) : 0
}

/** True if frames can be sent by a neighbour's link, and nothing is to be done about it. */
@inline
export function isUsable(record: usize, link: u64, now: f64): bool {
  const state = stateOf(link)
  if (state == State.REACHABLE) return now - load<f64>(record, Neighbor.CONFIRMED) < REACHABLE_TIME
  return state == State.DELAY || state == State.PROBE || state == State.PERMANENT
}

@inline
function hasMac(state: u32): bool {
  return state != State.NONE && state != State.INCOMPLETE && state != State.FAILED
}

/** A stale neighbour is used: it is asked unless something is heard of it soon. */
function delay(worker: u32, block: usize, record: usize, now: f64): void {
  if (!enter(worker, block)) return
  if (isStale(record, stateOf(load<u64>(record, Neighbor.LINK)), now)) {
    setState(record, State.DELAY)
    activate(record, now + DELAY_TIME)
  }
  leave()
}

/** What became of a frame whose neighbour's MAC is not known; bits. */
export namespace Waiting {
  /** It was not kept: too many wait. */
  export const LOST: u32 = 0
  export const HELD: u32 = 1
  /** The neighbour is to be asked for. */
  export const ASK: u32 = 2
  /** Its MAC is known by now. */
  export const KNOWN: u32 = 4
}

/** Keeps a frame until its neighbour is known. */
export function waitFor(
  worker: u32,
  block: usize,
  frame: usize,
  fid: u32,
  lower: u64,
  upper: u64,
  now: f64,
): u32 {
  if (!enter(worker, block)) return Waiting.LOST
  const waiting = waitLocked(worker, block, frame, fid, lower, upper, now)
  leave()
  return waiting
}

function waitLocked(
  worker: u32,
  block: usize,
  frame: usize,
  fid: u32,
  lower: u64,
  upper: u64,
  now: f64,
): u32 {
  const owner = ownerOf(worker, block)
  let record = findNeighbor(fid, lower, upper)
  if (record == 0) record = addNeighbor(fid, lower, upper, owner, now)
  if (record == 0) return Waiting.LOST
  const state = stateOf(load<u64>(record, Neighbor.LINK))
  if (hasMac(state)) return Waiting.KNOWN
  let waiting = Waiting.LOST
  if (state != State.INCOMPLETE) {
    const port = <u32>load<u16>(frame, Frame.PORT)
    if (!charge(port)) {
      if (state == State.NONE) removeNeighbor(record, owner)
      return Waiting.LOST
    }
    store<u32>(record, port, Neighbor.PORT)
    store<u32>(record, 1, Neighbor.PAYS)
    store<u32>(record, 1, Neighbor.PROBES)
    setState(record, State.INCOMPLETE)
    activate(record, now + RETRANSMIT_TIME)
    waiting = Waiting.ASK
  }
  return hold(worker, record, frame) ? waiting | Waiting.HELD : waiting
}

/** How much is known of a neighbour that was heard of. */
export namespace Heard {
  /** It answered us: it can be reached. */
  export const ANSWER: u32 = 1
  /** It spoke to us: it is to be known if it is not. */
  export const TO_US: u32 = 2
  /** It spoke of itself: of use only if it is known (CONFORMANCE P1). */
  export const ALOUD: u32 = 3
}

/**
 * Notes what MAC a neighbour has. Returns its record if frames wait for it, else 0.
 */
export function hear(
  worker: u32,
  block: usize,
  fid: u32,
  lower: u64,
  upper: u64,
  mac: u64,
  how: u32,
  now: f64,
): usize {
  if (how != Heard.TO_US && findNeighbor(fid, lower, upper) == 0) return 0
  if (!enter(worker, block)) return 0
  let record = findNeighbor(fid, lower, upper)
  if (record == 0 && how == Heard.TO_US) {
    record = addNeighbor(fid, lower, upper, ownerOf(worker, block), now)
  }
  const held = record != 0 && note(record, mac, how, now)
  leave()
  return held ? record : 0
}

/** True if frames wait. */
function note(record: usize, mac: u64, how: u32, now: f64): bool {
  const link = load<u64>(record, Neighbor.LINK)
  const state = stateOf(link)
  if (state == State.PERMANENT) return false
  if (how == Heard.ANSWER) {
    store<f64>(record, now, Neighbor.CONFIRMED)
    setLink(record, linkOf(mac, State.REACHABLE))
    settle(record)
  } else if (!hasMac(state) || macOf(link) != mac) {
    setLink(record, linkOf(mac, State.STALE))
    settle(record)
  }
  return load<u32>(record, Neighbor.HELD_COUNT) != 0
}

/** Time asks nothing more of the neighbour. */
export function settle(record: usize): void {
  deactivate(record)
  if (load<u32>(record, Neighbor.PAYS) == 0) return
  store<u32>(record, 0, Neighbor.PAYS)
  refund(load<u32>(record, Neighbor.PORT))
}

/** What is to be done for a neighbour whose time has come. */
export namespace Due {
  export const NOTHING: u32 = 0
  /** Ask everybody, ask itself, or give up what waits for it. */
  export const ASK_ALL: u32 = 1
  export const ASK: u32 = 2
  export const GIVE_UP: u32 = 3
}

/** Goes on with a neighbour, under the lock. */
export function expire(record: usize, now: f64): u32 {
  const link = load<u64>(record, Neighbor.LINK)
  const state = stateOf(link)
  const probes = load<u32>(record, Neighbor.PROBES)
  if (state == State.DELAY) {
    setState(record, State.PROBE)
    return ask(record, 1, now, Due.ASK)
  }
  if (state != State.PROBE && state != State.INCOMPLETE) {
    settle(record)
    return Due.NOTHING
  }
  if (probes < SOLICITATIONS_MAX) {
    return ask(record, probes + 1, now, state == State.PROBE ? Due.ASK : Due.ASK_ALL)
  }
  setLink(record, linkOf(0, State.FAILED))
  settle(record)
  return Due.GIVE_UP
}

function ask(record: usize, probes: u32, now: f64, due: u32): u32 {
  store<u32>(record, probes, Neighbor.PROBES)
  activate(record, now + RETRANSMIT_TIME)
  return due
}
