/**
 * Coalescing (GRO): what a sender's stack or NIC cut into segments becomes super-frames again, so that
 * all that follows is done once for many. Only within a burst: nothing waits for what may come, there
 * are no timers.
 *
 * Of every flow at most one candidate is open. A segment of its flow either follows it and is appended,
 * or closes it; so does anything else of the flow, and what may be of any flow closes all. A super-frame
 * stands where its first segment stood, so nothing of a flow overtakes anything of the same flow.
 * candidate.ts says what may be one, open.ts knows the candidates, merge.ts makes super-frames.
 */
import { FRAME_SIZE, Frame } from '../frame'
import { merged, Worker } from '../memory'
import { isLast, l3Of, l4Of, read, Verdict, verdictOf } from './candidate'
import { begin, close, extend, Merge } from './merge'
import { anyOpen, clear, find, latest, take } from './open'

/**
 * Coalesces what the first `count` descriptors of a worker's block are of: one burst of one port, behind
 * the door; what is dropped stays as it is. Descriptors of segments that became part of others vanish,
 * the rest move up in their order. Returns how many there are then. Super-frames lie in the worker's
 * MERGED until its next burst.
 */
export function coalesce(worker: u32, block: usize, count: u32): u32 {
  if (count < 2) return count
  const space = merged(worker)
  clear(space)
  const frames = block + Worker.FRAMES
  const end = frames + <usize>count * FRAME_SIZE
  let to = frames
  for (let from = frames; from < end; from += FRAME_SIZE) {
    // What follows the segment before it, the usual case, needs no closer look, and no place.
    const last = latest(space)
    const outcome = last != 0 ? extend(space, last, from) : Merge.REFUSED
    if (outcome == Merge.DONE) continue
    if (to != from) copyDescriptor(to, from)
    if (!absorb(space, to, last, outcome)) to += FRAME_SIZE
  }
  closeAll(space)
  return <u32>(to - frames) / <u32>FRAME_SIZE
}

@inline
function copyDescriptor(to: usize, from: usize): void {
  for (let at: usize = 0; at < FRAME_SIZE; at += 16) v128.store(to + at, v128.load(from + at))
}

function closeAll(space: usize): void {
  for (let each = anyOpen(space); each != 0; each = anyOpen(space)) close(space, each)
}

/**
 * True if the frame is part of a candidate now. With `last`, the latest, it is not one: `outcome` came of that.
 */
function absorb(space: usize, frame: usize, last: usize, outcome: u32): bool {
  if (load<u8>(frame, Frame.DROP) != 0) return false
  const segment = read(frame)
  const verdict = verdictOf(segment)
  if (verdict == Verdict.OTHER) return false
  if (verdict == Verdict.UNKNOWN) {
    closeAll(space)
    return false
  }
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const packet = address + l3Of(segment)
  const transport = address + l4Of(segment)
  const candidate = find(space, packet, transport)
  if (candidate != 0) {
    if (candidate != last) outcome = extend(space, candidate, frame)
    if (outcome == Merge.DONE) return true
    close(space, candidate)
  }
  if (verdict != Verdict.SEGMENT || outcome == Merge.DAMAGED || isLast(address, segment))
    return false
  const place = take(space, packet, transport)
  if (place != 0) begin(place, frame, segment)
  return false
}
