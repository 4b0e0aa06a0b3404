/**
 * The flows of packets that are about to be routed, read ahead: the buckets of all, then the records
 * of all, so that their misses overlap instead of queueing up one behind the other.
 */
import { bucketBy, candidateBehind, candidateIn } from '../flow/bucket'
import { hashBy, hashWideBy } from '../flow/hash'
import { Head } from '../flow/head'
import { recordBy, recordOf } from '../flow/record'
import { FRAME_SIZE, Frame } from '../frame'
import { CACHE_LINE } from '../size'
import { touch } from '../table/bucket'
import { describe, isWideFamily, L3, looksUsual, portsAt, protocolAt } from './usual'
import { wayOf } from './way'

/** Octets of descriptors of which what was read ahead is still near when they are handled. */
export const AHEAD: usize = 64 * FRAME_SIZE

/**
 * For the frames from descriptor `frame` to `end`: if one is to `mac` in domain `fid`, has no tag, and
 * is a whole UDP datagram or TCP segment over IPv4 without options, FLOW becomes the reference of the
 * flow that it seems to belong to, and TRACK the address of its record; of all others FLOW becomes 0, and
 * TRACK too unless it seems to be the first of a flow. Those that are usual are described.
 *
 * Of packets over IPv6 without extension headers (`wide`) these words are those of the way (way.ts), which
 * has them at the same offsets: both families are read ahead in one burst, and neither is in the other's way.
 */
export function approachFlows<T>(
  table: usize,
  block: usize,
  frame: usize,
  end: usize,
  fid: u32,
  mac: u64,
): void {
  const wide = isWideFamily<T>()
  const a = load<u64>(table, Head.SEED)
  const b = load<u64>(table, Head.SEED + 8)
  const c = load<u64>(table, Head.SEED + 16)
  const buckets = <usize>load<u32>(table, Head.BUCKETS)
  const count = <u64>load<u32>(table, Head.BUCKET_COUNT)
  for (let at = frame; at < end; at += FRAME_SIZE) {
    const found = wide ? wayOf(true, block, at) : at
    store<u32>(found, 0, Frame.FLOW)
    const address = <usize>load<u32>(at, Frame.ADDRESS)
    if (!looksUsual(wide, at, address, fid, mac)) continue
    const packet = address + L3
    const protocol = protocolAt(wide, packet)
    const ports = portsAt(wide, packet)
    const hash = wide
      ? hashWideBy(packet + 8, ports, protocol, a, b, c)
      : hashBy(load<u64>(packet, 12), ports, protocol, a, b, c)
    const bucket = bucketBy(hash, buckets, count)
    describe(wide, at, packet)
    store<u32>(found, <u32>bucket, Frame.FLOW)
    store<u16>(found, <u16>hash, Frame.OUT_FID)
  }
  // Loops that only read have as many misses under way as the processor can.
  for (let at = frame; at < end; at += FRAME_SIZE) {
    touch(<usize>load<u32>(wide ? wayOf(true, block, at) : at, Frame.FLOW))
  }
  const records = <usize>load<u32>(table, Head.RECORDS)
  const size = <usize>load<u32>(table, Head.RECORD_SIZE)
  let first: usize = 0
  for (let at = frame; at < end; at += FRAME_SIZE) {
    const found = wide ? wayOf(true, block, at) : at
    const bucket = <usize>load<u32>(found, Frame.FLOW)
    const reference = bucket == 0 ? 0 : candidateIn(bucket, load<u16>(found, Frame.OUT_FID))
    const record = reference == 0 ? bucket : recordBy(records, size, reference)
    if (reference == 0 && bucket != 0 && first == 0) first = at
    store<u32>(found, reference, Frame.FLOW)
    store<u32>(found, <u32>record, Frame.TRACK)
  }
  if (first != 0) approachBehind<T>(table, block, first, end)
  for (let at = frame; at < end; at += FRAME_SIZE) {
    const record = <usize>load<u32>(wide ? wayOf(true, block, at) : at, Frame.TRACK)
    touch(record)
    if (wide) touch(record + CACHE_LINE)
  }
}

/**
 * Looks for flows that are not in their bucket, TRACK of the descriptors from `frame` on, in the one behind
 * it.
 */
function approachBehind<T>(table: usize, block: usize, frame: usize, end: usize): void {
  const wide = isWideFamily<T>()
  for (let at = frame; at < end; at += FRAME_SIZE) {
    const found = wide ? wayOf(true, block, at) : at
    const bucket = <usize>load<u32>(found, Frame.TRACK)
    if (load<u32>(found, Frame.FLOW) != 0 || bucket == 0) continue
    const reference = candidateBehind(table, bucket, load<u16>(found, Frame.OUT_FID))
    if (reference == 0) continue
    store<u32>(found, reference, Frame.FLOW)
    store<u32>(found, <u32>recordOf(table, reference), Frame.TRACK)
  }
}
