/** A packet for the router, and the fragments that waited for it because they came first. */
import { PART_LENGTH, takePart } from '../flow/hold'
import { takeWoken } from '../flow/track'
import { Frame } from '../frame'
import { ownerOf } from '../memory'
import { interfaceOf } from '../router/interface'
import { isRoomy, Routed, room, routed } from './emit'
import { routePacket } from './forward'

/** Handles a packet that was sent to the router's MAC in the domain of interface `own`. */
export function routeInOrder(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  own: usize,
  entries: u32,
): u32 {
  entries = routePacket(worker, block, config, frame, own, entries)
  if (!takeWoken(worker)) return entries
  const part = routed(block, Routed.HELD)
  const owner = ownerOf(worker, block)
  while (isRoomy(block, entries)) {
    const to = room(worker, block, PART_LENGTH)
    if (to == 0 || !takePart(worker, owner, part, to)) break
    const from = interfaceOf(config, <u32>load<u16>(part, Frame.FID))
    if (from != 0) entries = routePacket(worker, block, config, part, from, entries)
  }
  return entries
}
