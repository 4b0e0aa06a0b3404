/**
 * TCP as a box in the middle sees it: the state of a connection, and of each side the window in which
 * its segments can lie (van Rooij, "Real stateful TCP packet filtering in IP Filter", 2000). A segment
 * outside goes its way, translated, and changes nothing: a RST from a stranger ends no connection
 * (CONFORMANCE A16).
 *
 *   of each side: end u32     the highest sequence number it has sent, plus one
 *                 limit u32   the highest that the other has made room for
 *                 window u16  the largest it has offered, without its scale
 *
 * RFC 9293 section 3.3, RFC 7323 section 2 for the scale.
 */
import { payloadOf } from '../frame'
import { swap16, swap32 } from '../wire/order'
import * as tcp from '../wire/tcp'
import { Flow, FlowFlag, flagsOf, raise } from './record'
import { State } from './state'

namespace Side {
  export const END: usize = 0
  export const LIMIT: usize = 4
  export const SIZE: usize = 8
}

const FIN: u32 = 1
const SYN: u32 = 2
const RST: u32 = 4
const ACK: u32 = 16

/** What an acknowledgement may lie behind by, at least: a window without a scale. */
const BEHIND: u32 = 66_000
/** What `scaleOfSyn` says of a SYN without one. */
const NO_SCALE: u32 = 15

@inline
function sideOf(sides: usize, which: u32): usize {
  return sides + <usize>which * Side.SIZE
}

@inline
function windowOf(record: usize, which: u32): u32 {
  const raw = <u32>load<u16>(record + Flow.WINDOWS + ((<usize>which) << 1))
  return raw << scaleOf(record, which)
}

@inline
function scaleOf(record: usize, which: u32): u32 {
  return (<u32>load<u8>(record, Flow.SCALES) >> (which << 2)) & 15
}

/** a < b, in sequence numbers. */
@inline
function before(a: u32, b: u32): bool {
  return <i32>(a - b) < 0
}

/** The state in which a segment begins a connection; NONE if it cannot. */
export function firstState(segment: usize): u32 {
  const flags = <u32>load<u8>(segment, 13)
  if ((flags & RST) != 0) return State.NONE
  if ((flags & (SYN | ACK)) == SYN) return State.SYN_SENT
  return (flags & SYN) != 0 ? State.NONE : State.MIDSTREAM
}

/** Begins the windows of a connection with its first segment. */
export function open(record: usize, sides: usize, frame: usize, segment: usize): void {
  if (<u32>load<u8>(record, Flow.STATE) == State.MIDSTREAM) raise(record, FlowFlag.LOOSE)
  else begin(record, sides, 0, frame, segment)
}

/** Takes a side's SYN. */
function begin(record: usize, sides: usize, which: u32, frame: usize, segment: usize): void {
  const side = sideOf(sides, which)
  const end = sequenceOf(segment) + spaceOf(frame, segment)
  store<u32>(side, end, Side.END)
  store<u32>(side, end + windowOf(record, which ^ 1), Side.LIMIT)
  setScale(record, which, scaleOfSyn(segment))
  // The window of a SYN has no scale.
  const window = windowFieldOf(segment)
  const scale = scaleOf(record, which)
  const raw = (window + ((<u32>1) << scale) - 1) >> scale
  store<u16>(record + Flow.WINDOWS + ((<usize>which) << 1), <u16>raw)
  // How far the other may send is what this one offers.
  if ((<u32>load<u8>(segment, 13) & ACK) == 0) return
  store<u32>(sideOf(sides, which ^ 1), acknowledgementOf(segment) + window, Side.LIMIT)
}

/** Windows are scaled only where both sides have said so (RFC 7323 section 2.2). */
function setScale(record: usize, which: u32, scale: u32): void {
  const scales = <u32>load<u8>(record, Flow.SCALES)
  if (scale != NO_SCALE) {
    const others = scales & (0xf0 >> (which << 2))
    store<u8>(record, <u8>(others | (scale << (which << 2))), Flow.SCALES)
    return
  }
  const other = which ^ 1
  const offered = windowOf(record, other)
  store<u16>(record + Flow.WINDOWS + ((<usize>other) << 1), <u16>min<u32>(offered, 0xffff))
  store<u8>(record, 0, Flow.SCALES)
}

/**
 * A segment of direction `which` of a connection: moves its state and windows. True if it counts as a
 * sign of life.
 */
export function follow(
  record: usize,
  sides: usize,
  which: u32,
  frame: usize,
  segment: usize,
): bool {
  const flags = <u32>load<u8>(segment, 13)
  const state = <u32>load<u8>(record, Flow.STATE)
  if ((flags & (SYN | RST)) == SYN)
    return followSyn(record, sides, which, frame, segment, state, flags)
  if (!isInWindow(record, sides, which, frame, segment, flags)) return false
  if ((flags & RST) != 0) {
    store<u8>(record, <u8>State.RESET, Flow.STATE)
    return false
  }
  slide(record, sides, which, frame, segment, flags)
  const next = nextState(record, which, state, flags)
  if (next != state) store<u8>(record, <u8>next, Flow.STATE)
  return state != State.RESET
}

