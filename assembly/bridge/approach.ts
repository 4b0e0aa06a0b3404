/**
 * The FDB buckets of frames that are about to be bridged, read ahead, so that the misses of all overlap
 * instead of queueing up one behind the other; of so few that what was read is near still when they are
 * handled.
 */
import { FRAME_SIZE, Frame } from '../frame'
import { Directory, directory, Worker } from '../memory'
import { touch } from '../table/bucket'
import { bucketBy } from '../table/hash'
import { Head, secondLineOf } from '../table/head'
import { destinationKeyOf, sourceKeyOf } from './entry'

/** Frames that are read ahead at once. */
const AHEAD: u32 = 64

/**
 * Sees to it that the buckets of frame `index` of a burst of `count` were read; returns the number of the
 * first of which they were not.
 */
@inline
export function readAhead(block: usize, index: u32, count: u32): u32 {
  const ahead = load<u32>(block, Worker.AHEAD)
  return index < ahead ? ahead : readOn(block, index, min(count, index + AHEAD))
}

function readOn(block: usize, index: u32, ahead: u32): u32 {
  const frames = block + Worker.FRAMES
  approach(frames + <usize>index * FRAME_SIZE, frames + <usize>ahead * FRAME_SIZE)
  store<u32>(block, ahead, Worker.AHEAD)
  return ahead
}

/**
 * Notes the buckets of both addresses of the descriptors from `frame` to `end`, then reads them: a loop
 * that does nothing else has as many misses under way as the processor can.
 */
function approach(frame: usize, end: usize): void {
  const table = directory(Directory.FDB)
  const a = load<u64>(table, Head.SEED)
  const b = load<u64>(table, Head.SEED + 8)
  const c = load<u64>(table, Head.SEED + 16)
  const count = <u64>load<u32>(table, Head.BUCKET_COUNT)
  const buckets = <usize>load<u32>(table, Head.BUCKETS)
  let last: u64 = u64.MAX_VALUE // of no domain
  let destination = buckets
  for (let at = frame; at < end; at += FRAME_SIZE) {
    const address = <usize>load<u32>(at, Frame.ADDRESS)
    const fid = <u32>load<u16>(at, Frame.FID)
    const source = bucketBy(sourceKeyOf(address, fid), a, b, c, count, buckets)
    const to = destinationKeyOf(address, fid)
    // Frames to the router come in runs.
    if (to != last) destination = bucketBy(to, a, b, c, count, buckets)
    last = to
    store<u64>(at, <u64>source | ((<u64>destination) << 32), Frame.SOURCE_BUCKET)
  }
  const second = secondLineOf(table)
  for (let at = frame; at < end; at += FRAME_SIZE) {
    touch(<usize>load<u32>(at, Frame.SOURCE_BUCKET))
    touch(<usize>load<u32>(at, Frame.DESTINATION_BUCKET))
    if (second == 0) continue
    touch(<usize>load<u32>(at, Frame.SOURCE_BUCKET) + second)
    touch(<usize>load<u32>(at, Frame.DESTINATION_BUCKET) + second)
  }
}
