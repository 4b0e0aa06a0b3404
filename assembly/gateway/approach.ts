/**
 * The flows of packets that are about to be routed, read ahead: the buckets of all, then the records
 * of all, so that their misses overlap instead of queueing up one behind the other.
 */
import { bucketBy, candidateBehind, candidateIn } from '../flow/bucket'
import { hashBy } from '../flow/hash'
import { Head } from '../flow/head'
import { recordBy, recordOf } from '../flow/record'
import { FRAME_SIZE, Frame } from '../frame'
import { touch } from '../table/bucket'
import { describe, L3, looksUsual } from './usual'

/** Octets of descriptors of which what was read ahead is still near when they are handled. */
export const AHEAD: usize = 64 * FRAME_SIZE

/**
 * For the frames from descriptor `frame` to `end`: if one is to `mac` in domain `fid`, has no tag, and
 * is a whole UDP datagram or TCP segment over IPv4 without options, FLOW becomes the reference of the
 * flow that it seems to belong to, and TRACK the address of its record; of all others FLOW becomes 0, and
 * TRACK too unless it seems to be the first of a flow. Those that are usual are described.
 */
export function approachFlows(table: usize, frame: usize, end: usize, fid: u32, mac: u64): void {
  const a = load<u64>(table, Head.SEED)
  const b = load<u64>(table, Head.SEED + 8)
  const c = load<u64>(table, Head.SEED + 16)
  const buckets = <usize>load<u32>(table, Head.BUCKETS)
  const count = <u64>load<u32>(table, Head.BUCKET_COUNT)
  for (let at = frame; at < end; at += FRAME_SIZE) {
    store<u32>(at, 0, Frame.FLOW)
    const address = <usize>load<u32>(at, Frame.ADDRESS)
    if (!looksUsual(at, address, fid, mac)) continue
    const packet = address + L3
    const protocol = <u32>load<u8>(packet, 9)
    const hash = hashBy(load<u64>(packet, 12), load<u32>(packet, 20), protocol, a, b, c)
    const bucket = bucketBy(hash, buckets, count)
    describe(at, packet)
    store<u32>(at, <u32>bucket, Frame.FLOW)
    store<u16>(at, <u16>hash, Frame.OUT_FID)
  }
  // Loops that only read have as many misses under way as the processor can.
  for (let at = frame; at < end; at += FRAME_SIZE) touch(<usize>load<u32>(at, Frame.FLOW))
  const records = <usize>load<u32>(table, Head.RECORDS)
  const size = <usize>load<u32>(table, Head.RECORD_SIZE)
  let first: usize = 0
  for (let at = frame; at < end; at += FRAME_SIZE) {
    const bucket = <usize>load<u32>(at, Frame.FLOW)
    const reference = bucket == 0 ? 0 : candidateIn(bucket, load<u16>(at, Frame.OUT_FID))
    const record = reference == 0 ? bucket : recordBy(records, size, reference)
    if (reference == 0 && bucket != 0 && first == 0) first = at
    store<u32>(at, reference, Frame.FLOW)
    store<u32>(at, <u32>record, Frame.TRACK)
  }
  if (first != 0) approachBehind(table, first, end)
  for (let at = frame; at < end; at += FRAME_SIZE) {
    touch(<usize>load<u32>(at, Frame.TRACK))
  }
}

/**
 * Looks for flows that are not in their bucket, TRACK of the descriptors from `frame` on, in the one behind
 * it.
 */
function approachBehind(table: usize, frame: usize, end: usize): void {
  for (let at = frame; at < end; at += FRAME_SIZE) {
    const bucket = <usize>load<u32>(at, Frame.TRACK)
    if (load<u32>(at, Frame.FLOW) != 0 || bucket == 0) continue
    const reference = candidateBehind(table, bucket, load<u16>(at, Frame.OUT_FID))
    if (reference == 0) continue
    store<u32>(at, reference, Frame.FLOW)
    store<u32>(at, <u32>recordOf(table, reference), Frame.TRACK)
  }
}
