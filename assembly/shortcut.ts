/**
 * The short way: of a frame that asks for nothing, whose source is known where it came in and whose
 * destination is known on another port that takes it as it is, or with another tag. All others, and
 * all on ports whose policy has a say, go the long way (pipeline.ts), which this one agrees with in
 * all it does.
 *
 * It is a loop without calls, what it needs comes in as parameters, and every question has an exit of
 * its own: only so does V8 keep values in registers, compute what does not change once, and branch
 * where it compares. Measured, a frame takes two thirds of the time it takes otherwise.
 */
import { readAhead } from './bridge/approach'
import {
  ageingOf,
  ageLimit,
  destinationKeyOf,
  domainGeneration,
  isGenerationOf,
  isYoung,
  macOf,
  onlyStampDiffers,
  portOf,
  Shared,
  saysTheSame,
  sharedOfPort,
  sourceKeyOf,
  stampOf,
  withGeneration,
} from './bridge/entry'
import { seen } from './bridge/learn'
import { Config, inVlanSet, isFiltered, PortFlag, PortRecord, portRecord, vlanSet } from './config'
import { countersOf, countTransmitted } from './counter'
import { sendFitting } from './egress/form'
import { UP } from './egress/send'
import { relabel, tagLength, tagOfPort } from './egress/vlan'
import { FRAME_SIZE, Frame } from './frame'
import { DIRECTORY, Directory, directory, Worker } from './memory'
import { concerns, interfaceMac, NO_MAC } from './router/interface'
import { intoTunnels, NOTHING } from './shortcut/tunnel'
import {
  COUNTERS_SIZE,
  ENTRIES_RESERVE,
  PORT_SHARED_SIZE,
  TRANSMIT_MAX,
  VLAN_SET_SIZE,
} from './size'
import { holds, nearSlot, refresh, VALUE, valueOf } from './table/bucket'
import { BARE, TRANSMIT_SIZE } from './transmit'
import { Ethernet, isGroup, isStation } from './wire/ethernet'
import { Virtio } from './wire/virtio'
import { Vlan } from './wire/vlan'

/** What a port must not have for what comes in by it to go the short way. */
const DETOUR: u32 = PortFlag.LOCKED | PortFlag.MIRROR_RECEIVE
/** What comes in by such a port goes into no tunnel, or lies with a tag that does not. */
const NO_TUNNELS: u32 = PortFlag.OVERLAY | PortFlag.VLAN_AWARE
/** What is looked at of the port that a frame leaves by; ISOLATED too where the ingress is. */
const LOOKED_AT: u32 =
  UP | PortFlag.EGRESS | PortFlag.VLAN_AWARE | PortFlag.MIRROR_TARGET | PortFlag.OVERLAY
/** Entries that there may be when a frame is begun, see isCramped. */
const ROOM: u32 = TRANSMIT_MAX - ENTRIES_RESERVE

/**
 * Handles the frames of a burst from number `first` on, at most up to `end`, for as long as they go
 * the short way. Leaves the number of the first that does not in Worker.NEXT; returns the number of
 * transmit entries there are then.
 */
export function shortcut(
  worker: u32,
  block: usize,
  config: usize,
  first: u32,
  end: u32,
  entries: u32,
  now: f64,
): u32 {
  const port = load<u32>(block, Worker.PORT)
  const record = portRecord(config, port)
  const flags = load<u32>(record, PortRecord.FLAGS)
  store<u32>(block, first, Worker.NEXT)
  if ((flags & DETOUR) != 0 || entries > ROOM) return entries
  const last = min(end, first + (ROOM - entries) + 1)
  const frames = block + Worker.FRAMES
  const template = (flags & PortFlag.NO_LEARNING) == 0 ? seen(port, flags, now) : NOTHING
  const tunnels = (flags & NO_TUNNELS) == 0 && load<u32>(config, Config.TUNNEL_COUNT) != 0
  let next = first
  let goes = true
  while (goes && next < last) {
    const ahead = min(last, readAhead(block, next, end))
    const begin = frames + <usize>next * FRAME_SIZE
    const entry = block + Worker.TRANSMIT + <usize>(entries + next - first) * TRANSMIT_SIZE
    // None lies close where no room is reserved.
    const close =
      (flags & PortFlag.OVERLAY) != 0 &&
      load<u32>(block, Worker.RESERVED) != load<u32>(block, Worker.SPREAD)
    if (close) keepTails(begin, frames + <usize>ahead * FRAME_SIZE)
    const stop = run(
      begin,
      frames + <usize>ahead * FRAME_SIZE,
      entry,
      port,
      template,
      config,
      atomic.load<u32>(sharedOfPort(port), Shared.GENERATION),
      LOOKED_AT | (flags & PortFlag.ISOLATED),
      UP | (flags & PortFlag.VLAN_AWARE),
      stampOf(now),
      directory(Directory.PORTS),
      directory(Directory.IDENTITY),
      countersOf(worker, 0),
      load<u32>(record, PortRecord.BRIDGE),
      vlanSet(config, 0),
    )
    if (close) returnTails(begin, stop, entry)
    next = <u32>(stop - frames) / <u32>FRAME_SIZE
    goes = next == ahead
    if (goes || !tunnels) continue
    const tunnelled = intoTunnels(
      stop,
      frames + <usize>ahead * FRAME_SIZE,
      block + Worker.TRANSMIT + <usize>(entries + next - first) * TRANSMIT_SIZE,
      template,
      config,
      atomic.load<u32>(sharedOfPort(port), Shared.GENERATION),
      LOOKED_AT | (flags & PortFlag.ISOLATED),
      stampOf(now),
      directory(Directory.PORTS),
      directory(Directory.IDENTITY),
      countersOf(worker, 0),
    )
    goes = tunnelled != stop
    next = <u32>(tunnelled - frames) / <u32>FRAME_SIZE
  }
  store<u32>(block, next, Worker.NEXT)
  return entries + next - first
}

