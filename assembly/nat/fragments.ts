/**
 * Parts of packets, and the identifications that hold them together: a later one goes where the first
 * went, under the number that it left with, or waits for it.
 */
import { Drop } from '../drop'
import { isRepeated, kindOf, remember, Seen, takeLater } from '../flow/fragment'
import { holdPart, wakeParts } from '../flow/hold'
import { FlowFlag, flagsOf, isSame, recordOf, tupleOf, turn } from '../flow/record'
import { followCalled, Track } from '../flow/track'
import { Fragment, Frame } from '../frame'
import { workerBlock } from '../memory'
import { packetOf, partOf } from '../packet'
import { identify, leavesShared, nextIdentification } from './identify'
import { rewrite } from './rewrite'

/** What tells the fragments of one packet from those of another. */
function identificationOf(frame: usize, wide: bool): u32 {
  const packet = packetOf(frame)
  if (!wide) return <u32>load<u16>(packet, 4)
  return load<u32>(packet + <usize>load<u16>(frame, Frame.FRAGMENT_AT), 4)
}

/**
 * Gives a packet that leaves by a shared address a number of its own, and notes which flow and number the
 * fragments behind a first one belong to. The packet has its addresses still, or has new ones already.
 */
export function number(
  worker: u32,
  owner: u32,
  track: usize,
  table: usize,
  wide: bool,
  reference: u32,
  frame: usize,
  tick: u32,
): void {
  const packet = packetOf(frame)
  const first = <u32>load<u8>(frame, Frame.FRAGMENT) == Fragment.FIRST
  const shared = !wide && leavesShared(flagsOf(recordOf(table, reference)), reference)
  if (!first && !shared) return
  const had = identificationOf(frame, wide)
  const has = shared ? nextIdentification(workerBlock(worker), table, frame, packet) : had
  if (first) {
    const kind = kindOf(frame, wide)
    remember(table, wide, track, had, has, kind, reference, partOf(frame), tick, owner)
    const woken = wakeParts(worker, owner, wide, track, had, kind, tick)
    if (woken) store<u32>(track, 1, Track.WOKEN)
  }
  if (shared) identify(packet, has)
}

/** Instead of a drop reason: the frame is kept, and comes again; the first fragment was not seen. */
export const KEPT: u32 = 0x10000
export const UNSEEN: u32 = 0x20000

/** Keeps a fragment until the first of its packet comes. Returns KEPT or a drop reason. */
export function keep(
  worker: u32,
  owner: u32,
  track: usize,
  wide: bool,
  frame: usize,
  tick: u32,
): u32 {
  const identification = identificationOf(frame, wide)
  const kept = holdPart(worker, owner, wide, frame, track, identification, tick)
  return kept ? KEPT : Drop.FRAGMENT_LIMIT
}

/** True for a first fragment of a packet that has one already, and is not complete. */
export function repeats(
  track: usize,
  table: usize,
  wide: bool,
  frame: usize,
  tick: u32,
  owner: u32,
): bool {
  const identification = identificationOf(frame, wide)
  const kind = kindOf(frame, wide)
  return isRepeated(table, wide, track, identification, kind, partOf(frame), tick, owner)
}

/** A later fragment goes where the first went. Returns 0, a drop reason or UNSEEN. */
export function goesOn(
  track: usize,
  table: usize,
  wide: bool,
  frame: usize,
  tick: u32,
  owner: u32,
): u32 {
  const identification = identificationOf(frame, wide)
  const kind = kindOf(frame, wide)
  const part = partOf(frame)
  const known = track + Track.WORK
  const seen = takeLater(table, wide, track, identification, kind, part, tick, owner, known)
  if (seen == Seen.NOTHING) return UNSEEN
  if (seen == Seen.REFUSED) return Drop.FRAGMENT_INVALID
  const reference = load<u32>(known)
  const record = recordOf(table, reference)
  const other = tupleOf(record, wide, (reference & 1) ^ 1)
  turn(track + Track.LEAVES, other, wide)
  const translated = (flagsOf(record) & FlowFlag.TRANSLATED) != 0
  // Another worker may have ended the flow and begun one in its record.
  if (!isSame(record, load<u32>(known, 4))) return Drop.FLOW_INVALID
  store<u32>(frame, reference, Frame.FLOW)
  followCalled(table, wide, reference, record, frame, 0, tick, owner)
  if (translated) {
    if (!wide) identify(packetOf(frame), load<u32>(known, 8))
    rewrite(frame, packetOf(frame), wide, track + Track.LEAVES)
  }
  return 0
}
