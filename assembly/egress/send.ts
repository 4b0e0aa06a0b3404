/**
 * Out of the switch: to one port or to all of a domain, each only what it can take and may have.
 *
 * A frame for one port is one transmit entry, the usual flood one that names the domain's list of
 * ports; more are needed where ports differ in what they take (flood.ts). What is usual for one port
 * goes the short way (shortcut.ts), with the same outcome.
 */
import {
  DomainRecord,
  domainRecord,
  Flood,
  latched,
  PortFlag,
  PortRecord,
  portRecord,
} from '../config'
import { countersOf, countTransmitted, dropReceived, dropTransmitted } from '../counter'
import { Drop } from '../drop'
import { isMember, leavesTagged, Run } from '../flood'
import { Frame, framesOf } from '../frame'
import { DIRECTORY, Directory, Worker } from '../memory'
import { conforms, Meter } from '../meter'
import { Offload, packetLength, settle } from '../offload/release'
import { interfaceMac, NO_MAC } from '../router/interface'
import { RUN_SIZE } from '../size'
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
function tagFor(config: usize, record: usize, frame: usize): u32 {
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
function sendWatched(
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

/**
 * Sends to all ports of the frame's domain that take floods of class `kind`, but the ingress. Returns
 * the number of transmit entries.
 */
export function flood(
  worker: u32,
  block: usize,
  frame: usize,
  kind: u32,
  isolation: u32,
  count: u32,
): u32 {
  const config = latched(block)
  const domain = domainRecord(config, <u32>load<u16>(frame, Frame.FID))
  const runs = domain + DomainRecord.RUNS + ((<usize>kind) << 3)
  const first = <usize>load<u32>(runs)
  const end = first + <usize>load<u32>(runs, 4) * RUN_SIZE
  const ingress = <u32>load<u16>(frame, Frame.PORT)
  if (load<u32>(frame, Frame.CHECKSUM) != 0) settle(frame, offloadsOf(first, end))
  let reached = false
  for (let run = first; run < end; run += RUN_SIZE) {
    if ((load<u32>(run, Run.FLAGS) & isolation) != 0 || isNobody(run, ingress)) continue
    reached = true
    count = floodRun(worker, block, config, frame, run, ingress, count)
  }
  if (!reached && !isHeard(config, frame, kind)) {
    store<u8>(frame, <u8>Drop.NO_DESTINATION, Frame.DROP)
    dropReceived(worker, ingress, Drop.NO_DESTINATION, 1)
  }
  return count
}

/** True for a flood that the router of the domain has heard: it reached somebody. */
function isHeard(config: usize, frame: usize, kind: u32): bool {
  return kind != Flood.UNKNOWN && interfaceMac(config, <u32>load<u16>(frame, Frame.FID)) != NO_MAC
}

/** True if a run has no port but the ingress. */
@inline
function isNobody(run: usize, ingress: u32): bool {
  if (load<u32>(run, Run.COUNT) > 1) return false
  return load<u32>(<usize>load<u32>(run, Run.MEMBERS)) == ingress
}

/** What all ports of the runs take; nothing where mirrors may have a say. */
function offloadsOf(first: usize, end: usize): u32 {
  let offloads: u32 = u32.MAX_VALUE
  for (let run = first; run < end; run += RUN_SIZE) {
    offloads &= load<u32>(run, Run.OFFLOADS)
    if ((load<u32>(run, Run.FLAGS) & PortFlag.MIRROR_TRANSMIT) != 0) offloads = 0
  }
  return offloads
}

function floodRun(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  run: usize,
  ingress: u32,
  count: u32,
): u32 {
  const members = <usize>load<u32>(run, Run.MEMBERS)
  const portCount = load<u32>(run, Run.COUNT)
  const record = portRecord(config, load<u32>(members))
  let why: u32 = 0
  const vlan = load<u32>(record, PortRecord.FLAGS) & (PortFlag.VLAN_AWARE | PortFlag.TUNNEL)
  if (vlan == PortFlag.VLAN_AWARE && load<u32>(run, Run.TAGGED) == 0) {
    if (load<u8>(frame, Frame.NESTED) != 0) why = Drop.VLAN_NESTED
  }
  if ((load<u32>(run, Run.FLAGS) & PortFlag.OVERLAY) != 0 && isTagRefused(record, frame)) {
    why = Drop.TUNNEL_TAGGED
  }
  // Last, since this is the reason that a single destination gives too.
  if (packetLength(frame) > load<u32>(run, Run.MTU)) why = Drop.OVER_MTU
  if (why != 0) {
    dropAll(worker, members, portCount, ingress, why)
    return count
  }
  const tag = load<u32>(run, Run.TAGGED) == 0 ? 0 : tagFor(config, record, frame)
  if ((load<u32>(run, Run.FLAGS) & PortFlag.EGRESS) == 0) {
    const offloads = load<u32>(run, Run.OFFLOADS)
    return deliver(worker, block, frame, count, tag, offloads, members, portCount, ingress)
  }
  for (let index: u32 = 0; index < portCount; index++) {
    const port = load<u32>(members + ((<usize>index) << 2))
    if (port != ingress) count = sendWatched(worker, block, frame, port, tag, count)
  }
  return count
}

function dropAll(worker: u32, members: usize, portCount: u32, ingress: u32, why: u32): void {
  for (let index: u32 = 0; index < portCount; index++) {
    const port = load<u32>(members + ((<usize>index) << 2))
    if (port != ingress) dropTransmitted(worker, port, why, 1)
  }
}
