/**
 * A burst through the switch: in at the door, learnt, decided, out. One frame after the other, so
 * that what comes out does not depend on where one burst ends and the next begins.
 */

import { floodAllowed, forward, mirrorReceived, refused } from './act'
import { readAhead } from './bridge/approach'
import {
  ageingOf,
  domainGeneration,
  keyOf,
  macOf,
  Shared,
  sharedOfPort,
  stampOf,
  withGeneration,
} from './bridge/entry'
import { decide, Verdict } from './bridge/forward'
import { Learnt, learn, recognise, seen } from './bridge/learn'
import { police } from './bridge/police'
import { capture, captureDatagrams } from './capture'
import { isFiltered, latch, latched, PortFlag, PortRecord, portRecord, suppresses } from './config'
import { bump, Counter, countBurst, countersOf } from './counter'
import { countPast, drop, receive, refuse } from './door'
import { Drop } from './drop'
import { floodOn } from './egress/flood'
import { NOWHERE } from './filter/axis'
import { Permit, permitBridged } from './firewall'
import { FRAME_SIZE, Frame } from './frame'
import { attend, TAKEN } from './gateway'
import { express } from './gateway/express'
import { DIRECTORY, Directory, directory, Worker, workerBlock } from './memory'
import { coalesce } from './offload/coalesce'
import { interfaceMac, NO_MAC } from './router/interface'
import { shortcut } from './shortcut'
import { BURST_MAX, ENTRIES_RESERVE, HEADS_RESERVE, HEADS_SIZE, TRANSMIT_MAX } from './size'
import { MORE } from './transmit'
import { beginDatagrams, isUsedUp, moveApart, startSpace, unwrapped } from './underlay'
import { destinationOf, isStation, sourceOf } from './wire/ethernet'

/** What ports have in common between which nothing passes: isolation, and being tunnels (RFC 7348; X10). */
const CLOSED: u32 = PortFlag.ISOLATED | PortFlag.OVERLAY

/**
 * Handles a burst that was read from `port` into the arena of `worker`: `count` (at most BURST_MAX)
 * descriptors at `received(worker)`. `now` is in milliseconds, on any clock that only goes forward.
 * Returns the number of transmit entries at `transmit(worker)`, and MORE if the list did not hold
 * them all; they and what they point to stay valid until the next call for this worker.
 */
export function process(worker: u32, port: u32, count: u32, now: f64): u32 {
  const block = workerBlock(worker)
  const config = latch(block)
  count = min(count, BURST_MAX)
  const record = portRecord(config, port)
  const flags = load<u32>(record, PortRecord.FLAGS)
  store<u32>(block, 0, Worker.NEXT)
  store<u32>(block, count, Worker.COUNT)
  store<u32>(block, port, Worker.PORT)
  store<u32>(block, count, Worker.IN_HAND)
  store<u32>(block, 0, Worker.UNDERLAY)
  store<u32>(block, 0, Worker.REST_RUN)
  store<u32>(block, 0, Worker.HEADS_USED)
  store<u32>(block, u32.MAX_VALUE, Worker.DETOURS)
  store<u32>(block, 0, Worker.FOUND_TO)
  store<u32>(block, 0, Worker.ERA)
  countBurst(block, count)
  const forwards = PortFlag.PRESENT | PortFlag.UP
  if ((flags & (forwards | PortFlag.UNDERLAY)) == (forwards | PortFlag.UNDERLAY)) {
    store<u32>(block, 0, Worker.COUNT)
    beginDatagrams(block, port, count)
    if (load<u32>(DIRECTORY, Directory.CAPTURING) != 0) {
      captureDatagrams(worker, block, port, count, now)
    }
    return handle(worker, block, 0, now)
  }
  let entries: u32 = 0
  bump(countersOf(worker, port) + Counter.RX_FRAMES, count)
  if ((flags & (forwards | PortFlag.MIRROR_TARGET)) == forwards) {
    entries = express(worker, block, config, 0, count, 0, now)
    const first = load<u32>(block, Worker.NEXT)
    if (first != 0) countPast(worker, block, port, first)
    if (first == count) return entries
    const usual = receive(worker, block, config, port, record, first, count, now)
    if ((flags & PortFlag.POLICE_RECEIVE) != 0) {
      const frames = block + Worker.FRAMES
      police(worker, record, port, frames, frames + <usize>count * FRAME_SIZE, usual, now)
    }
    if ((flags & PortFlag.COALESCE) != 0) {
      store<u32>(block, coalesce(worker, block, count), Worker.COUNT)
    }
  } else {
    const down = (flags & forwards) != forwards
    refuse(worker, block, port, count, down ? Drop.PORT_DOWN : Drop.MIRROR_PORT)
  }
  return handle(worker, block, entries, now)
}

