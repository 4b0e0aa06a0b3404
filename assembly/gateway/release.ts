/** What waited for a neighbour, on its way. */
import { Frame } from '../frame'
import { HELD_LENGTH, takeHeld } from '../router/held'
import { interfaceOf } from '../router/interface'
import { enter, leave, macOf, Neighbor } from '../router/neighbor'
import { isRoomy, Routed, room, routed } from './emit'
import { sendOn } from './send'

/** Sends what waited for a neighbour whose MAC is known now. */
export function release(
  worker: u32,
  block: usize,
  config: usize,
  record: usize,
  entries: u32,
): u32 {
  while (isRoomy(block, entries)) {
    const to = room(worker, block, HELD_LENGTH)
    if (to == 0 || !enter(worker, block)) return entries
    const frame = routed(block, Routed.HELD)
    // The record may have become another's meanwhile, whose frames wait on.
    const mac = macOf(load<u64>(record, Neighbor.LINK))
    const waited = mac != 0 && takeHeld(record, frame, to)
    leave()
    if (!waited) return entries
    const own = interfaceOf(config, <u32>load<u16>(frame, Frame.OUT_FID))
    entries = sendOn(worker, block, config, frame, own, mac, entries)
  }
  return entries
}
