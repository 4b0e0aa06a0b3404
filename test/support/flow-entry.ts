/**
 * The dataplane, and connection tracking by itself: one packet through the places of the router where
 * flows are found and begun, without the router.
 */
export * from '../../assembly/index'

import { latch } from '../../assembly/config'
import { Checksum, Frame } from '../../assembly/frame'
import { Worker, workerBlock } from '../../assembly/memory'
import { arrive } from '../../assembly/nat/arrive'
import { leave } from '../../assembly/nat/leave'
import { restore } from '../../assembly/nat/restore'
import { parse } from '../../assembly/packet'

/** Begins the worker's first descriptor with the frame at `address`, and reads its packet. */
export function frameOf(worker: u32, address: usize, length: u32, port: u32, fid: u32): u32 {
  const frame = workerBlock(worker) + Worker.FRAMES
  memory.fill(frame, 0, 64)
  store<u32>(frame, <u32>address, Frame.ADDRESS)
  store<u32>(frame, length, Frame.LENGTH)
  store<u16>(frame, <u16>port, Frame.PORT)
  store<u16>(frame, <u16>fid, Frame.FID)
  return parse(frame)
}

export function setOffload(worker: u32, partial: bool, gsoType: u32, gsoSize: u32): void {
  const frame = workerBlock(worker) + Worker.FRAMES
  store<u8>(frame, <u8>(partial ? Checksum.PARTIAL : Checksum.COMPLETE), Frame.CHECKSUM)
  store<u8>(frame, <u8>gsoType, Frame.GSO_TYPE)
  store<u16>(frame, <u16>gsoSize, Frame.GSO_SIZE)
}

export function place(worker: u32, second: bool, outFid: u32, now: f64): u32 {
  const block = workerBlock(worker)
  const config = latch(block)
  const frame = block + Worker.FRAMES
  return second
    ? leave(worker, block, config, frame, outFid, now)
    : arrive(worker, block, config, frame, now)
}

export function undo(worker: u32): void {
  restore(workerBlock(worker) + Worker.FRAMES)
}

/** Begins `count` flows from 10.0.0.0/8 by UDP, and lets each be met `rounds` times; returns drops. */
export function storm(
  worker: u32,
  address: usize,
  length: u32,
  count: u32,
  rounds: u32,
  now: f64,
): u32 {
  let dropped: u32 = 0
  const packet = address + 14
  memory.copy(address + 256, address, length)
  const block = workerBlock(worker)
  const config = latch(block)
  const frame = block + Worker.FRAMES
  for (let round: u32 = 0; round < rounds; round++) {
    for (let index: u32 = 0; index < count; index++) {
      memory.copy(address, address + 256, length)
      store<u16>(packet, <u16>0, 10)
      // 16 ports a host: the last octets of the address, and the source port.
      store<u32>(packet, 10 | (bswap<u32>(index >> 4) & 0xffffff00), 12)
      store<u16>(packet + 20, <u16>(4096 + (index & 15)))
      store<u32>(frame, load<u32>(packet + 20), Frame.PORTS)
      let why = arrive(worker, block, config, frame, now)
      if (why === 0) why = leave(worker, block, config, frame, 2, now)
      if (why !== 0) dropped++
    }
  }
  return dropped
}