/** Goes on with what `process`, or `tick`, did not finish; returns as it does. */
export function resume(worker: u32, now: f64): u32 {
  return handle(worker, workerBlock(worker), 0, now)
}

/** Handles what is left of a burst; one of the underlay in as many parts as it is of tunnels. */
function handle(worker: u32, block: usize, entries: u32, now: f64): u32 {
  store<u32>(block, 0, Worker.HEADS_USED)
  store<f64>(block, now, Worker.NOW)
  const config = latched(block)
  const capturing = load<u32>(DIRECTORY, Directory.CAPTURING) != 0
  const over = load<u32>(block, Worker.NEXT) == load<u32>(block, Worker.COUNT)
  if (isLeft(block)) {
    entries = floodOn(worker, block)
    if (isLeft(block) || (over && load<u32>(block, Worker.UNDERLAY) == 0)) {
      if (capturing) capture(worker, block, 0, 0, entries, now)
      return isLeft(block) ? entries | MORE : entries
    }
  } else if (over) startSpace(block) // else frames that are still to be handled may have been moved there
  while (true) {
    const first = load<u32>(block, Worker.NEXT)
    const count = load<u32>(block, Worker.COUNT)
    store<u64>(block, 0, Worker.APPROACHED) // and AHEAD
    store<u32>(block, 0, Worker.APPROACHED6)
    store<u32>(block, 0, Worker.FIRSTS_END)
    entries = shortcut(worker, block, config, first, count, entries, now)
    entries = bridge(worker, block, config, count, entries, now)
    const next = load<u32>(block, Worker.NEXT)
    if (capturing) capture(worker, block, first, next, entries, now)
    if (next < count) return entries | MORE
    if (load<u32>(block, Worker.UNDERLAY) == 0) return isLeft(block) ? entries | MORE : entries
    // What is on the list is captured once, and what it points to is not written over.
    if (entries != 0 && (capturing || isCramped(block, entries) || isUsedUp(block))) {
      return entries | MORE
    }
    if (entries == 0) startSpace(block)
    if (!unwrapped(worker, block, config)) return entries
  }
}

/**
 * Learns, decides and acts, frame by frame, from number Worker.NEXT until the burst ends or the transmit
 * list, which has `entries`, is nearly full: here, and on the short way again where that may go on.
 * Returns the number of transmit entries.
 */
