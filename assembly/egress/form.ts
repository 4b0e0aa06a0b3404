/**
 * The form in which a frame leaves: its headers as a port wants them, its body as it lies in the
 * arena. One frame can leave in several forms at once, with and without a tag: a form that differs
 * from the frame's own has its headers made anew in the worker's space for them, and the entry
 * gathers both.
 */
import { countersOf, countTransmitted, dropReceived } from '../counter'
import { Drop } from '../drop'
import { Frame } from '../frame'
import { heads, Worker } from '../memory'
import { writeHeader } from '../offload/release'
import { HEADS_SIZE } from '../size'
import { append, NO_PORT, put } from '../transmit'
import { Ethernet, TAG } from '../wire/ethernet'
import { clear, Virtio } from '../wire/virtio'
import { copyHead, relabel, tagLength } from './vlan'

/** Takes `size` octets of the worker's space for headers; 0 if there is no room. */
@inline
export function takeHead(worker: u32, block: usize, size: u32): usize {
  const used = load<u32>(block, Worker.HEADS_USED)
  // On lines of their own: heads are written here and read by the kernel a moment later.
  const end = used + ((size + 15) & ~15)
  if (end > HEADS_SIZE) return 0
  store<u32>(block, end, Worker.HEADS_USED)
  return heads(worker) + used
}

/** Makes `entry` one of a frame that asks for nothing, for one port. */
@inline
export function sendFitting(entry: usize, address: usize, length: u32, own: usize): void {
  clear(address)
  put(entry, address - Virtio.HEADER, length + <u32>Virtio.HEADER, 0, 0, own, 1, NO_PORT)
}

/** Appends the frame as it lies. False if there is no room. */
@inline
export function sendPlain(
  block: usize,
  frame: usize,
  count: u32,
  ports: usize,
  portCount: u32,
  except: u32,
): bool {
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const length = load<u32>(frame, Frame.LENGTH) + <u32>Virtio.HEADER
  writeHeader(frame, address, 0)
  return append(block, count, address - Virtio.HEADER, length, 0, 0, ports, portCount, except)
}

/** Octets by which the frame is longer with `tag` (0: without) than as it lies; modulo 2^32. */
@inline
export function longerBy(frame: usize, tag: u32): u32 {
  return tagLength(tag) - tagLength(load<u32>(frame, Frame.TAG))
}

/** Where what follows the addresses and the frame's own tag begins. */
@inline
export function bodyOf(frame: usize): usize {
  const address = <usize>load<u32>(frame, Frame.ADDRESS) + Ethernet.TYPE
  return load<u32>(frame, Frame.TAG) == 0 ? address : address + TAG
}

/** Appends the frame with a tag other than its own (0: without); the frame in the arena stays as it is. */
export function sendOther(
  worker: u32,
  block: usize,
  frame: usize,
  count: u32,
  tag: u32,
  ports: usize,
  portCount: u32,
  except: u32,
): bool {
  const size = <u32>(Virtio.HEADER + Ethernet.TYPE) + (tag == 0 ? 0 : TAG)
  const head = takeHead(worker, block, size)
  if (head == 0) return false
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  copyHead(head + Virtio.HEADER, address, tag)
  writeHeader(frame, head + Virtio.HEADER, longerBy(frame, tag))
  const body = bodyOf(frame)
  const length = load<u32>(frame, Frame.LENGTH) - <u32>(body - address)
  return append(block, count, head, size, body, length, ports, portCount, except)
}

/**
 * Appends the frame with `tag` (0: without), put into the arena in place of its own: no gathering,
 * but the frame has no other form any more. For a frame that leaves by one port only, and a list that
 * is known to have room.
 */
@inline
export function sendAlone(block: usize, frame: usize, count: u32, tag: u32, own: usize): void {
  let address = <usize>load<u32>(frame, Frame.ADDRESS)
  let longer: u32 = 0
  if (tag != load<u32>(frame, Frame.TAG)) {
    longer = longerBy(frame, tag)
    address = relabel(address, tag, longer)
  }
  const length = load<u32>(frame, Frame.LENGTH) + longer + <u32>Virtio.HEADER
  writeHeader(frame, address, longer)
  append(block, count, address - Virtio.HEADER, length, 0, 0, own, 1, NO_PORT)
}

/** Notes that the frame, or the rest of it, found no room. */
export function full(worker: u32, frame: usize, count: u32): u32 {
  store<u8>(frame, <u8>Drop.TRANSMIT_LIST_FULL, Frame.DROP)
  dropReceived(worker, <u32>load<u16>(frame, Frame.PORT), Drop.TRANSMIT_LIST_FULL, 1)
  return count
}

/** Counts `frames` as sent by each port of a list but one. */
export function countAll(
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
