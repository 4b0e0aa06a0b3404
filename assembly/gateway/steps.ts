/**
 * The places where connection tracking, translation and the filter have their say in the way of a
 * packet through the router (forward.ts). Each gets the frame as `parse` has described it, may rewrite
 * it where it lies, and returns 0 to let it go on or a drop reason. For FILTER_REJECTED and
 * NAT_EXHAUSTED the sender is told (ICMP "administratively prohibited"); a frame that is KEPT comes again.
 */

import { permitRouted } from '../firewall'
import { Frame } from '../frame'
import { arrive } from '../nat/arrive'
import { leave } from '../nat/leave'
import { restore } from '../nat/restore'

export { KEPT } from '../nat/fragments'

/**
 * Step A, before it is known where the packet goes: the flow it belongs to (Frame.FLOW), both
 * translations and the state of one that there is; of one that there is not, the translation of the
 * destination.
 */
@inline
export function enterFlow(worker: u32, block: usize, config: usize, frame: usize, now: f64): u32 {
  return arrive(worker, block, config, frame, now)
}

/**
 * Step B, when it is known where the packet goes (Frame.OUT_FID; `_route` is its record) and nothing
 * of that is done yet: the filter, which sees the destination translated and the source as it was,
 * then the translation of the source and the new flow. Not asked for what is for the router itself.
 */
@inline
export function leaveFlow(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  _route: usize,
  now: f64,
): u32 {
  const outFid = <u32>load<u16>(frame, Frame.OUT_FID)
  const why = permitRouted(worker, block, config, frame, outFid)
  return why != 0 ? why : leave(worker, block, config, frame, outFid, now)
}

/**
 * Step C: a packet is about to be quoted to its sender, who is to see it as it was sent and is found by
 * the address it was sent from: translations are taken back.
 */
@inline
export function restorePacket(frame: usize): void {
  restore(frame)
}
