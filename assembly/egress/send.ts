/**
 * Out of the switch by one port: only what it can take and may have. What is usual goes the short way
 * (shortcut.ts), with the same outcome.
 */
import { DomainRecord, domainRecord, latched, PortFlag, PortRecord, portRecord } from '../config'
import { countersOf, countTransmitted, dropTransmitted } from '../counter'
import { Drop } from '../drop'
import { isMember, leavesTagged } from '../flood'
import { Frame, framesOf } from '../frame'
import { DIRECTORY, Directory, Worker } from '../memory'
import { conforms, Meter } from '../meter'
import { Offload, packetLength, settle } from '../offload/release'
import { NO_PORT, only } from '../transmit'
import { tagOf } from '../wire/vlan'
import { deliver } from './deliver'
import { longerBy, sendAlone } from './form'
import { mirror } from './mirror'
import { isTagRefused } from './tunnel'

export const UP: u32 = PortFlag.PRESENT | PortFlag.UP

/** Any frame to any port. */
export function unicastSpecial(
  worker: u32,
  block: usize,
  frame: usize,
  port: u32,
  isolation: u32,
  count: u32,
): u32 {
  const config = latched(block)
  const record = portRecord(config, port)
  const why = refusal(config, record, frame, port, isolation)
  if (why != 0) {
    dropTransmitted(worker, port, why, 1)
    return count
  }
  const tag = tagFor(config, record, frame)
  if ((load<u32>(record, PortRecord.FLAGS) & PortFlag.EGRESS) != 0) {
    return sendWatched(worker, block, frame, port, tag, count)
  }
  const offloads = load<u32>(record, PortRecord.OFFLOADS)
  settle(frame, offloads)
  const own = tag == load<u32>(frame, Frame.TAG) || (offloads & Offload.TUNNEL) != 0
  if (own || isWatched(config, frame) || load<u8>(frame, Frame.GSO_TYPE) != 0) {
    return deliver(worker, block, frame, count, tag, offloads, only(port), 1, NO_PORT)
  }
  countTransmitted(
    countersOf(worker, port),
    1,
    load<u32>(frame, Frame.LENGTH) + longerBy(frame, tag),
  )
  sendAlone(block, frame, count, tag, only(port))
  return count + 1
}

/** True if somebody else needs the frame as it lies. */
@inline
export function isWatched(config: usize, frame: usize): bool {
  const ingress = portRecord(config, <u32>load<u16>(frame, Frame.PORT))
  if ((load<u32>(ingress, PortRecord.FLAGS) & PortFlag.MIRROR_RECEIVE) != 0) return true
  return load<u32>(DIRECTORY, Directory.CAPTURING) != 0
}

/** The tag with which a frame leaves by a port, four octets as on the wire; 0 for none. */
export function tagFor(config: usize, record: usize, frame: usize): u32 {
  if ((load<u32>(record, PortRecord.FLAGS) & PortFlag.VLAN_AWARE) == 0) return 0
  const domain = domainRecord(config, <u32>load<u16>(frame, Frame.FID))
  if (!leavesTagged(record, load<u32>(domain, DomainRecord.VID))) return 0
  return tagOf(<u32>load<u16>(record, PortRecord.TPID), <u32>load<u16>(frame, Frame.TCI))
}

/** Why the port cannot take or may not have the frame: 0, or a drop reason. */
function refusal(config: usize, record: usize, frame: usize, port: u32, isolation: u32): u32 {
  const flags = load<u32>(record, PortRecord.FLAGS)
  if ((flags & UP) != UP || (flags & PortFlag.MIRROR_TARGET) != 0) return Drop.EGRESS_DOWN
  // A port that left the domain a moment ago may still have entries there.
  const fid = <u32>load<u16>(frame, Frame.FID)
  if (!isMember(config, record, port, fid)) return Drop.EGRESS_DOWN
  if ((flags & isolation) != 0) {
    return (flags & isolation & PortFlag.OVERLAY) != 0 ? Drop.SPLIT_HORIZON : Drop.ISOLATED
  }
  if (packetLength(frame) > load<u32>(record, PortRecord.MTU)) return Drop.OVER_MTU
  if ((flags & PortFlag.OVERLAY) != 0 && isTagRefused(record, frame)) return Drop.TUNNEL_TAGGED
  if ((flags & (PortFlag.VLAN_AWARE | PortFlag.TUNNEL)) != PortFlag.VLAN_AWARE) return 0
  const nested = load<u8>(frame, Frame.NESTED) != 0
  return nested && tagFor(config, record, frame) == 0 ? Drop.VLAN_NESTED : 0
}

/** To a port that is policed or mirrored. */
export function sendWatched(
  worker: u32,
  block: usize,
  frame: usize,
  port: u32,
  tag: u32,
  count: u32,
): u32 {
  const config = latched(block)
  const record = portRecord(config, port)
  const flags = load<u32>(record, PortRecord.FLAGS)
  if ((flags & PortFlag.POLICE_TRANSMIT) != 0) {
    const now = load<f64>(block, Worker.NOW)
    const rates = record + PortRecord.RATES
    const octets = load<u32>(frame, Frame.LENGTH) + longerBy(frame, tag)
    const room =
      conforms(rates, port, Meter.TRANSMIT_FRAMES, framesOf(frame), now) &&
      conforms(rates, port, Meter.TRANSMIT_OCTETS, octets, now)
    if (!room) {
      dropTransmitted(worker, port, Drop.POLICED_TRANSMIT, 1)
      return count
    }
  }
  const offloads = load<u32>(record, PortRecord.OFFLOADS)
  const mirrored = (flags & PortFlag.MIRROR_TRANSMIT) != 0
  const target = load<u32>(record, PortRecord.MIRROR_TRANSMIT)
  settle(
    frame,
    mirrored ? offloads & load<u32>(portRecord(config, target), PortRecord.OFFLOADS) : offloads,
  )
  count = deliver(worker, block, frame, count, tag, offloads, only(port), 1, NO_PORT)
  return mirrored ? mirror(worker, block, frame, target, tag, count) : count
}
