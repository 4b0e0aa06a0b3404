/**
 * Frames that wait for a neighbour: a bounded pool that all workers share, with a budget for each port,
 * so that none can use it up for others. At most three wait for one neighbour; the oldest makes way
 * (RFC 4861 section 7.2.2). All under the lock of neighbor.ts.
 *
 * A slot: 0 the descriptor, 64 octets   64 next free slot u32   128 the frame, whose Ethernet header
 * lies at HEADROOM.
 */

import { dropReceived } from '../counter'
import { Drop } from '../drop'
import { FRAME_SIZE, Frame } from '../frame'
import { Directory, directory } from '../memory'
import { HELD_MAX, HELD_SIZE, PORT_SHARED_SIZE } from '../size'
import { Neighbor, NeighborHead, neighborHead } from './neighbor'

const NEXT: usize = 64
/** Room for a virtio-net header and a tag; 2 more, and the network header is aligned. */
export const HEADROOM: usize = 128 + 18
export const HELD_LENGTH: u32 = <u32>(HELD_SIZE - HEADROOM)
/** Frames that may wait for one neighbour. */
export const HELD_EACH: u32 = 3
/** What a port may have waiting: frames, and neighbours that were asked for because of it. */
const BUDGET: u32 = 64
/** Where a port's use of its budget stands among its shared words. */
const USED: usize = 24

@inline
function slotAt(number: u32): usize {
  return directory(Directory.HELD) + <usize>(number - 1) * HELD_SIZE
}

@inline
function usedBy(port: u32): usize {
  return directory(Directory.PORTS) + <usize>port * PORT_SHARED_SIZE + USED
}

/** Takes one from the budget of a port. */
export function charge(port: u32): bool {
  const used = load<u32>(usedBy(port))
  if (used >= BUDGET) return false
  store<u32>(usedBy(port), used + 1)
  return true
}

export function refund(port: u32): void {
  const used = load<u32>(usedBy(port))
  if (used > 0) store<u32>(usedBy(port), used - 1)
}

/** Keeps a copy of a frame for a neighbour. False if there is no room for it, or its port has enough. */
export function hold(worker: u32, record: usize, frame: usize): bool {
  const length = load<u32>(frame, Frame.LENGTH)
  if (length > HELD_LENGTH) return false
  if (load<u32>(record, Neighbor.HELD_COUNT) == HELD_EACH) {
    const oldest = oldestHeld(record)
    dropReceived(worker, <u32>load<u16>(slotAt(oldest), Frame.PORT), Drop.NEIGHBOR_QUEUE, 1)
    release(oldest)
  }
  const port = <u32>load<u16>(frame, Frame.PORT)
  if (!charge(port)) return false
  const number = take()
  if (number == 0) {
    refund(port)
    return false
  }
  const slot = slotAt(number)
  memory.copy(slot, frame, FRAME_SIZE)
  memory.copy(slot + HEADROOM, <usize>load<u32>(frame, Frame.ADDRESS), length)
  store<u32>(slot, <u32>(slot + HEADROOM), Frame.ADDRESS)
  const count = load<u32>(record, Neighbor.HELD_COUNT)
  store<u32>(record + ((<usize>count) << 2), number, Neighbor.HELD)
  store<u32>(record, count + 1, Neighbor.HELD_COUNT)
  return true
}

/** The number of the oldest frame that waits for the neighbour, which then waits no more; 0 for none. */
function oldestHeld(record: usize): u32 {
  const count = load<u32>(record, Neighbor.HELD_COUNT)
  if (count == 0) return 0
  const number = load<u32>(record, Neighbor.HELD)
  store<u32>(record, load<u32>(record, Neighbor.HELD + 4), Neighbor.HELD)
  store<u32>(record, load<u32>(record, Neighbor.HELD + 8), Neighbor.HELD + 4)
  store<u32>(record, count - 1, Neighbor.HELD_COUNT)
  return number
}

/**
 * Moves the oldest frame that waits for a neighbour to `to`, where HELD_LENGTH octets are free for
 * it, and its descriptor to `frame`. False if none waits.
 */
export function takeHeld(record: usize, frame: usize, to: usize): bool {
  const number = oldestHeld(record)
  if (number == 0) return false
  const slot = slotAt(number)
  memory.copy(frame, slot, FRAME_SIZE)
  memory.copy(to, slot + HEADROOM, load<u32>(slot, Frame.LENGTH))
  store<u32>(frame, <u32>to, Frame.ADDRESS)
  release(number)
  return true
}

/** Drops what waits for a neighbour. */
export function discardHeld(worker: u32, record: usize): void {
  while (true) {
    const number = oldestHeld(record)
    if (number == 0) return
    const port = <u32>load<u16>(slotAt(number), Frame.PORT)
    dropReceived(worker, port, Drop.NEIGHBOR_UNRESOLVED, 1)
    release(number)
  }
}

function take(): u32 {
  const head = neighborHead()
  const free = load<u32>(head, NeighborHead.HELD_FREE)
  if (free != 0) {
    store<u32>(head, load<u32>(slotAt(free), NEXT), NeighborHead.HELD_FREE)
    return free
  }
  const used = load<u32>(head, NeighborHead.HELD_USED)
  if (used == HELD_MAX) return 0
  store<u32>(head, used + 1, NeighborHead.HELD_USED)
  return used + 1
}

/** Gives a slot back: its frame was sent or dropped. */
function release(number: u32): void {
  const slot = slotAt(number)
  const head = neighborHead()
  refund(<u32>load<u16>(slot, Frame.PORT))
  store<u32>(slot, load<u32>(head, NeighborHead.HELD_FREE), NEXT)
  store<u32>(head, number, NeighborHead.HELD_FREE)
}
