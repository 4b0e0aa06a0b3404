/**
 * The short way into tunnels: of a frame that could go the short way (shortcut.ts), but that its
 * destination is known behind a tunnel which takes it. Its outer headers are put into the arena before
 * it, so that an entry is of one piece; the long way, by which a frame may leave by several ports, makes
 * them elsewhere (egress/tunnel.ts). Datagrams are the same.
 *
 * What comes one behind the other often has one source and one destination: both are looked up when they
 * change.
 */
import {
  ageingOf,
  ageLimit,
  destinationKeyOf,
  domainGeneration,
  isGenerationOf,
  isStatic,
  isYoung,
  macOf,
  portOf,
  Shared,
  sourceKeyOf,
  withGeneration,
} from '../bridge/entry'
import { isSeen } from '../bridge/learn'
import { isFiltered, PortFlag, PortRecord, portRecord } from '../config'
import { countTransmitted } from '../counter'
import { FRAME_SIZE, Frame } from '../frame'
import { outerLength, putOuter } from '../overlay/encapsulate'
import { insideAt } from '../overlay/inner'
import { concerns, interfaceMac, NO_MAC } from '../router/interface'
import { COUNTERS_SIZE, PORT_SHARED_SIZE } from '../size'
import { holds, nearSlot, valueOf } from '../table/bucket'
import { mark, NO_PORT, put, TRANSMIT_SIZE } from '../transmit'
import { Tunnel, tunnelOf } from '../tunnel'
import { Ethernet, etherTypeAt, isGroup, isStation, isTag } from '../wire/ethernet'
import { Virtio } from '../wire/virtio'

/** Of the flags that are looked at, those that a tunnel has. */
const WANTED: u32 = PortFlag.PRESENT | PortFlag.UP | PortFlag.OVERLAY

/** In place of a value: nothing is learnt. No port has that number. */
export const NOTHING: u64 = u64.MAX_VALUE

/**
 * Handles descriptors from `frame` to `end` with transmit entries from `entry` on, for as long as they go
 * this way; parameters are those of `run`. Returns the descriptor at which it stopped.
 */
export function intoTunnels(
  frame: usize,
  end: usize,
  entry: usize,
  template: u64,
  config: usize,
  portGeneration: u32,
  looked: u32,
  stamp: u32,
  ports: usize,
  identity: usize,
  counters: usize,
): usize {
  let fid = u32.MAX_VALUE
  let gateway: u64 = NO_MAC
  let value: u64 = 0
  let generation: u32 = 0
  let limit: u32 = 0
  let last: u64 = 0
  let destination: u64 = 0 // no key is 0: there is no domain 0
  let tunnel: usize = 0
  let most: u32 = 0
  let number: u32 = 0
  let sent: u32 = 0
  let octets: u32 = 0
  for (; frame < end; frame += FRAME_SIZE, entry += TRANSMIT_SIZE) {
    if (load<u64>(frame, Frame.CHECKSUM) != 0) break
    const address = <usize>load<u32>(frame, Frame.ADDRESS)
    const domain = <u32>load<u16>(frame, Frame.FID)
    if (domain != fid) {
      if (isFiltered(config, domain)) break
      fid = domain
      gateway = interfaceMac(config, fid)
      generation = domainGeneration(fid)
      value = withGeneration(template, portGeneration + generation)
      limit = ageLimit(ageingOf(config, fid))
      last = <u64>(fid ^ 1) // of no source in this domain
    }
    if (gateway != NO_MAC && concerns(frame, address, gateway)) break
    const source = sourceKeyOf(address, fid)
    if (source != last) {
      if (template == NOTHING) {
        if (!isStation(macOf(source))) break
      } else if (!isSeen(<usize>load<u32>(frame, Frame.SOURCE_BUCKET), source, value)) break
      last = source
    }
    const key = destinationKeyOf(address, fid)
    if (key != destination) {
      if (isGroup(load<u64>(address))) break
      const bucket = <usize>load<u32>(frame, Frame.DESTINATION_BUCKET)
      const found = lookUp(bucket, key, ports, generation, limit, stamp)
      if (found == NOTHING) break
      const to = portOf(found)
      const record = portRecord(config, to)
      if ((load<u32>(record, PortRecord.FLAGS) & looked) != WANTED) break
      if (load<u32>(record, PortRecord.FID) != fid) break
      if (sent != 0) count(counters, number, tunnel, sent, octets)
      sent = 0
      octets = 0
      destination = key
      tunnel = tunnelOf(record)
      most = load<u32>(record, PortRecord.MTU) + Ethernet.HEADER
      number = to
    }
    const length = load<u32>(frame, Frame.LENGTH)
    if (length > most) break
    const type = etherTypeAt(address, <u32>Ethernet.TYPE)
    if (isTag(type)) break
    send(entry, address, length, type, tunnel, number, identity)
    sent++
    octets += length
  }
  if (sent != 0) count(counters, number, tunnel, sent, octets)
  return frame
}

/** The value of a key's entry if that is near and in force, or NOTHING. */
@inline
function lookUp(
  bucket: usize,
  key: u64,
  ports: usize,
  generation: u32,
  limit: u32,
  stamp: u32,
): u64 {
  const slot = nearSlot(bucket, key)
  if (slot == 0) return NOTHING
  const found = valueOf(slot)
  if (!holds(slot, key)) return NOTHING
  if (isStatic(found)) return found
  const now = load<u32>(ports + <usize>portOf(found) * PORT_SHARED_SIZE, Shared.GENERATION)
  return isGenerationOf(found, now + generation) && isYoung(found, stamp, limit) ? found : NOTHING
}

/** Puts the outer headers before a frame of EtherType `type`, and makes the entry of it. */
@inline
function send(
  entry: usize,
  address: usize,
  length: u32,
  type: u32,
  tunnel: usize,
  port: u32,
  identity: usize,
): void {
  const outer = outerLength(tunnel)
  const to = address - outer
  putOuter(to, tunnel, length, insideAt(address, length, Ethernet.HEADER, type))
  const by = identity + ((<usize>load<u16>(tunnel, Tunnel.UNDERLAY)) << 2)
  put(entry, to - Virtio.HEADER, length + outer + <u32>Virtio.HEADER, 0, 0, by, 1, NO_PORT)
  mark(entry, port)
}

/** Counts what one tunnel sent, and its underlay. */
@inline
function count(counters: usize, port: u32, tunnel: usize, sent: u32, octets: u32): void {
  countTransmitted(counters + <usize>port * COUNTERS_SIZE, sent, octets)
  const by = counters + <usize>load<u16>(tunnel, Tunnel.UNDERLAY) * COUNTERS_SIZE
  countTransmitted(by, sent, octets + sent * outerLength(tunnel))
}
