/** A frame in one form to a list of ports that are alike: as it is, with a tag, or in segments. */
import { countersOf, countTransmitted, dropReceived, dropTransmitted } from '../counter'
import { Drop } from '../drop'
import { Frame, payloadOf, segmentsOf } from '../frame'
import { needsOf, Offload } from '../offload/release'
import { SEGMENTS_MAX, segment } from '../offload/segment'
import { append } from '../transmit'
import { Ethernet, TAG } from '../wire/ethernet'
import { Virtio } from '../wire/virtio'
import { bodyOf, longerBy, sendOther, sendPlain, takeHead } from './form'
import { copyHead } from './vlan'

/**
 * Appends entries for `portCount` ports at `ports`, but `except`, which take `offloads` and the frame
 * with `tag`, or without one if that is 0. A partial checksum that a port lacks the offload for was
 * completed before. Counts what is sent; returns the number of transmit entries.
 */
export function deliver(
  worker: u32,
  block: usize,
  frame: usize,
  count: u32,
  tag: u32,
  offloads: u32,
  ports: usize,
  portCount: u32,
  except: u32,
): u32 {
  if ((needsOf(frame) & ~offloads & ~Offload.CHECKSUM) != 0 || lacksChecksum(frame, offloads)) {
    return deliverSegments(worker, block, frame, count, tag, ports, portCount, except)
  }
  const sent =
    tag == load<u32>(frame, Frame.TAG)
      ? sendPlain(block, frame, count, ports, portCount, except)
      : sendOther(worker, block, frame, count, tag, ports, portCount, except)
  if (!sent) return full(worker, frame, count)
  const octets = load<u32>(frame, Frame.LENGTH) + longerBy(frame, tag)
  countAll(worker, ports, portCount, except, 1, octets)
  return count + 1
}

/** A super-frame for a device that completes no checksums. */
@inline
function lacksChecksum(frame: usize, offloads: u32): bool {
  return load<u8>(frame, Frame.GSO_TYPE) != 0 && (offloads & Offload.CHECKSUM) == 0
}

/** Notes that the frame, or the rest of it, found no room. */
export function full(worker: u32, frame: usize, count: u32): u32 {
  store<u8>(frame, <u8>Drop.TRANSMIT_LIST_FULL, Frame.DROP)
  dropReceived(worker, <u32>load<u16>(frame, Frame.PORT), Drop.TRANSMIT_LIST_FULL, 1)
  return count
}

function countAll(
  worker: u32,
  ports: usize,
  portCount: u32,
  except: u32,
  frames: u32,
  octets: u32,
): void {
  for (let index: u32 = 0; index < portCount; index++) {
    const port = load<u32>(ports + ((<usize>index) << 2))
    if (port != except) countTransmitted(countersOf(worker, port), frames, octets)
  }
}

function deliverSegments(
  worker: u32,
  block: usize,
  frame: usize,
  count: u32,
  tag: u32,
  ports: usize,
  portCount: u32,
  except: u32,
): u32 {
  const segments = segmentsOf(frame)
  if (segments > SEGMENTS_MAX) {
    for (let index: u32 = 0; index < portCount; index++) {
      const port = load<u32>(ports + ((<usize>index) << 2))
      if (port != except) dropTransmitted(worker, port, Drop.NEEDS_SEGMENTATION, 1)
    }
    return count
  }
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const headers = <u32>load<u16>(frame, Frame.HEADERS)
  const longer = longerBy(frame, tag)
  const size = <u32>Virtio.HEADER + headers + longer
  const step = <u32>load<u16>(frame, Frame.GSO_SIZE)
  let left = payloadOf(frame)
  let payload = address + headers
  for (let index: u32 = 0; index < segments; index++) {
    const head = takeHead(worker, block, size)
    if (head == 0) return full(worker, frame, count)
    const length = min(step, left)
    copyHeaders(head + Virtio.HEADER, frame, headers, tag)
    segment(frame, head + Virtio.HEADER, longer, index, payload, length, length == left)
    if (!append(block, count, head, size, payload, length, ports, portCount, except)) {
      return full(worker, frame, count)
    }
    countAll(worker, ports, portCount, except, 1, headers + longer + length)
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
  memory.copy(behind, body, headers - <u32>(body - address))
}
