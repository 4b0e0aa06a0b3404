/** What becomes of a frame that the bridge has decided on: sent, flooded, refused, shown to who watches. */
import { Config, Flood, PortFlag, PortRecord, portRecord } from './config'
import { drop } from './door'
import { Drop } from './drop'
import { flood, narrowest } from './egress/flood'
import { mirror } from './egress/mirror'
import { unicastSpecial } from './egress/send'
import { Frame, framesOf } from './frame'
import { TAKEN } from './gateway/arp'
import { Complaint, complain, tooBig, tooBigForSome } from './gateway/complain'
import { suppress } from './gateway/suppress'
import { conforms } from './meter'
import { packetLength, settle } from './offload/release'

/** Copies a frame, as it came, to whoever watches the port. */
@inline
export function mirrorReceived(
  worker: u32,
  block: usize,
  record: usize,
  frame: usize,
  flags: u32,
  entries: u32,
): u32 {
  if ((flags & PortFlag.MIRROR_RECEIVE) == 0) return entries
  // Whoever gets it later may need the checksum completed, which would change what was sent here.
  settle(frame, 0)
  const target = load<u32>(record, PortRecord.MIRROR_RECEIVE)
  return mirror(worker, block, frame, target, load<u32>(frame, Frame.TAG), entries)
}

/** Sends a frame to a port; where a tunnel is too narrow for it, its sender is told (CONFORMANCE X8). */
@inline
export function forward(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  port: u32,
  reach: u32,
  entries: u32,
): u32 {
  const record = portRecord(config, port)
  if ((load<u32>(record, PortRecord.FLAGS) & ~reach & PortFlag.OVERLAY) != 0) {
    const mtu = load<u32>(record, PortRecord.MTU)
    if (packetLength(frame) > mtu) return tooBig(worker, block, config, frame, port, mtu, entries)
  }
  return unicastSpecial(worker, block, frame, port, reach, entries)
}

/** Drops a frame; where a rule rejects it, a gateway on the bridge tells its sender. */
export function refused(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  why: u32,
  entries: u32,
): u32 {
  if (why == Drop.FILTER_REJECTED) {
    return complain(worker, block, config, frame, Complaint.PROHIBITED, 0, why, entries)
  }
  drop(worker, <u32>load<u16>(frame, Frame.PORT), frame, why)
  return entries
}

/**
 * Floods a frame, unless its port has done so too often, or it is a question that is answered here:
 * where `quiet`.
 */
export function floodAllowed(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  kind: u32,
  isolation: u32,
  quiet: bool,
  entries: u32,
  now: f64,
): u32 {
  if (quiet) {
    const answered = suppress(worker, block, config, frame, entries)
    if ((answered & TAKEN) != 0) return answered & ~TAKEN
  }
  const port = <u32>load<u16>(frame, Frame.PORT)
  const record = portRecord(config, port)
  const limited = (load<u32>(record, PortRecord.FLAGS) & PortFlag.STORM) != 0
  const storm = limited ? stormed(record, frame, kind, now) : 0
  if (storm != 0) {
    drop(worker, port, frame, storm)
    return entries
  }
  if (kind != Flood.BROADCAST && load<u32>(config, Config.TUNNEL_COUNT) != 0) {
    // It goes where it fits; but its sender would not hear that it does not fit everywhere.
    const mtu = narrowest(config, frame, kind, isolation)
    if (mtu != 0) {
      entries = tooBigForSome(worker, block, config, frame, kind == Flood.MULTICAST, mtu, entries)
    }
  }
  return flood(worker, block, frame, kind, isolation, entries)
}

/** Why a flood of class `kind` is too much from this port: 0, or a drop reason. */
function stormed(record: usize, frame: usize, kind: u32, now: f64): u32 {
  const port = <u32>load<u16>(frame, Frame.PORT)
  if (conforms(record + PortRecord.RATES, port, kind, framesOf(frame), now)) return 0
  if (kind == Flood.BROADCAST) return Drop.STORM_BROADCAST
  return kind == Flood.MULTICAST ? Drop.STORM_MULTICAST : Drop.STORM_UNKNOWN_UNICAST
}