function followSyn(
  record: usize,
  sides: usize,
  which: u32,
  frame: usize,
  segment: usize,
  state: u32,
  flags: u32,
): bool {
  const answers = (flags & ACK) != 0
  if (!answers && which == 0 && state >= State.CLOSED && state <= State.RESET) {
    // The same ports again, for a new connection.
    v128.store(sides, i64x2.splat(0))
    store<u32>(record, 0, Flow.WINDOWS)
    store<u8>(record, 0, Flow.SCALES)
    atomic.and<u16>(record, <u16>~(FlowFlag.LOOSE | FlowFlag.SIMULTANEOUS), Flow.FLAGS)
    store<u8>(record, <u8>State.SYN_SENT, Flow.STATE)
    begin(record, sides, 0, frame, segment)
    return true
  }
  if (state != State.SYN_SENT && state != State.SYN_RECEIVED) return false
  // An answer must be one to the SYN that was seen (RFC 9293 section 3.10.7.3).
  const other = sideOf(sides, which ^ 1)
  if (answers && acknowledgementOf(segment) != load<u32>(other, Side.END)) return false
  if (which == 0) {
    if (!answers && state == State.SYN_SENT) begin(record, sides, 0, frame, segment) // sent again
    return true
  }
  if (!answers) raise(record, FlowFlag.SIMULTANEOUS)
  begin(record, sides, 1, frame, segment)
  store<u8>(record, <u8>State.SYN_RECEIVED, Flow.STATE)
  return true
}

function nextState(record: usize, which: u32, state: u32, flags: u32): u32 {
  if ((flags & FIN) != 0) {
    if (state == State.CLOSING) {
      return closedBy(record) == which ? State.CLOSING : State.CLOSED
    }
    if (state == State.SYN_RECEIVED || state == State.ESTABLISHED) {
      setClosedBy(record, which)
      return State.CLOSING
    }
    return state
  }
  if (state == State.SYN_RECEIVED) {
    const both = (flagsOf(record) & FlowFlag.SIMULTANEOUS) != 0
    return which == 0 || both ? State.ESTABLISHED : state
  }
  if (state == State.MIDSTREAM && which == 1) return State.ESTABLISHED
  return state
}

/** Which side sent the first FIN. */
@inline
function closedBy(record: usize): u32 {
  return (flagsOf(record) & FlowFlag.CLOSED_BY_REPLY) != 0 ? 1 : 0
}

@inline
function setClosedBy(record: usize, which: u32): void {
  if (which != 0) raise(record, FlowFlag.CLOSED_BY_REPLY)
  else atomic.and<u16>(record, <u16>~FlowFlag.CLOSED_BY_REPLY, Flow.FLAGS)
}

/** True for a segment that the receiver could take, as far as both sides' windows are known. */
function isInWindow(
  record: usize,
  sides: usize,
  which: u32,
  frame: usize,
  segment: usize,
  flags: u32,
): bool {
  if ((flagsOf(record) & FlowFlag.LOOSE) != 0) return true
  const own = sideOf(sides, which)
  const other = sideOf(sides, which ^ 1)
  const acknowledged = acknowledgementOf(segment)
  const sent = load<u32>(other, Side.END)
  if (which == 1 && <u32>load<u8>(record, Flow.STATE) == State.SYN_SENT) {
    // Nothing is known of who was asked: it refuses by the acknowledgement of the very SYN.
    return (flags & ACK) != 0 && acknowledged == sent
  }
  if ((flags & ACK) != 0) {
    const behind = max(BEHIND, windowOf(record, which))
    if (before(sent, acknowledged) || before(acknowledged, sent - behind)) return false
  }
  const sequence = sequenceOf(segment)
  if (before(load<u32>(own, Side.LIMIT), sequence)) return false
  const end = sequence + spaceOf(frame, segment)
  const room = max<u32>(windowOf(record, which ^ 1), 1)
  return !before(end, load<u32>(own, Side.END) - room)
}

/** Moves the windows by a segment that lies in them. */
function slide(
  record: usize,
  sides: usize,
  which: u32,
  frame: usize,
  segment: usize,
  flags: u32,
): void {
  const own = sideOf(sides, which)
  const end = sequenceOf(segment) + spaceOf(frame, segment)
  if (before(load<u32>(own, Side.END), end)) store<u32>(own, end, Side.END)
  const raw = windowFieldOf(segment)
  const largest = record + Flow.WINDOWS + ((<usize>which) << 1)
  if (raw > <u32>load<u16>(largest)) store<u16>(largest, <u16>raw)
  if ((flags & ACK) == 0) return
  const other = sideOf(sides, which ^ 1)
  const limit = acknowledgementOf(segment) + max<u32>(raw << scaleOf(record, which), 1)
  if (before(load<u32>(other, Side.LIMIT), limit)) store<u32>(other, limit, Side.LIMIT)
}

@inline
function sequenceOf(segment: usize): u32 {
  return swap32(load<u32>(segment, 4))
}

@inline
function acknowledgementOf(segment: usize): u32 {
  return swap32(load<u32>(segment, 8))
}

@inline
function windowFieldOf(segment: usize): u32 {
  return <u32>swap16(load<u16>(segment, 14))
}

/** Sequence numbers that a segment takes: its payload, and one for SYN and FIN each. */
@inline
function spaceOf(frame: usize, segment: usize): u32 {
  const flags = <u32>load<u8>(segment, 13)
  return payloadOf(frame) + ((flags >> 1) & 1) + (flags & 1)
}

/** The window scale option of a SYN (RFC 7323 section 2.2), or NO_SCALE. */
function scaleOfSyn(segment: usize): u32 {
  const end = tcp.dataOffsetOf(segment)
  let at: u32 = tcp.TCP.HEADER
  while (at + 1 < end) {
    const kind = <u32>load<u8>(segment + at)
    if (kind == 0) break
    if (kind == 1) {
      at++
      continue
    }
    const length = <u32>load<u8>(segment + at, 1)
    if (length < 2) break
    if (kind == 3 && length == 3 && at + 3 <= end)
      return min<u32>(14, <u32>load<u8>(segment + at, 2))
    at += length
  }
  return NO_SCALE
}