function bridge(worker: u32, block: usize, config: usize, count: u32, entries: u32, now: f64): u32 {
  const port = load<u32>(block, Worker.PORT)
  const record = portRecord(config, port)
  const flags = load<u32>(record, PortRecord.FLAGS)
  const control = load<u32>(record, PortRecord.CONTROL_FRAMES)
  const stamp = stampOf(now)
  const table = directory(Directory.FDB)
  const ports = directory(Directory.PORTS)
  const portGeneration = atomic.load<u32>(sharedOfPort(port), Shared.GENERATION)
  const template = seen(port, flags, now)
  let fid = u32.MAX_VALUE
  let value: u64 = 0
  let generation: u32 = 0
  let ageing: u32 = 0
  let filtered = false
  let quiet = false
  let gateway: u64 = NO_MAC // of the router's interface in the domain
  // The source learnt last: a burst is often of one. At first none, and zero would be a source.
  let last: u64 = u64.MAX_VALUE
  for (let index = load<u32>(block, Worker.NEXT); index < count; index++) {
    const frame = begin(worker, block, index, flags)
    const ahead = readAhead(block, index, count)
    if (load<u8>(frame, Frame.DROP) != 0) continue
    if (isCramped(block, entries)) return entries
    const address = <usize>load<u32>(frame, Frame.ADDRESS)
    if (<u32>load<u16>(frame, Frame.FID) != fid) {
      fid = <u32>load<u16>(frame, Frame.FID)
      generation = domainGeneration(fid)
      value = withGeneration(template, portGeneration + generation)
      ageing = ageingOf(config, fid)
      filtered = isFiltered(config, fid)
      quiet = (flags & PortFlag.OVERLAY) == 0 && suppresses(config, fid)
      gateway = interfaceMac(config, fid)
    }
    entries = mirrorReceived(worker, block, record, frame, flags, entries)
    const key = keyOf(sourceOf(address), fid)
    if (key != last) {
      const why = source(worker, block, config, table, frame, flags, port, key, value, gateway, now)
      if (why == Learnt.DONE) last = key
      else if (why != Learnt.LATER) {
        drop(worker, port, frame, why)
        continue
      }
    }
    if (gateway != NO_MAC) {
      const attended = attend(worker, block, config, index, ahead, gateway, entries, now)
      entries = attended & ~TAKEN
      if (attended != entries) {
        index = load<u32>(block, Worker.NEXT) - 1
        continue
      }
    }
    const bucket = <usize>load<u32>(frame, Frame.DESTINATION_BUCKET)
    const to = destinationOf(address)
    let verdict = decide(table, bucket, to, fid, port, control, ports, generation, ageing, stamp)
    if (filtered) verdict = asked(worker, block, config, frame, verdict)
    const reach = flags & ((verdict & Verdict.LINK) == 0 ? CLOSED : PortFlag.OVERLAY)
    const detail = verdict & Verdict.DETAIL
    if ((verdict & Verdict.KIND) == Verdict.FORWARD) {
      entries = forward(worker, block, config, frame, detail, reach, entries)
      if (load<u32>(frame, Frame.CHECKSUM) != 0) continue // comes in runs, and would be back at once
      entries = shortcut(worker, block, config, index + 1, count, entries, now)
      index = load<u32>(block, Worker.NEXT) - 1
    } else if ((verdict & Verdict.KIND) == Verdict.FLOOD) {
      entries = floodAllowed(worker, block, config, frame, detail, reach, quiet, entries, now)
    } else entries = refused(worker, block, config, frame, detail, entries)
  }
  store<u32>(block, count, Worker.NEXT)
  return entries
}

/** The descriptor of the next frame, which lies by itself from then on. */
@inline
function begin(worker: u32, block: usize, index: u32, flags: u32): usize {
  const frame = block + Worker.FRAMES + <usize>index * FRAME_SIZE
  store<u32>(block, index, Worker.NEXT)
  if ((flags & PortFlag.OVERLAY) != 0) moveApart(worker, block, frame)
  return frame
}

/** What the source of a frame tells: see Learnt. */
@inline
function source(
  worker: u32,
  block: usize,
  config: usize,
  table: usize,
  frame: usize,
  flags: u32,
  port: u32,
  key: u64,
  value: u64,
  gateway: u64,
  now: f64,
): u32 {
  if (macOf(key) == gateway) return Drop.GATEWAY_SPOOFED
  if (!isStation(macOf(key))) return Drop.SOURCE_INVALID
  const bucket = <usize>load<u32>(frame, Frame.SOURCE_BUCKET)
  if ((flags & (PortFlag.NO_LEARNING | PortFlag.LOCKED)) != 0) {
    if ((flags & PortFlag.LOCKED) == 0) return Learnt.DONE
    return recognise(block, config, bucket, key, port, now)
  }
  return learn(worker, block, config, table, bucket, key, value, now)
}

/** The verdict on a frame that the bridge would forward or flood, after the filter was asked. */
function asked(worker: u32, block: usize, config: usize, frame: usize, verdict: u32): u32 {
  const kind = verdict & Verdict.KIND
  if (kind == Verdict.DROP) return verdict
  const outPort = kind == Verdict.FORWARD ? verdict & Verdict.DETAIL : NOWHERE
  const permit = permitBridged(worker, block, config, frame, outPort)
  if (permit == Permit.PASS) return verdict
  return permit == Permit.LINK ? verdict | Verdict.LINK : Verdict.DROP | permit
}

/** True if a flood found no room for all: what comes behind it waits, since it left no headers either. */
@inline
function isLeft(block: usize): bool {
  return load<u32>(block, Worker.REST_RUN) != 0
}

/** True when so little room is left that the next frame might not fit. */
@inline
function isCramped(block: usize, entries: u32): bool {
  if (entries > TRANSMIT_MAX - ENTRIES_RESERVE) return true
  return load<u32>(block, Worker.HEADS_USED) > HEADS_SIZE - HEADS_RESERVE
}
