/**
 * A burst through the switch: in at the door, learnt, decided, out. One frame after the other, so
 * that what comes out does not depend on where one burst ends and the next begins.
 */

import { keyOf, stampOf } from './bridge/entry'
import { decide, Verdict } from './bridge/forward'
import { learn, seen } from './bridge/learn'
import { sweep, sweepDeadline } from './bridge/sweep'
import { latch, PortRecord, portRecord } from './config'
import { bump, Counter, countBurst, countersOf, dropReceived } from './counter'
import { Drop } from './drop'
import { flood, unicast } from './egress'
import { FRAME_SIZE, Frame } from './frame'
import { BURST_MAX, Directory, directory, Worker, workerBlock } from './memory'
import { accept } from './offload/accept'
import { touch } from './table/bucket'
import { bucketOf } from './table/hash'
import { secondLineOf } from './table/head'
import { destinationOf, isGroup, sourceOf } from './wire/ethernet'

/**
 * Handles a burst that was read from `port` into the arena of `worker`: `count` (at most BURST_MAX)
 * descriptors at `received(worker)`. `now` is in milliseconds, on any clock that only goes forward.
 * Returns the number of transmit entries at `transmit(worker)`; they and what they point to stay
 * valid until the next call for this worker.
 */
export function process(worker: u32, port: u32, count: u32, now: f64): u32 {
  const block = workerBlock(worker)
  const config = latch(block)
  count = min(count, BURST_MAX)
  const record = portRecord(config, port)
  const fid = load<u32>(record, PortRecord.FID)
  const counters = countersOf(worker, port)
  bump(counters + Counter.RX_FRAMES, count)
  bump(counters + Counter.RX_OCTETS, octetsOf(block, count))
  countBurst(block, count)
  const up = PortRecord.PRESENT | PortRecord.UP
  if ((load<u32>(record, PortRecord.FLAGS) & up) != up) {
    dropReceived(worker, port, Drop.PORT_DOWN, count)
    return 0
  }
  receive(worker, block, port, fid, count)
  return bridge(worker, block, config, port, fid, count, now)
}

/** Octets of a burst, as they were received. */
function octetsOf(block: usize, count: u32): u64 {
  let octets: u64 = 0
  const received = block + Worker.RECEIVED
  for (let index: u32 = 0; index < count; index++) {
    octets += load<u32>(received + ((<usize>index) << 3), 4)
  }
  return octets
}

/**
 * The door: starts the descriptors of a burst, marks what is refused by length 0, and reads the FDB
 * buckets of both addresses, so that the misses of all frames overlap instead of queueing up one
 * behind the other later.
 */
function receive(worker: u32, block: usize, port: u32, fid: u32, count: u32): void {
  const table = directory(Directory.FDB)
  const second = secondLineOf(table)
  let touched: u64 = 0
  let frame = block + Worker.FRAMES
  let from = block + Worker.RECEIVED
  for (let index: u32 = 0; index < count; index++, from += 8, frame += FRAME_SIZE) {
    store<u64>(frame, load<u64>(from), Frame.ADDRESS)
    store<u32>(frame, port | (fid << 16), Frame.PORT) // and Frame.FID
    const why = accept(frame)
    if (why != 0) {
      dropReceived(worker, port, why, 1)
      store<u32>(frame, 0, Frame.LENGTH)
      continue
    }
    const address = <usize>load<u32>(frame, Frame.ADDRESS)
    const source = bucketOf(table, keyOf(sourceOf(address), fid))
    const destination = bucketOf(table, keyOf(destinationOf(address), fid))
    store<u32>(frame, <u32>source, Frame.SOURCE_BUCKET)
    store<u32>(frame, <u32>destination, Frame.DESTINATION_BUCKET)
    touched ^= touch(source, second) ^ touch(destination, second)
  }
  store<u64>(block, touched, Worker.SCRATCH) // or the compiler would leave the reads out
}

/** Learns, decides and acts, frame by frame. Returns the number of transmit entries. */
function bridge(
  worker: u32,
  block: usize,
  config: usize,
  port: u32,
  fid: u32,
  count: u32,
  now: f64,
): u32 {
  const stamp = stampOf(now)
  const value = seen(port, fid, now)
  let entries: u32 = 0
  // The source learnt last: a burst is often of one. At first none, and zero would be a source.
  let last: u64 = u64.MAX_VALUE
  let frame = block + Worker.FRAMES
  for (let index: u32 = 0; index < count; index++, frame += FRAME_SIZE) {
    if (load<u32>(frame, Frame.LENGTH) == 0) continue
    const address = <usize>load<u32>(frame, Frame.ADDRESS)
    const source = sourceOf(address)
    if (source != last) {
      if (isGroup(source) || source == 0) {
        dropReceived(worker, port, Drop.SOURCE_INVALID, 1)
        continue
      }
      const bucket = <usize>load<u32>(frame, Frame.SOURCE_BUCKET)
      const learnt = learn(worker, block, config, bucket, keyOf(source, fid), value, now)
      if (learnt) last = source
    }
    const bucket = <usize>load<u32>(frame, Frame.DESTINATION_BUCKET)
    const verdict = decide(config, bucket, destinationOf(address), fid, port, stamp)
    const detail = verdict & Verdict.DETAIL
    if ((verdict & Verdict.KIND) == Verdict.FORWARD) {
      entries = unicast(worker, block, config, frame, detail, entries)
    } else if ((verdict & Verdict.KIND) == Verdict.FLOOD) {
      entries = flood(worker, block, config, frame, entries)
    } else {
      dropReceived(worker, port, detail, 1)
    }
  }
  return entries
}

/**
 * Does what time asks for: a slice of FDB ageing. Returns the number of transmit entries, as
 * `process` does; there are none yet.
 */
export function tick(worker: u32, now: f64): u32 {
  const block = workerBlock(worker)
  const config = latch(block)
  sweep(worker, block, config, now)
  return 0
}

/** When `tick` wants to be called, in milliseconds on the clock of `now`; Infinity: not before a burst. */
export function nextDeadline(_worker: u32, now: f64): f64 {
  return max(now, sweepDeadline())
}
