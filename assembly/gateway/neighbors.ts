/** What time asks of neighbours, whichever family they are of. */

import { Drop } from '../drop'
import { DIRECTORY, Directory, NEVER } from '../memory'
import { HELD_LENGTH, takeHeld } from '../router/held'
import {
  enter,
  leave,
  macOf,
  Neighbor,
  NeighborHead,
  neighborAt,
  neighborHead,
  nextActive,
} from '../router/neighbor'
import { Due, expire } from '../router/resolve'
import { BROADCAST } from '../wire/ethernet'
import { ask } from './ask'
import { Complaint, complain } from './complain'
import { isRoomy, Routed, room, routed } from './emit'

/** Does what time asks for of neighbours. */
export function tickNeighbors(
  worker: u32,
  block: usize,
  config: usize,
  now: f64,
  entries: u32,
): u32 {
  const deadline = atomic.load<u64>(DIRECTORY, Directory.NEIGHBOR_DEADLINE)
  if (now < <f64>deadline || !enter(worker, block)) return entries
  let number = load<u32>(neighborHead(), NeighborHead.ACTIVE)
  while (number != 0 && isRoomy(block, entries)) {
    const record = neighborAt(number)
    number = load<u32>(record, Neighbor.NEXT)
    if (load<f64>(record, Neighbor.DEADLINE) > now) continue
    entries = due(worker, block, config, record, now, entries)
  }
  // What found no room is due still, and comes first the next time.
  atomic.store<u64>(DIRECTORY, nextActive(), Directory.NEIGHBOR_DEADLINE)
  leave()
  return entries
}

function due(worker: u32, block: usize, config: usize, record: usize, now: f64, entries: u32): u32 {
  const mac = macOf(load<u64>(record, Neighbor.LINK))
  const what = expire(record, now)
  if (what == Due.NOTHING) return entries
  if (what == Due.GIVE_UP) return giveUp(worker, block, config, record, entries)
  const fid = load<u32>(record, Neighbor.FID)
  const to = what == Due.ASK ? mac : BROADCAST
  return ask(worker, block, config, fid, load<u64>(record), load<u64>(record, 8), to, entries)
}

/** Tells those who sent what waits that its destination cannot be reached. Under the lock. */
export function giveUp(worker: u32, block: usize, config: usize, record: usize, entries: u32): u32 {
  const frame = routed(block, Routed.HELD)
  while (true) {
    const to = room(worker, block, HELD_LENGTH)
    if (to == 0 || !takeHeld(record, frame, to)) return entries
    const why = Drop.NEIGHBOR_UNRESOLVED
    entries = complain(worker, block, config, frame, Complaint.HOST, 0, why, entries)
  }
}

export function neighborDeadline(): f64 {
  const deadline = atomic.load<u64>(DIRECTORY, Directory.NEIGHBOR_DEADLINE)
  return deadline == NEVER ? Infinity : <f64>deadline
}
