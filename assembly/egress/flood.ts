/**
 * To all ports of a domain, each only what it can take and may have. The usual flood is one transmit
 * entry that names the domain's list of ports; more are needed where ports differ in what they take
 * (../flood.ts), one a tunnel, and of a super-frame one a segment and tunnel.
 *
 * What finds no room on the transmit list, or among the headers, is left (Worker.REST_RUN), and so is
 * all that comes behind it: the next call goes on with it first. Where it stands is told by the run and by
 * the member of it; runs stay as they are, since a burst keeps the config that it latched.
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
import { dropReceived, dropTransmitted } from '../counter'
import { Drop } from '../drop'
import { Run } from '../flood'
import { FRAME_SIZE, Frame, framesOf } from '../frame'
import { heads, Worker } from '../memory'
import { packetLength, settle } from '../offload/release'
import { SEGMENTS_MAX } from '../offload/segment'
import { interfaceMac, NO_MAC } from '../router/interface'
import { HEADS_SIZE, RUN_SIZE, TRANSMIT_MAX } from '../size'
import { deliver } from './deliver'
import { full, takeHead } from './form'
import { sendWatched, tagFor } from './send'
import { isTagRefused } from './tunnel'

/** Octets of headers that an entry takes beside those of the frame, at most: virtio-net, outer, a tag. */
const HEAD: u32 = 112
/** Of a run whose ports get an entry each, or more. */
const SPECIAL: u32 = PortFlag.OVERLAY | PortFlag.EGRESS
/** Octets kept free before a frame, as before those that the router makes (gateway/emit.ts). */
const BEFORE: u32 = 18

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
  const runs = runsOf(config, <u32>load<u16>(frame, Frame.FID), kind)
  const first = <usize>load<u32>(runs)
  const end = first + <usize>load<u32>(runs, 4) * RUN_SIZE
  const ingress = <u32>load<u16>(frame, Frame.PORT)
  let whole = true
  if (load<u32>(frame, Frame.CHECKSUM) != 0) {
    settle(frame, offloadsOf(first, end))
    whole = load<u8>(frame, Frame.GSO_TYPE) == 0
  }
  let reached = false
  for (let run = first; run < end; run += RUN_SIZE) {
    if (isSpared(run, isolation, ingress)) continue
    if (!whole || !hasRoom(block, run, count)) {
      return floodFrom(worker, block, config, frame, run, 0, end, isolation, count)
    }
    reached = true
    count = floodRun(worker, block, config, frame, run, load<u64>(run), ingress, count)
  }
  if (!reached && !isHeard(config, frame, kind)) {
    store<u8>(frame, <u8>Drop.NO_DESTINATION, Frame.DROP)
    dropReceived(worker, ingress, Drop.NO_DESTINATION, 1)
  }
  return count
}

/** True if there is room for an entry for each port of a run: then none need be counted. */
@inline
function hasRoom(block: usize, run: usize, count: u32): bool {
  if ((load<u32>(run, Run.FLAGS) & PortFlag.EGRESS) != 0) return false
  const ports = load<u32>(run, Run.COUNT)
  if (count + ports > TRANSMIT_MAX) return false
  return load<u32>(block, Worker.HEADS_USED) + ports * HEAD <= HEADS_SIZE
}

/** Goes on with the flood that the last call left; returns the number of transmit entries. */
export function floodOn(worker: u32, block: usize): u32 {
  const run = <usize>load<u32>(block, Worker.REST_RUN)
  const end = <usize>load<u32>(block, Worker.REST_END)
  const member = load<u32>(block, Worker.REST_MEMBER)
  const isolation = load<u32>(block, Worker.REST_ISOLATION)
  const frame = block + Worker.REST
  store<u32>(block, 0, Worker.REST_RUN)
  preserve(worker, block, frame)
  return floodFrom(worker, block, latched(block), frame, run, member, end, isolation, 0)
}

/** A frame among the worker's headers, which are made from the first on again, is moved there. */
function preserve(worker: u32, block: usize, frame: usize): void {
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const start = heads(worker)
  if (address < start || address >= start + HEADS_SIZE) return
  const length = load<u32>(frame, Frame.LENGTH)
  const to = takeHead(worker, block, BEFORE + length) + BEFORE
  memory.copy(to, address, length)
  store<u32>(frame, <u32>to, Frame.ADDRESS)
}

