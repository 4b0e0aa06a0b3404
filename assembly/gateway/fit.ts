/** A packet and the MTU of the link it leaves by: it passes, is cut, or its sender is told. */
import { Drop } from '../drop'
import { Checksum, FRAME_SIZE, Frame, payloadOf, segmentsOf } from '../frame'
import { complete, packetLength } from '../offload/release'
import { SEGMENTS_MAX, segment } from '../offload/segment'
import { partFor, writeFragment } from '../router/fragment'
import { Interface } from '../router/interface'
import { EtherType } from '../wire/ethernet'
import * as ipv4 from '../wire/ipv4'
import { discard, Routed, room, routed } from './emit'
import { sendBy } from './send'

/** Sends a packet by a route, in fragments where it must and may be so. Its TTL is as it leaves. */
export function sendFitted(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  route: usize,
  own: usize,
  entries: u32,
): u32 {
  const mtu = load<u32>(own, Interface.MTU)
  if (packetLength(frame) <= mtu) return sendBy(worker, block, config, frame, route, own, entries)
  if (load<u8>(frame, Frame.GSO_TYPE) != 0) {
    return sendSegments(worker, block, config, frame, route, own, entries)
  }
  if (<u32>load<u8>(frame, Frame.CHECKSUM) == Checksum.PARTIAL) complete(frame)
  const packet = <usize>load<u32>(frame, Frame.ADDRESS) + <u32>load<u16>(frame, Frame.L3)
  const header = ipv4.headerLengthOf(packet)
  const payload = ipv4.totalLengthOf(packet) - header
  const part = partFor(mtu, header)
  const piece = routed(block, Routed.PIECE)
  for (let offset: u32 = 0; offset < payload; offset += part) {
    const length = min(part, payload - offset)
    const to = room(worker, block, <u32>load<u16>(frame, Frame.L3) + header + length)
    if (to == 0) {
      discard(worker, frame, Drop.TRANSMIT_LIST_FULL)
      return entries
    }
    memory.copy(piece, frame, FRAME_SIZE)
    store<u32>(piece, <u32>to, Frame.ADDRESS)
    store<u32>(piece, writeFragment(to, frame, offset, length), Frame.LENGTH)
    entries = sendBy(worker, block, config, piece, route, own, entries)
  }
  return entries
}

/** True if a packet may leave by a link of that MTU, whole or in fragments. */
@inline
export function canLeave(frame: usize, mtu: u32): bool {
  if (packetLength(frame) <= mtu) return true
  if (<u32>load<u16>(frame, Frame.ETHER_TYPE) != EtherType.IPV4) return false
  const packet = <usize>load<u32>(frame, Frame.ADDRESS) + <u32>load<u16>(frame, Frame.L3)
  return ipv4.mayFragment(packet)
}

/** A super-frame whose segments are too large: each is made as its sender would have, and cut. */
function sendSegments(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  route: usize,
  own: usize,
  entries: u32,
): u32 {
  const count = segmentsOf(frame)
  if (count > SEGMENTS_MAX) {
    discard(worker, frame, Drop.NEEDS_SEGMENTATION)
    return entries
  }
  const headers = <u32>load<u16>(frame, Frame.HEADERS)
  const size = <u32>load<u16>(frame, Frame.GSO_SIZE)
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const whole = payloadOf(frame)
  const one = routed(block, Routed.SEGMENT)
  for (let index: u32 = 0; index < count; index++) {
    const offset = index * size
    const length = min(size, whole - offset)
    const to = room(worker, block, headers + length)
    if (to == 0) {
      discard(worker, frame, Drop.TRANSMIT_LIST_FULL)
      return entries
    }
    memory.copy(to, address, headers)
    memory.copy(to + headers, address + headers + offset, length)
    segment(frame, to, 0, index, to + headers, length, index + 1 == count)
    memory.copy(one, frame, FRAME_SIZE)
    store<u32>(one, <u32>to, Frame.ADDRESS)
    store<u32>(one, headers + length, Frame.LENGTH)
    store<u32>(one, Checksum.VERIFIED, Frame.CHECKSUM) // and no GSO
    entries = sendFitted(worker, block, config, one, route, own, entries)
  }
  return entries
}
