/**
 * Records and paths (paths.ts) of packets that may go the shortest way (express.ts), read ahead.
 *
 * What is found of a packet lies in the worker's FOUND, 16 octets:
 *
 *    0 record u32, of its bucket before; 0 if it is none of these   4 path u32, the tag before
 *    8 address u32   12 length u32   of the frame, without what is behind the packet
 */
import { bucketBy, candidateIn } from '../flow/bucket'
import { hashBy } from '../flow/hash'
import { Head, tableOf } from '../flow/head'
import { recordBy } from '../flow/record'
import { FRAME_MAX } from '../frame'
import { Worker } from '../memory'
import { WAYS_MAX } from '../size'
import { touch } from '../table/bucket'
import { IPv4 } from '../wire/ipv4'
import { swap16 } from '../wire/order'
import * as udp from '../wire/udp'
import { UDP } from '../wire/udp'
import { Virtio } from '../wire/virtio'
import { Path, pathOf } from './paths'
import { pathsOf } from './serial'
import { FRAGMENT, isSound, isUsualSegment, L3, L4, PLAIN, PLAIN_MASK } from './usual'

export const FOUND_SIZE: usize = 16

/** Where it is noted what was found of frame number `index`. */
@inline
export function foundAt(block: usize, index: u32): usize {
  const from = load<u32>(block, Worker.FOUND_FROM)
  return block + Worker.FOUND + <usize>(index - from) * FOUND_SIZE
}

@inline
export function foundEnd(block: usize): usize {
  return foundAt(block, load<u32>(block, Worker.FOUND_TO))
}

/** How many packets from the one found at `at` on do not go this way, one at least. */
@inline
export function detoursAt(at: usize, end: usize, era: u32): u32 {
  let detours: u32 = 1
  for (at += FOUND_SIZE; at < end; at += FOUND_SIZE, detours++) {
    if (load<u32>(at) != 0 && load<u32>(<usize>load<u32>(at, 4)) == era) break
  }
  return detours
}

/** Finds records and paths of frames from number `index` on, before `last`, and reads them ahead. */
export function approach(worker: u32, block: usize, index: u32, last: u32, mac: u64): void {
  const to = min(last, index + WAYS_MAX)
  store<u32>(block, index, Worker.FOUND_FROM)
  store<u32>(block, to, Worker.FOUND_TO)
  const found = block + Worker.FOUND
  const end = found + <usize>(to - index) * FOUND_SIZE
  const table = tableOf(false)
  approachBuckets(table, block + Worker.RECEIVED + ((<usize>index) << 3), found, end, mac)
  // Loops that only read have as many misses under way as the processor can.
  for (let at = found; at < end; at += FOUND_SIZE) touch(<usize>load<u32>(at))
  const records = <usize>load<u32>(table, Head.RECORDS)
  const size = <usize>load<u32>(table, Head.RECORD_SIZE)
  const paths = pathsOf(worker)
  for (let at = found; at < end; at += FOUND_SIZE) {
    const bucket = <usize>load<u32>(at)
    if (bucket == 0) continue
    const reference = candidateIn(bucket, load<u16>(at, 4))
    const record: usize = reference == 0 ? 0 : recordBy(records, size, reference)
    store<u64>(at, <u64>record | ((<u64>pathOf(paths, reference)) << 32))
  }
  for (let at = found; at < end; at += FOUND_SIZE) {
    touch(<usize>load<u32>(at))
    touch(<usize>load<u32>(at, 4))
  }
  // Where no path was found it is at 0, and so is what it says: nothing is ever written there.
  for (let at = found; at < end; at += FOUND_SIZE) {
    touch(hopOf(block, load<u64>(<usize>load<u32>(at, 4), Path.SOURCE)))
  }
}

/** The hop whose number a path's source begins with. */
@inline
export function hopOf(block: usize, source: u64): usize {
  return block + Worker.HOPS + ((<usize>source & 0xffff) << 6)
}

/**
 * Finds the buckets for frames as received, from `from` on, for those found from `at` to `end`. Of a packet it
 * asks what `describe` (usual.ts) does, of a segment in `isUsualSegment`.
 */
function approachBuckets(table: usize, from: usize, at: usize, end: usize, mac: u64): void {
  const a = load<u64>(table, Head.SEED)
  const b = load<u64>(table, Head.SEED + 8)
  const c = load<u64>(table, Head.SEED + 16)
  const buckets = <usize>load<u32>(table, Head.BUCKETS)
  const count = <u64>load<u32>(table, Head.BUCKET_COUNT)
  for (; at < end; at += FOUND_SIZE, from += 8) {
    const received = load<u64>(from)
    const address = <usize>(<u32>received)
    const room = <u32>(received >> 32)
    store<u64>(at, 0)
    if (room - (L4 + UDP.HEADER) > FRAME_MAX - (L4 + UDP.HEADER)) continue
    if ((load<u64>(address) ^ mac) << 16 != 0) continue
    if ((load<u32>(address, 12) & PLAIN_MASK) != PLAIN) continue
    // A device that vouches for a checksum asks for nothing.
    if ((<u32>load<u16>(address - Virtio.HEADER) & ~Virtio.FLAG_DATA_VALID) != 0) continue
    const packet = address + L3
    const first = load<u64>(packet)
    if (((first >> 48) & <u64>FRAGMENT) != 0) continue
    const second = load<u64>(packet, 8)
    if ((second & 0xff) <= 1) continue
    const third = load<u32>(packet, 16)
    if (!isSound(first, second, third)) continue
    const total = <u32>swap16(<u16>(first >> 16))
    if (L3 + total > room) continue
    const protocol = <u32>(second >> 8) & 0xff
    if (protocol == UDP.PROTOCOL) {
      const length = udp.lengthOf(packet + IPv4.HEADER)
      if (length < UDP.HEADER) continue
      if (length + IPv4.HEADER > total) continue
    } else if (!isUsualSegment(packet, protocol, total)) continue
    const addresses = (second >> 32) | ((<u64>third) << 32)
    const hash = hashBy(addresses, load<u32>(packet, 20), protocol, a, b, c)
    store<u64>(at, <u64>bucketBy(hash, buckets, count) | ((hash & 0xffff) << 32))
    store<u64>(at, <u64>address | ((<u64>(L3 + total)) << 32), 8)
  }
}
