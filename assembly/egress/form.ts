/**
 * The form in which a frame leaves: its headers as a port wants them, its body as it lies in the
 * arena. One frame can leave in several forms at once, with and without a tag: a form that differs
 * from the frame's own has its headers made anew in the worker's space for them, and the entry
 * gathers both.
 */
import { Frame } from '../frame'
import { HEADS_SIZE, heads, Worker } from '../memory'
import { writeHeader } from '../offload/release'
import { append, NO_PORT } from '../transmit'
import { Ethernet, TAG } from '../wire/ethernet'
import { clear, Virtio } from '../wire/virtio'
import { pushTo } from '../wire/vlan'

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

/** Appends a frame that asks for nothing to a list that is known to have room, for one port. */
@inline
export function sendFitting(
  block: usize,
  address: usize,
  length: u32,
  own: usize,
  count: u32,
): void {
  clear(address)
  const octets = length + <u32>Virtio.HEADER
  append(block, count, address - Virtio.HEADER, octets, 0, 0, own, 1, NO_PORT)
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

/** Appends the frame with a tag before its EtherType; the frame in the arena stays as it is. */
export function sendTagged(
  worker: u32,
  block: usize,
  frame: usize,
  count: u32,
  tag: u32,
  ports: usize,
  portCount: u32,
  except: u32,
): bool {
  const size = <u32>(Virtio.HEADER + Ethernet.TYPE) + TAG
  const head = takeHead(worker, block, size)
  if (head == 0) return false
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  pushTo(head + Virtio.HEADER, address, tag)
  writeHeader(frame, head + Virtio.HEADER, TAG)
  const body = load<u32>(frame, Frame.LENGTH) - <u32>Ethernet.TYPE
  return append(block, count, head, size, address + Ethernet.TYPE, body, ports, portCount, except)
}

/**
 * Appends the frame with a tag that is put into the arena before it: no gathering, but the frame has
 * no other form any more. For a frame that leaves by one port only.
 */
@inline
export function sendRetagged(
  block: usize,
  frame: usize,
  count: u32,
  tag: u32,
  ports: usize,
  except: u32,
): bool {
  const address = <usize>load<u32>(frame, Frame.ADDRESS)
  const length = load<u32>(frame, Frame.LENGTH) + TAG + <u32>Virtio.HEADER
  pushTo(address - TAG, address, tag)
  writeHeader(frame, address - TAG, TAG)
  return append(block, count, address - TAG - Virtio.HEADER, length, 0, 0, ports, 1, except)
}
