/**
 * Fragments that came before the first of their packet, which alone tells what they are (RFC 4787 REQ-14):
 * a few are kept until it comes, a few of each port, for as long as a receiver would wait. What is not kept
 * is dropped; what waited too long makes room for another.
 *
 *   head { lock u32, held u32 }, then slots: 0 state u32 (0 free, WAITING, or WOKEN + worker)   4 tick u32
 *   8 identification u32   12 kind u32 (fragment.ts)   16 addresses   64 the descriptor
 *   HEADROOM the frame
 */
import { dropReceived } from '../counter'
import { Drop } from '../drop'
import { FRAME_SIZE, Frame } from '../frame'
import { Directory, directory } from '../memory'
import { PARTS_MAX, PARTS_SIZE } from '../size'
import { kindOf } from './fragment'
import { lock, unlock } from './lock'
import { copyAddresses, sameAddresses } from './record'

namespace Part {
  export const STATE: usize = 0
  export const TICK: usize = 4
  export const IDENTIFICATION: usize = 8
  export const KIND: usize = 12
  export const ADDRESSES: usize = 16
  export const FRAME: usize = 64
}

const WAITING: u32 = 1
const WOKEN: u32 = 2
const HEAD: usize = 64
const HEADROOM: usize = 128 + 18
/** The longest frame that is kept. */
export const PART_LENGTH: u32 = <u32>(PARTS_SIZE - HEADROOM)
/** What a port may have waiting. */
const EACH: u32 = 8
/** 30 s, in ticks. */
const LIFE: i32 = 240

@inline
function head(): usize {
  return directory(Directory.PARTS)
}

@inline
function partAt(index: u32): usize {
  return head() + HEAD + <usize>index * PARTS_SIZE
}

/** True for one that waited too long; another thread's clock may be a moment ahead. */
@inline
function isOver(part: usize, tick: u32): bool {
  return <i32>(tick - load<u32>(part, Part.TICK)) > LIFE
}

/** Keeps a copy of a later fragment; false if there is no room for it. `addresses` are those it came with. */
export function holdPart(
  worker: u32,
  owner: u32,
  wide: bool,
  frame: usize,
  addresses: usize,
  identification: u32,
  tick: u32,
): bool {
  const length = load<u32>(frame, Frame.LENGTH)
  if (length > PART_LENGTH || !lock(head(), owner)) return false
  const port = load<u16>(frame, Frame.PORT)
  let free: usize = 0
  let own: u32 = 0
  for (let index: u32 = 0; index < PARTS_MAX; index++) {
    const part = partAt(index)
    let state = load<u32>(part)
    // Of those that were woken too: whoever did so is dead, or found no room for them.
    if (state != 0 && isOver(part, tick)) {
      const whose = <u32>load<u16>(part + Part.FRAME, Frame.PORT)
      dropReceived(worker, whose, Drop.FRAGMENT_LIMIT, 1)
      release(part)
      state = 0
    }
    if (state == 0) {
      if (free == 0) free = part
    } else if (load<u16>(part + Part.FRAME, Frame.PORT) == port) own++
  }
  const takes = free != 0 && own < EACH
  if (takes) {
    store<u32>(free, tick, Part.TICK)
    store<u32>(free, identification, Part.IDENTIFICATION)
    store<u32>(free, kindOf(frame, wide), Part.KIND)
    copyAddresses(free + Part.ADDRESSES, addresses, wide)
    memory.copy(free + Part.FRAME, frame, FRAME_SIZE)
    memory.copy(free + HEADROOM, <usize>load<u32>(frame, Frame.ADDRESS), length)
    store<u32>(free, WAITING)
    atomic.add<u32>(head(), 1, 4)
  }
  unlock(head())
  return takes
}

function release(part: usize): void {
  store<u32>(part, 0)
  atomic.sub<u32>(head(), 1, 4)
}

/** Wakes what waited for the first fragment that is here now, for `worker` to take. True if there is any. */
export function wakeParts(
  worker: u32,
  owner: u32,
  wide: bool,
  addresses: usize,
  identification: u32,
  kind: u32,
  tick: u32,
): bool {
  if (atomic.load<u32>(head(), 4) == 0 || !lock(head(), owner)) return false
  let woken = false
  for (let index: u32 = 0; index < PARTS_MAX; index++) {
    const part = partAt(index)
    if (load<u32>(part) != WAITING || isOver(part, tick)) continue
    if (load<u32>(part, Part.IDENTIFICATION) != identification) continue
    if (load<u32>(part, Part.KIND) != kind) continue
    if (!sameAddresses(part + Part.ADDRESSES, addresses, wide)) continue
    store<u32>(part, WOKEN + worker)
    woken = true
  }
  unlock(head())
  return woken
}

/** Moves one fragment that was woken to `to`, where PART_LENGTH octets are free, and its descriptor to `frame`. */
export function takePart(worker: u32, owner: u32, frame: usize, to: usize): bool {
  if (!lock(head(), owner)) return false
  let found = false
  for (let index: u32 = 0; index < PARTS_MAX && !found; index++) {
    const part = partAt(index)
    if (load<u32>(part) != WOKEN + worker) continue
    memory.copy(frame, part + Part.FRAME, FRAME_SIZE)
    memory.copy(to, part + HEADROOM, load<u32>(frame, Frame.LENGTH))
    store<u32>(frame, <u32>to, Frame.ADDRESS)
    release(part)
    found = true
  }
  unlock(head())
  return found
}

/** Frees the lock of a worker that is known to be dead. */
export function breakPartsLock(owner: u32, mask: u32): u32 {
  const held = atomic.load<u32>(head())
  if (held == 0 || (held & mask) != owner) return 0
  unlock(head())
  return 1
}
