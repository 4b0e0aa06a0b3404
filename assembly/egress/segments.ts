/** A super-frame to ports that take none: in segments, each a frame of its own, or a datagram. */
import { dropTransmitted } from '../counter'
import { Drop } from '../drop'
import { Frame, payloadOf, segmentsOf } from '../frame'
import { SEGMENTS_MAX, segment } from '../offload/segment'
import { outerLength, writeOuter } from '../overlay/encapsulate'
import { append, NO_PORT, ofTunnel, only } from '../transmit'
import { Tunnel } from '../tunnel'
import { Ethernet, TAG } from '../wire/ethernet'
import { Virtio } from '../wire/virtio'
import { bodyOf, countAll, full, longerBy, takeHead } from './form'
import { copyHead } from './vlan'

/** Instead of a tunnel: segments leave as they are. */
export const NO_TUNNEL: usize = 0

/**
 * Appends a super-frame in segments, as `deliver` does. With a tunnel, `ports` is that one port, and each
 * segment becomes a datagram of the flow whose hash is the lower half of `inside` and whose type of
 * service its upper half.
 */
export function deliverSegments(
  worker: u32,
  block: usize,
  frame: usize,
  count: u32,
  tag: u32,
  ports: usize,
  portCount: u32,
  except: u32,
  tunnel: usize,
  inside: u32,
): u32 {
  const segments = segmentsOf(frame)
  if (segments > SEGMENTS_MAX) {
    for (let index: u32 = 0; index < portCount; index++) {
      const port = load<u32>(ports + ((<usize>index) << 2))
      if (port != except) dropTransmitted(worker, port, Drop.NEEDS_SEGMENTATION, 1)
    }
    return count
  }
  const headers = <u32>load<u16>(frame, Frame.HEADERS)
  const longer = longerBy(frame, tag)
  const outer = tunnel == NO_TUNNEL ? 0 : outerLength(tunnel)
  const by = tunnel == NO_TUNNEL ? ports : only(<u32>load<u16>(tunnel, Tunnel.UNDERLAY))
  const number = tunnel == NO_TUNNEL ? portCount : 1
  const without = tunnel == NO_TUNNEL ? except : NO_PORT
  const size = <u32>Virtio.HEADER + outer + headers + longer
  const step = <u32>load<u16>(frame, Frame.GSO_SIZE)
  let left = payloadOf(frame)
  let payload = <usize>load<u32>(frame, Frame.ADDRESS) + headers
  for (let index: u32 = 0; index < segments; index++) {
    const head = takeHead(worker, block, size)
    if (head == 0) return full(worker, frame, count)
    const length = min(step, left)
    const octets = headers + longer + length
    const inner = head + Virtio.HEADER + outer
    copyHeaders(inner, frame, headers, tag)
    segment(frame, inner, longer, index, payload, length, length == left)
    if (outer != 0) {
      writeOuter(head + Virtio.HEADER, tunnel, octets, inside)
    }
    if (!append(block, count, head, size, payload, length, by, number, without)) {
      return full(worker, frame, count)
    }
    countAll(worker, ports, portCount, except, 1, octets)
    if (outer != 0) {
      ofTunnel(block, count, load<u32>(ports))
      countAll(worker, by, 1, NO_PORT, 1, octets + outer)
    }
    count++
    payload += length
    left -= length
  }
  return count
}

/** Copies all of the frame's headers, with `tag` in place of its own. */
function copyHeaders(to: usize, frame: usize, headers: u32, tag: u32): void {
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const body = bodyOf(frame)
  copyHead(to, address, tag)
  const behind = to + Ethernet.TYPE + (tag == 0 ? 0 : TAG)
  copyShort(behind, body, headers - <u32>(body - address))
}

/** An even number of octets, so few that calling for their copy would cost more than it. */
@inline
function copyShort(to: usize, from: usize, length: u32): void {
  let at: u32 = 0
  for (; at + 16 <= length; at += 16) v128.store(to + at, v128.load(from + at))
  for (; at + 4 <= length; at += 4) store<u32>(to + at, load<u32>(from + at))
  if (at < length) store<u16>(to + at, load<u16>(from + at))
}
