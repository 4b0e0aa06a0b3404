/**
 * Out of the switch: to one port or to all of a domain, each only what it can take.
 *
 * The usual flood is one transmit entry that names the domain's list of ports. Only where a member
 * cannot take the frame is the list cut into the runs of those that can.
 */
import { DomainRecord, domainRecord, PortRecord, portRecord } from './config'
import { countTransmitted, dropReceived, dropTransmitted } from './counter'
import { Drop } from './drop'
import { Frame } from './frame'
import { complete, needsOf, Offload, packetLength, writeHeader } from './offload/release'
import { append, NO_PORT, only } from './transmit'
import { Virtio } from './wire/virtio'

/** Why the port cannot take the frame: 0, or a drop reason. A missing checksum is no reason. */
@inline
function refusal(record: usize, fid: u32, needs: u32, length: u32): u32 {
  const up = PortRecord.PRESENT | PortRecord.UP
  if ((load<u32>(record, PortRecord.FLAGS) & up) != up) return Drop.EGRESS_DOWN
  // A port that was moved to another bridge a moment ago may still be in the FDB of the old one.
  if (load<u32>(record, PortRecord.FID) != fid) return Drop.EGRESS_DOWN
  if (length > load<u32>(record, PortRecord.MTU)) return Drop.OVER_MTU
  const lacking = needs & ~load<u32>(record, PortRecord.OFFLOADS) & ~Offload.CHECKSUM
  return lacking == 0 ? 0 : Drop.NEEDS_SEGMENTATION
}

/** Completes the checksum if it is partial and `offloads` lack it. Returns what is needed then. */
@inline
function fit(frame: usize, needs: u32, offloads: u32): u32 {
  if ((needs & ~offloads) != Offload.CHECKSUM) return needs
  complete(frame)
  return needs & ~Offload.CHECKSUM
}

/** Appends the frame for `portCount` ports at `ports`. */
@inline
function send(
  block: usize,
  frame: usize,
  count: u32,
  ports: usize,
  portCount: u32,
  except: u32,
): bool {
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const length = load<u32>(frame, Frame.LENGTH) + <u32>Virtio.HEADER
  return append(block, count, address - Virtio.HEADER, length, ports, portCount, except)
}

/** Sends to one port. Returns the number of transmit entries there are then. */
@inline
export function unicast(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  port: u32,
  count: u32,
): u32 {
  const record = portRecord(config, port)
  const needs = needsOf(frame)
  const fid = <u32>load<u16>(frame, Frame.FID)
  const why = refusal(record, fid, needs, packetLength(frame))
  if (why != 0) {
    dropTransmitted(worker, port, why, 1)
    return count
  }
  if (needs != 0) fit(frame, needs, load<u32>(record, PortRecord.OFFLOADS))
  writeHeader(frame)
  if (!send(block, frame, count, only(port), 1, NO_PORT)) return full(worker, frame, count)
  countTransmitted(worker, port, load<u32>(frame, Frame.LENGTH))
  return count + 1
}

function full(worker: u32, frame: usize, count: u32): u32 {
  dropReceived(worker, <u32>load<u16>(frame, Frame.PORT), Drop.TRANSMIT_LIST_FULL, 1)
  return count
}

/** Sends to all ports of the domain but the ingress. Returns the number of transmit entries. */
export function flood(worker: u32, block: usize, config: usize, frame: usize, count: u32): u32 {
  const domain = domainRecord(config, <u32>load<u16>(frame, Frame.FID))
  const ingress = <u32>load<u16>(frame, Frame.PORT)
  const members = <usize>load<u32>(domain, DomainRecord.MEMBERS)
  const memberCount = load<u32>(domain, DomainRecord.MEMBER_COUNT)
  if (memberCount < 2) {
    dropReceived(worker, ingress, Drop.NO_DESTINATION, 1)
    return count
  }
  const offloads = load<u32>(domain, DomainRecord.OFFLOADS)
  const length = packetLength(frame)
  let needs = needsOf(frame)
  // One member that cannot take a partial checksum: it is completed once, for all.
  if (needs == Offload.CHECKSUM) needs = fit(frame, needs, offloads)
  writeHeader(frame)
  if (length > load<u32>(domain, DomainRecord.MTU) || (needs & ~offloads) != 0) {
    return floodRuns(worker, block, config, frame, domain, needs, length, count)
  }
  if (!send(block, frame, count, members, memberCount, ingress)) return full(worker, frame, count)
  countMembers(worker, members, memberCount, ingress, load<u32>(frame, Frame.LENGTH))
  return count + 1
}

function countMembers(
  worker: u32,
  members: usize,
  memberCount: u32,
  ingress: u32,
  octets: u32,
): void {
  for (let index: u32 = 0; index < memberCount; index++) {
    const port = load<u32>(members + ((<usize>index) << 2))
    if (port != ingress) countTransmitted(worker, port, octets)
  }
}

/** Floods to the runs of members that can take the frame, and counts a drop at the others. */
function floodRuns(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  domain: usize,
  needs: u32,
  length: u32,
  count: u32,
): u32 {
  const ingress = <u32>load<u16>(frame, Frame.PORT)
  const members = <usize>load<u32>(domain, DomainRecord.MEMBERS)
  const memberCount = load<u32>(domain, DomainRecord.MEMBER_COUNT)
  const octets = load<u32>(frame, Frame.LENGTH)
  const fid = <u32>load<u16>(frame, Frame.FID)
  let start: u32 = 0
  for (let index: u32 = 0; index <= memberCount; index++) {
    let why: u32 = 0
    if (index < memberCount) {
      const port = load<u32>(members + ((<usize>index) << 2))
      if (port == ingress) continue
      why = refusal(portRecord(config, port), fid, needs, length)
      if (why == 0) continue
      dropTransmitted(worker, port, why, 1)
    }
    const run = members + ((<usize>start) << 2)
    if (index > start) {
      if (!send(block, frame, count, run, index - start, ingress)) return full(worker, frame, count)
      countMembers(worker, run, index - start, ingress, octets)
      count++
    }
    start = index + 1
  }
  return count
}
