/**
 * The door: where a burst becomes descriptors, and where what cannot or may not come in is refused.
 */

import { inspect } from './bridge/inspect'
import { UNUSUAL } from './bridge/police'
import { fidOfVlan, inVlanSet, PortFlag, PortRecord, vlanSet } from './config'
import { bump, Counter, countersOf, dropReceived } from './counter'
import { FRAME_SIZE, Frame } from './frame'
import { Worker } from './memory'
import { accept, isLength } from './offload/accept'
import { requestOf } from './wire/virtio'
import { tagAt, tciOf, Vlan } from './wire/vlan'

/** What of a VLAN-aware port is asked of a frame beyond membership: those go the long way. */
const ASKING: u32 =
  PortFlag.DOOR | PortFlag.TUNNEL | PortFlag.ADMIT_TAGGED | PortFlag.ADMIT_UNTAGGED

/**
 * Starts the descriptors of a burst from number `first` on, and marks what is refused. Counts the octets of
 * these frames, as they were received, and returns them: UNUSUAL if one asks for something or is refused.
 */
export function receive(
  worker: u32,
  block: usize,
  config: usize,
  port: u32,
  record: usize,
  first: u32,
  count: u32,
  now: f64,
): u64 {
  const kind = load<u32>(record, PortRecord.FLAGS) & ASKING
  const octets = countersOf(worker, port) + Counter.RX_OCTETS
  let usual = -load<u64>(octets)
  const frames = block + Worker.FRAMES
  const end = frames + <usize>count * FRAME_SIZE
  for (let frame = frames + <usize>first * FRAME_SIZE; ; frame += FRAME_SIZE) {
    const from = receivedOf(block, frame)
    if (kind == 0) frame = receivePlain(frame, end, from, record, port, octets)
    else if (kind == PortFlag.VLAN_AWARE) {
      frame = receiveVlan(frame, end, from, record, port, octets, vlanSet(config, port))
    }
    if (frame >= end) break
    usual = UNUSUAL
    const received = load<u64>(receivedOf(block, frame))
    bump(octets, received >> 32)
    receiveAny(worker, block, config, port, record, frame, received, now)
  }
  return usual == UNUSUAL ? usual : usual + load<u64>(octets)
}

/** Counts the octets of the first `frames` of a burst, which came in past the door (gateway/express.ts). */
export function countPast(worker: u32, block: usize, port: u32, frames: u32): void {
  let octets: u64 = 0
  const end = block + Worker.RECEIVED + ((<usize>frames) << 3)
  for (let at = block + Worker.RECEIVED; at < end; at += 8) octets += <u64>load<u32>(at, 4)
  bump(countersOf(worker, port) + Counter.RX_OCTETS, octets)
}

/** Where the device left what the descriptor `frame` is of. */
@inline
function receivedOf(block: usize, frame: usize): usize {
  return block + Worker.RECEIVED + ((frame - (block + Worker.FRAMES)) / FRAME_SIZE) * 8
}

/**
 * The usual frames of a port of which nothing is asked: from descriptor `frame` on, up to the first
 * that asks for something or is of no length that a frame can have. Returns where that is. A loop
 * without calls, for the reason that shortcut.ts gives.
 */
function receivePlain(
  frame: usize,
  end: usize,
  from: usize,
  record: usize,
  port: u32,
  octets: usize,
): usize {
  const fid = load<u32>(record, PortRecord.FID)
  const ingress = port | (fid << 16)
  let sum: u64 = 0
  for (; frame < end; frame += FRAME_SIZE, from += 8) {
    const received = load<u64>(from)
    const address = <usize>(<u32>received)
    if (!isLength(<u32>(received >> 32))) break
    if (requestOf(address) != 0) break
    sum += received >> 32
    begin(frame, received, ingress)
  }
  bump(octets, sum)
  return frame
}

/** The same for a port of VLANs, those in `set`: up to the first frame that is refused, too. */
function receiveVlan(
  frame: usize,
  end: usize,
  from: usize,
  record: usize,
  port: u32,
  octets: usize,
  set: usize,
): usize {
  const tpid = <u32>load<u16>(record, PortRecord.TPID)
  const native = load<u32>(record, PortRecord.FID)
  const nativeTci = <u32>load<u16>(record, PortRecord.NATIVE)
  const map = <usize>load<u32>(record, PortRecord.VLAN_MAP)
  let sum: u64 = 0
  for (; frame < end; frame += FRAME_SIZE, from += 8) {
    const received = load<u64>(from)
    const address = <usize>(<u32>received)
    if (!isLength(<u32>(received >> 32))) break
    if (requestOf(address) != 0) break
    let fid = native
    let tci = nativeTci
    let tag = tagAt(address)
    let nested: u32 = 0
    if ((tag & 0xffff) == tpid) {
      if (<u32>(received >> 32) < Vlan.HEADER) break
      tci = tciOf(tag)
      // Neither 0 nor 4095 is in any set.
      if (!inVlanSet(set, tci & Vlan.VID_MASK)) break
      fid = fidOfVlan(map, tci & Vlan.VID_MASK)
      nested = <u32>(<u32>load<u16>(address, Vlan.HEADER - 2) == tpid)
    } else tag = 0
    if (fid == 0) break
    sum += received >> 32
    begin(frame, received, port | (fid << 16))
    store<u32>(frame, tag, Frame.TAG)
    store<u32>(frame, tci | (nested << 16), Frame.TCI) // and Frame.NESTED
  }
  bump(octets, sum)
  return frame
}

/** Any frame, from any port. */
function receiveAny(
  worker: u32,
  block: usize,
  config: usize,
  port: u32,
  record: usize,
  frame: usize,
  received: u64,
  now: f64,
): void {
  const address = <usize>(<u32>received)
  begin(frame, received, port | (load<u32>(record, PortRecord.FID) << 16))
  let why = accept(frame, address, <u32>(received >> 32))
  if ((load<u32>(record, PortRecord.FLAGS) & PortFlag.DOOR) != 0 && why == 0) {
    why = inspect(block, config, record, port, frame, now)
  }
  if (why != 0) drop(worker, port, frame, why)
}

/** Drops all frames of a burst, and counts their octets. */
export function refuse(worker: u32, block: usize, port: u32, count: u32, why: u32): void {
  let octets: u64 = 0
  let frame = block + Worker.FRAMES
  let from = block + Worker.RECEIVED
  for (let index: u32 = 0; index < count; index++, from += 8, frame += FRAME_SIZE) {
    const received = load<u64>(from)
    octets += received >> 32
    begin(frame, received, port)
    drop(worker, port, frame, why)
  }
  bump(countersOf(worker, port) + Counter.RX_OCTETS, octets)
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