/** The least MTU of the tunnels that a frame is too large for that is flooded; 0 if it fits all. */
export function narrowest(config: usize, frame: usize, kind: u32, isolation: u32): u32 {
  const runs = runsOf(config, <u32>load<u16>(frame, Frame.FID), kind)
  const first = <usize>load<u32>(runs)
  const end = first + <usize>load<u32>(runs, 4) * RUN_SIZE
  let least = u32.MAX_VALUE
  for (let run = first; run < end; run += RUN_SIZE) {
    const flags = load<u32>(run, Run.FLAGS)
    if ((flags & PortFlag.OVERLAY) == 0 || (flags & isolation) != 0) continue
    const mtu = load<u32>(run, Run.MTU)
    // Most frames are so much shorter that it need not be known how long their packet is.
    if (mtu >= least || load<u32>(frame, Frame.LENGTH) <= mtu) continue
    if (packetLength(frame) > mtu) least = mtu
  }
  return least == u32.MAX_VALUE ? 0 : least
}

@inline
function runsOf(config: usize, fid: u32, kind: u32): usize {
  return domainRecord(config, fid) + DomainRecord.RUNS + ((<usize>kind) << 3)
}

/** True for a flood that the router of the domain has heard: it reached somebody. */
function isHeard(config: usize, frame: usize, kind: u32): bool {
  return kind != Flood.UNKNOWN && interfaceMac(config, <u32>load<u16>(frame, Frame.FID)) != NO_MAC
}

/** True if a run has no port that the frame may reach, but the ingress. */
@inline
function isSpared(run: usize, isolation: u32, ingress: u32): bool {
  if ((load<u32>(run, Run.FLAGS) & isolation) != 0) return true
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

/** Floods from a member of a run on, as far as there is room, and leaves the rest. */
function floodFrom(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  run: usize,
  member: u32,
  end: usize,
  isolation: u32,
  count: u32,
): u32 {
  const ingress = <u32>load<u16>(frame, Frame.PORT)
  while (run < end) {
    const whole = load<u32>(run, Run.COUNT)
    if (isSpared(run, isolation, ingress)) member = whole
    else {
      // Where nothing is listed yet there is no more room than now: what does not fit is dropped.
      const fits = max(fitting(block, frame, run, count), <u32>(count == 0))
      const upTo = min(whole, member + fits)
      if (fits != 0) {
        const first = load<u32>(run, Run.MEMBERS) + (member << 2)
        const part = <u64>first | ((<u64>(upTo - member)) << 32)
        count = floodRun(worker, block, config, frame, run, part, ingress, count)
      }
      if (upTo < whole && count != 0) {
        return leave(worker, block, frame, run, upTo, end, isolation, count)
      }
      member = upTo
    }
    if (member < whole) continue
    run += RUN_SIZE
    member = 0
  }
  return count
}

/** How many ports of a run find room: all or none of those that one entry, or one a segment, serves. */
function fitting(block: usize, frame: usize, run: usize, count: u32): u32 {
  const special = load<u32>(run, Run.FLAGS) & SPECIAL
  const segments = framesOf(frame)
  // More are not made: then the frame is sent as it is, or dropped.
  let each = segments > SEGMENTS_MAX ? 1 : segments
  // Whoever watches the port gets as many.
  if ((special & PortFlag.EGRESS) != 0) each <<= 1
  const head = HEAD + (segments == 1 ? 0 : <u32>load<u16>(frame, Frame.HEADERS))
  const entries = TRANSMIT_MAX - count
  const octets = HEADS_SIZE - load<u32>(block, Worker.HEADS_USED)
  const all = load<u32>(run, Run.COUNT)
  // Mostly all do: then nothing need be divided.
  if (all * each <= entries && all * each * head <= octets) return all
  const fits = min(entries / each, octets / (each * head))
  return special != 0 || fits == 0 ? fits : all
}

/** Leaves the rest of a flood to the next call: nothing more is begun in this one. */
function leave(
  worker: u32,
  block: usize,
  frame: usize,
  run: usize,
  member: u32,
  end: usize,
  isolation: u32,
  count: u32,
): u32 {
  // Of a frame that is sent in pieces, each of which is flooded.
  if (load<u32>(block, Worker.REST_RUN) != 0) return full(worker, frame, count)
  const rest = block + Worker.REST
  if (frame != rest) memory.copy(rest, frame, FRAME_SIZE)
  store<u32>(block, <u32>run, Worker.REST_RUN)
  store<u32>(block, <u32>end, Worker.REST_END)
  store<u32>(block, member, Worker.REST_MEMBER)
  store<u32>(block, isolation, Worker.REST_ISOLATION)
  store<u32>(block, HEADS_SIZE, Worker.HEADS_USED)
  return count
}

/** Sends to ports of a run: `part` has the address of the first in its lower half, how many in its upper. */
function floodRun(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  run: usize,
  part: u64,
  ingress: u32,
  count: u32,
): u32 {
  const members = <usize>(<u32>part)
  const portCount = <u32>(part >> 32)
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
