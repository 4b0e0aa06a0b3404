/**
 * What became of the packets of a flow's direction, as a worker notes it when one has gone the short way
 * (shortcut.ts), so that those behind it go by it (express.ts): 32 octets in its PATHS, both directions of a
 * flow on one line, by the number of the flow's record.
 *
 *    0 era u32      in which it holds, 0 for none   4 word u32   the flow's incarnation and flags
 *    8 source u64   the hop's place among HOPS u16, and the MAC that the packet came from
 *   16 serial u32   of the hop (hops.ts)           20 number u32   see `Path.NUMBER`
 *   24 change u16   of the IP header's checksum    26 change u16   of the datagram's or segment's, 0 for none
 *   28 protocol u8  29 state u8   of the flow      30 place u16   which of those that share the line, see `placeOf`
 *
 * An era is one tick of one ingress in one state of config, FDB and neighbours (`stateNow`): what the short way
 * asks and looks up of a packet's source, route and hop comes out the same in all of it. So does a flow's
 * sign of life, which counts once a tick. What may change within an era is asked for each packet: whether the
 * record is still the flow's, whose flags and state are the same, and whether the hop is still noted.
 */
import { tableOf } from '../flow/head'
import { Flow, FlowFlag, Kind, portsOf, tupleOf } from '../flow/record'
import { State, TICK_MS } from '../flow/state'
import { FRAME_SIZE, Frame } from '../frame'
import { Worker } from '../memory'
import { leavesShared, numberOf } from '../nat/identify'
import { ERAS_MAX, PATHS_SIZE } from '../size'
import { fold } from '../wire/checksum'
import { TCP } from '../wire/tcp'
import { Hop } from './hops'
import { AGED, sumOf, ZERO } from './relay'
import { nextSerial, pathsOf } from './serial'
import { Way, wayOf } from './way'

export namespace Path {
  export const ERA: usize = 0
  export const WORD: usize = 4
  export const SOURCE: usize = 8
  export const SERIAL: usize = 16
  /**
   * Of what leaves by an address that others leave by too: which counter of identifications it takes from, in
   * the upper half, and what is added to that (nat/identify.ts); KEEPS of all else.
   */
  export const NUMBER: usize = 20
  export const HEADER_CHANGE: usize = 24
  export const CHANGE: usize = 26
  export const PROTOCOL: usize = 28 // and the state, and the place
}

export const KEEPS: u32 = 0xffffffff
/** The bit of a path's address that tells the reply's from the original's. */
export const REPLIES: u32 = 5

/** An era: 0 era u32   4 ingress u32   8 state u64   16 value u64   24 tick u32. */
namespace Era {
  export const INGRESS: usize = 4
  export const STATE: usize = 8
  export const VALUE: usize = 16
  export const TICK: usize = 24
}
const ERA_SIZE: usize = 32

/** The path of the direction that `reference` names. */
@inline
export function pathOf(paths: usize, reference: u32): usize {
  const at = ((reference & ~3) << 4) | ((reference & Kind.REPLY) << REPLIES)
  return paths + (<usize>at & (PATHS_SIZE - 1))
}

/**
 * In the upper half, which of the records that share a line of PATHS this is: they lie multiples of PATHS_SIZE
 * apart, since records are as large as lines.
 */
@inline
export function placeOf(record: usize): u32 {
  return (<u32>(record / PATHS_SIZE)) << 16
}

/**
 * The era of what comes in by `ingress` (port and domain as in a descriptor), whose sources have the FDB's
 * `value` if nothing is to be learnt of them.
 */
export function eraOf(
  worker: u32,
  block: usize,
  ingress: u32,
  state: u64,
  value: u64,
  tick: u32,
): u32 {
  const at = block + Worker.ERAS + <usize>(ingress & (ERAS_MAX - 1)) * ERA_SIZE
  if (load<u32>(at, Era.INGRESS) == ingress && load<u32>(at, Era.TICK) == tick) {
    if (load<u64>(at, Era.STATE) == state && load<u64>(at, Era.VALUE) == value) return load<u32>(at)
  }
  const era = nextSerial(worker, block)
  store<u32>(at, era)
  store<u32>(at, ingress, Era.INGRESS)
  store<u64>(at, state, Era.STATE)
  store<u64>(at, value, Era.VALUE)
  store<u32>(at, tick, Era.TICK)
  return era
}

