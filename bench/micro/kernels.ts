/**
 * Kernels of the dataplane by themselves, many times over in one call: a call from JavaScript costs
 * more than they do. Compiled as the release module is, together with it.
 */

import { deliver } from '../../assembly/egress/deliver'
import { FRAME_SIZE, Frame } from '../../assembly/frame'
import { Directory, directory, Worker, workerBlock } from '../../assembly/memory'
import { accept } from '../../assembly/offload/accept'
import { coalesce } from '../../assembly/offload/coalesce'
import { parse } from '../../assembly/packet'
import { bucketOf, find } from '../../assembly/table/hash'
import { NO_PORT, only } from '../../assembly/transmit'
import { sum } from '../../assembly/wire/checksum'

/** The checksum of the same octets `rounds` times; the result keeps the compiler from leaving it out. */
export function checksums(address: usize, length: u32, rounds: u32): u32 {
  let all: u32 = 0
  for (let round: u32 = 0; round < rounds; round++) all ^= sum(address, length) + round
  return all
}

/** Looks `count` u64 keys at `keys` up in the FDB; returns how many are there. */
export function lookUps(keys: usize, count: u32): u32 {
  const table = directory(Directory.FDB)
  let found: u32 = 0
  for (let index: u32 = 0; index < count; index++) {
    const key = load<u64>(keys + ((<usize>index) << 3))
    if (find(table, bucketOf(table, key), key)) found++
  }
  return found
}

/** Finds the buckets of `count` u64 keys at `keys`; the result keeps the compiler from leaving it out. */
export function hashes(keys: usize, count: u32): u32 {
  const table = directory(Directory.FDB)
  let all: u32 = 0
  for (let index: u32 = 0; index < count; index++) {
    all ^= <u32>bucketOf(table, load<u64>(keys + ((<usize>index) << 3)))
  }
  return all
}

/** Reads the packet of the frame whose descriptor is at `frame` `rounds` times; returns how often it was refused. */
export function parses(frame: usize, rounds: u32): u32 {
  let refused: u32 = 0
  for (let round: u32 = 0; round < rounds; round++) if (parse(frame)) refused++
  return refused
}

/** Passes the frame whose descriptor is at `frame` through the door `rounds` times. */
export function doors(frame: usize, rounds: u32): u32 {
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const length = load<u32>(frame, Frame.LENGTH)
  let refused: u32 = 0
  for (let round: u32 = 0; round < rounds; round++) {
    if (accept(frame, address, length)) refused++
  }
  return refused
}

/** Splits the super-frame whose descriptor is at `frame` for port 0, `rounds` times; returns the segments. */
export function splits(frame: usize, rounds: u32): u32 {
  const block = workerBlock(0)
  let entries: u32 = 0
  for (let round: u32 = 0; round < rounds; round++) {
    store<u32>(block, 0, Worker.HEADS_USED)
    entries = deliver(0, block, frame, 0, 0, 0, only(0), 1, NO_PORT)
  }
  return entries
}

/** Coalesces the frames of the `count` descriptors at `frames`, `rounds` times; returns how many are left. */
export function merges(frames: usize, count: u32, rounds: u32): u32 {
  const block = workerBlock(0)
  let left: u32 = 0
  for (let round: u32 = 0; round < rounds; round++) {
    memory.copy(block + Worker.FRAMES, frames, <usize>count * FRAME_SIZE)
    left = coalesce(0, block, count)
  }
  return left
}