/**
 * Keeps what the virtio-net headers of descriptors from `frame` to `end` will take of the frames that they lie
 * close behind. Here, and not in the loop, which every frame goes through.
 */
function keepTails(frame: usize, end: usize): void {
  for (; frame < end; frame += FRAME_SIZE) {
    if (load<u8>(frame, Frame.CLOSE) == 0) continue
    store<u32>(frame, load<u32>(headerOf(frame)), Frame.TRACK)
  }
}

/** Gives it back: those headers are left to whoever writes the entries, which begin at `entry`. */
function returnTails(frame: usize, end: usize, entry: usize): void {
  for (; frame < end; frame += FRAME_SIZE, entry += TRANSMIT_SIZE) {
    if (load<u8>(frame, Frame.CLOSE) == 0) continue
    store<u32>(headerOf(frame), load<u32>(frame, Frame.TRACK))
    store<u32>(entry, <u32>BARE, 8)
  }
}

@inline
function headerOf(frame: usize): usize {
  return <usize>load<u32>(frame, Frame.ADDRESS) - Virtio.HEADER
}

/**
 * The loop, over descriptors from `frame` to `end` with transmit entries from `entry` on. `template`
 * is a value without generation, or NOTHING where nothing is learnt; `looked` and `wanted` are the
 * flags looked at and seen on a port that takes the frame; `ports`, `counters` and `sets` are where
 * those of port 0 are. Returns the descriptor at which it stopped.
 */
function run(
  frame: usize,
  end: usize,
  entry: usize,
  port: u32,
  template: u64,
  config: usize,
  portGeneration: u32,
  looked: u32,
  wanted: u32,
  stamp: u32,
  ports: usize,
  identity: usize,
  counters: usize,
  bridge: u32,
  sets: usize,
): usize {
  let fid = u32.MAX_VALUE
  let gateway: u64 = NO_MAC
  let value: u64 = 0
  let generation: u32 = 0
  let limit: u32 = 0
  let last: u64 = 0
  for (; frame < end; frame += FRAME_SIZE, entry += TRANSMIT_SIZE) {
    // Checksum, GSO type and size, what is found in parsing for these, and the reason for a drop.
    if (load<u64>(frame, Frame.CHECKSUM) != 0) break
    let address = <usize>load<u32>(frame, Frame.ADDRESS)
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
      } else {
        const slot = nearSlot(<usize>load<u32>(frame, Frame.SOURCE_BUCKET), source)
        if (slot == 0) break
        if (load<u64>(slot, VALUE) != value) {
          const old = valueOf(slot)
          if (!holds(slot, source)) break
          if (!saysTheSame(old, value)) break
          if (onlyStampDiffers(old, value)) refresh(slot, old, value)
        }
      }
      last = source
    }
    if (isGroup(load<u64>(address))) break
    const key = destinationKeyOf(address, fid)
    const slot = nearSlot(<usize>load<u32>(frame, Frame.DESTINATION_BUCKET), key)
    if (slot == 0) break
    const found = valueOf(slot)
    if (!holds(slot, key)) break
    const to = portOf(found)
    if (to == port) break
    if (!isGenerationOf(found, generationAt(ports, to) + generation)) break
    if (!isYoung(found, stamp, limit)) break
    const record = portRecord(config, to)
    if ((load<u32>(record, PortRecord.FLAGS) & looked) != wanted) break
    let length = load<u32>(frame, Frame.LENGTH)
    if (wanted == UP) {
      if (length > mostOf(record)) break
      if (load<u32>(record, PortRecord.FID) != fid) break
    } else {
      const lies = load<u32>(frame, Frame.TAG)
      if (length > mostOf(record) + tagLength(lies)) break
      if (load<u8>(frame, Frame.NESTED) != 0) break
      if (load<u32>(record, PortRecord.BRIDGE) != bridge) break
      if (!inVlanSet(sets + <usize>to * VLAN_SET_SIZE, tciOf(frame) & Vlan.VID_MASK)) break
      const tag = tagOfPort(record, tciOf(frame))
      if (tag != lies) {
        if (load<u32>(DIRECTORY, Directory.CAPTURING) != 0) break // wants it as it lies
        address = relabel(address, tag, tagLength(tag) - tagLength(lies))
        length += tagLength(tag) - tagLength(lies)
      }
    }
    sendFitting(entry, address, length, identity + ((<usize>to) << 2))
    countTransmitted(counters + <usize>to * COUNTERS_SIZE, 1, length)
  }
  return frame
}

@inline
function generationAt(ports: usize, port: u32): u32 {
  return load<u32>(ports + <usize>port * PORT_SHARED_SIZE, Shared.GENERATION)
}

/** Octets of the longest frame that a port takes. */
@inline
function mostOf(record: usize): u32 {
  return load<u32>(record, PortRecord.MTU) + Ethernet.HEADER
}

@inline
function tciOf(frame: usize): u32 {
  return <u32>load<u16>(frame, Frame.TCI)
}