/**
 * Notes how packets went that came as their flows say, whose hops stand in the era, if those behind them will go
 * so too until it ends: of the descriptors from `frame` to `end`, WAYS_MAX at most, those that went the short
 * way as they lay.
 */
export function notePaths(worker: u32, block: usize, frame: usize, end: usize, tick: u32): void {
  const table = tableOf(false)
  for (let at = frame; at < end; at += FRAME_SIZE) {
    const way = wayOf(false, block, at)
    if (load<u64>(way, Way.SOURCE) == 0) continue
    notePath(worker, block, table, at, way, tick)
  }
}

function notePath(
  worker: u32,
  block: usize,
  table: usize,
  frame: usize,
  way: usize,
  tick: u32,
): void {
  const source = load<u64>(way, Way.SOURCE)
  const word = load<u32>(way, Way.INCARNATION) // and flags
  const hop = <usize>load<u32>(way, Way.HOP)
  // A packet behind this one may have needed the place for another hop.
  if (load<u64>(hop) != load<u64>(way, Way.KEY)) return
  if (load<u64>(hop, Hop.STATE) != load<u64>(block, Worker.ERA_STATE)) return
  const record = <usize>load<u32>(frame, Frame.TRACK)
  const reference = load<u32>(frame, Frame.FLOW)
  const now = atomic.load<u32>(record)
  if (((now ^ word) & 0xffff) != 0 || (now & (FlowFlag.DEAD << 16)) != 0) return
  if (load<f64>(hop, Hop.UNTIL) < <f64>(tick + 1) * TICK_MS) return
  const protocol = <u32>load<u8>(record, Flow.PROTOCOL)
  const state = <u32>load<u8>(record, Flow.STATE)
  // It may be void without being DEAD: somebody began to end it, and could not.
  if (state == State.NONE) return
  if (protocol == TCP.PROTOCOL) {
    // A segment outside the window was no sign of life: the next may be.
    if (state != State.ESTABLISHED || load<u32>(record, Flow.SEEN) != tick) return
  }
  const path = pathOf(pathsOf(worker), reference)
  store<u32>(path, 0)
  store<u32>(path, now, Path.WORD)
  const index = <u64>((hop - block - Worker.HOPS) >> 6)
  store<u64>(path, ((source >> 16) << 16) | index, Path.SOURCE)
  store<u32>(path, load<u32>(hop, Hop.SERIAL), Path.SERIAL)
  store<u32>(path, protocol | (state << 8) | placeOf(record), Path.PROTOCOL)
  noteChanges(path, table, record, reference, now >> 16)
  store<u32>(path, load<u32>(block, Worker.ERA))
}

/** Notes what is changed in the headers of such packets. */
@inline
function noteChanges(path: usize, table: usize, record: usize, reference: u32, flags: u32): void {
  const came = tupleOf(record, false, reference & 1)
  const other = tupleOf(record, false, (reference & 1) ^ 1)
  const by = sumOf(load<u64>(other)) + ZERO - sumOf(load<u64>(came))
  const ports = <u64>portsOf(other, false) + ZERO - <u64>portsOf(came, false)
  const change = (flags & FlowFlag.TRANSLATED) != 0 ? fold(by + ports) : 0
  store<u32>(path, fold(by + AGED) | (change << 16), Path.HEADER_CHANGE)
  let number = KEEPS
  if (leavesShared(flags, reference)) {
    number = numberOf(table, load<u32>(came, 4), <u32>load<u8>(record, Flow.PROTOCOL))
  }
  store<u32>(path, number, Path.NUMBER)
}
