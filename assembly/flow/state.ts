/**
 * The states of a flow and how long each lasts without traffic (RFC 4787 REQ-5, RFC 5382 REQ-5, RFC
 * 5508 REQ-2). The names are in src/dataplane/flows.ts.
 */
import { Flow } from './record'

export namespace State {
  /** Of a record that is free or about to be. */
  export const NONE: u32 = 0
  export const SYN_SENT: u32 = 1
  export const SYN_RECEIVED: u32 = 2
  export const ESTABLISHED: u32 = 3
  /** One side has sent FIN. */
  export const CLOSING: u32 = 4
  /** Both have. */
  export const CLOSED: u32 = 5
  /** A RST was seen (RFC 7857 section 2.2). */
  export const RESET: u32 = 6
  /** TCP that was met on its way, in one direction so far. */
  export const MIDSTREAM: u32 = 7
  /** Of all other protocols: nothing came back yet, and something has. */
  export const UNREPLIED: u32 = 8
  export const REPLIED: u32 = 9
}

/** A tick: 125 ms, as of the FDB. */
export const TICK_MS: f64 = 125
const SECOND: u32 = 8

const TRANSITORY: u32 = 240 * SECOND
const ESTABLISHED: u32 = 7440 * SECOND
const DATAGRAM: u32 = 300 * SECOND
const QUERY: u32 = 60 * SECOND
const GENERIC: u32 = 600 * SECOND
/** The shortest of them: what the sweep goes by. */
export const SHORTEST_MS: u32 = 60_000

@inline
export function tickOf(now: f64): u32 {
  return <u32>(<u64>(now / TICK_MS))
}

/** Ticks that a flow lasts without traffic. */
export function lifeOf(record: usize): u32 {
  const state = <u32>load<u8>(record, Flow.STATE)
  if (state == State.NONE) return 0
  if (state == State.ESTABLISHED) return ESTABLISHED
  if (state < State.UNREPLIED) return TRANSITORY
  const protocol = <u32>load<u8>(record, Flow.PROTOCOL)
  if (protocol == 17) return DATAGRAM
  return protocol == 1 || protocol == 58 ? QUERY : GENERIC
}

/** Ticks without traffic. Another thread's clock may be a moment ahead: that is none. */
@inline
export function idleOf(record: usize, tick: u32): u32 {
  return <u32>max<i32>(0, <i32>(tick - load<u32>(record, Flow.SEEN)))
}

@inline
export function isOver(record: usize, tick: u32): bool {
  return idleOf(record, tick) >= lifeOf(record)
}

/** True for a flow that may be evicted: nobody has answered, or it has ended (CONFORMANCE T4). */
export function isExpendable(record: usize): bool {
  const state = <u32>load<u8>(record, Flow.STATE)
  return state != State.ESTABLISHED && state != State.CLOSING && state != State.REPLIED
}

export function isEnded(record: usize): bool {
  const state = <u32>load<u8>(record, Flow.STATE)
  return state == State.CLOSED || state == State.RESET
}
