/**
 * The door: where a burst becomes descriptors, and where what cannot or may not come in is refused.
 */

import { keyOf } from './bridge/entry'
import { inspect } from './bridge/inspect'
import { PortFlag, PortRecord } from './config'
import { dropReceived } from './counter'
import { FRAME_SIZE, Frame } from './frame'
import { Directory, directory, Worker } from './memory'
import { accept } from './offload/accept'
import { touch } from './table/bucket'
import { bucketBy } from './table/hash'
import { Head, secondLineOf } from './table/head'
import { destinationOf, sourceOf } from './wire/ethernet'

/**
 * Starts the descriptors of a burst, marks what is refused, and reads the FDB buckets of
 * both addresses, so that the misses of all frames overlap instead of queueing up one behind the
 * other later. Returns the octets of the burst, as they were received.
 */
export function receive(
  worker: u32,
  block: usize,
  config: usize,
  port: u32,
  record: usize,
  count: u32,
  now: f64,
): u64 {
  const table = directory(Directory.FDB)
  const a = load<u64>(table, Head.SEED)
  const b = load<u64>(table, Head.SEED + 8)
  const c = load<u64>(table, Head.SEED + 16)
  const buckets = <u64>load<u32>(table, Head.BUCKET_COUNT)
  const first = <usize>load<u32>(table, Head.BUCKETS)
  const second = secondLineOf(table)
  const inspected = load<u32>(record, PortRecord.FLAGS) & PortFlag.DOOR
  const native = load<u32>(record, PortRecord.FID)
  const ingress = port | (native << 16)
  let octets: u64 = 0
  let touched: u64 = 0
  let frame = block + Worker.FRAMES
  let from = block + Worker.RECEIVED
  for (let index: u32 = 0; index < count; index++, from += 8, frame += FRAME_SIZE) {
    const received = load<u64>(from)
    const length = <u32>(received >> 32)
    const address = <usize>(<u32>received)
    let fid = native
    octets += length
    begin(frame, received, ingress)
    let why = accept(frame, address, length)
    if (inspected != 0 && why == 0) {
      why = inspect(block, config, record, port, frame, now)
      fid = <u32>load<u16>(frame, Frame.FID)
    }
    if (why != 0) {
      drop(worker, port, frame, why)
      continue
    }
    const source = bucketBy(keyOf(sourceOf(address), fid), a, b, c, buckets, first)
    const destination = bucketBy(keyOf(destinationOf(address), fid), a, b, c, buckets, first)
    store<u64>(frame, <u64>source | ((<u64>destination) << 32), Frame.SOURCE_BUCKET)
    touched ^= touch(source, second) ^ touch(destination, second)
  }
  store<u64>(block, touched, Worker.SCRATCH) // or the compiler would leave the reads out
  return octets
}

/** Drops all frames of a burst; returns their octets. */
export function refuse(worker: u32, block: usize, port: u32, count: u32, why: u32): u64 {
  let octets: u64 = 0
  let frame = block + Worker.FRAMES
  let from = block + Worker.RECEIVED
  for (let index: u32 = 0; index < count; index++, from += 8, frame += FRAME_SIZE) {
    const received = load<u64>(from)
    octets += received >> 32
    begin(frame, received, port)
    drop(worker, port, frame, why)
  }
  return octets
}

/** Starts a descriptor: address and length, ingress and domain, and no more known. */
@inline
function begin(frame: usize, received: u64, ingress: u32): void {
  store<u64>(frame, received, Frame.ADDRESS)
  store<u32>(frame, ingress, Frame.PORT) // and Frame.FID
  v128.store(frame, i64x2.splat(0), Frame.ETHER_TYPE) // and all up to Frame.TAG
}

/** Marks and counts a frame as dropped. */
@inline
export function drop(worker: u32, port: u32, frame: usize, why: u32): void {
  store<u8>(frame, <u8>why, Frame.DROP)
  dropReceived(worker, port, why, 1)
}
