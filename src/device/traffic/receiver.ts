/**
 * Takes in what comes at an interface, with the time at which it came: by a ring of the kernel's, or from
 * the queue of a TAP.
 */
import { attempt } from '../error.js'
import { loadNative, type MemoryHandle, type Native, type RingHandle } from '../native.js'
import { QueueKind } from '../queue.js'
import { type PlaceName, stepAt, type Way } from './place.js'

/** 32 MiB of the kernel's: a tenth of a second of a million frames a second. */
const BLOCK = 512 * 1024
const BLOCKS = 64

/** Records or descriptors, then the clock, then frames. */
const RECORDS_MAX = 1024
const RECORD = 16
const CLOCK = RECORDS_MAX * RECORD
const ARENA = CLOCK + 64
const ARENA_SIZE = 1024 * 1024

/** Nobody waits longer, so that a stop is noticed. */
const WAIT_MS = 20

type OnFrame = (address: number, length: number, time: number) => void

export abstract class FrameReceiver {
  /** What frames lie in while they are handed over. */
  readonly memory = new ArrayBuffer(ARENA + ARENA_SIZE)
  protected readonly native: Native = loadNative()
  protected readonly handle: MemoryHandle = this.native.attach(new Uint8Array(this.memory))
  protected readonly words = new Uint32Array(this.memory)
  protected readonly times = new Float64Array(this.memory)

  /** Waits 20 ms at most. @returns frames handed over; -errno where no more will come */
  abstract read(onFrame: OnFrame): number
  /** Frames for which there was no room, since the last call. */
  abstract drops(): number
  abstract close(): void
}

/** @throws DeviceError naming the interface */
export function openReceiver(name: PlaceName, way: Way): FrameReceiver {
  return way.kind === 'tap' ? new TapReceiver(way.fd) : new RingReceiver(name, way)
}

class RingReceiver extends FrameReceiver {
  readonly #ring: RingHandle

  constructor(name: PlaceName, { namespaceFd, interfaceIndex }: Way & { kind: 'packet' }) {
    super()
    this.#ring = attempt(stepAt(name, 'receive from'), () =>
      this.native.ringOpen(namespaceFd, interfaceIndex, BLOCK, BLOCKS),
    )
  }

  read(onFrame: OnFrame): number {
    const { native, handle, words, times } = this
    const room = ARENA_SIZE
    const count = native.ringRead(handle, this.#ring, 0, RECORDS_MAX, ARENA, room, WAIT_MS)
    for (let index = 0; index < count; index++) {
      const address = words[index * 4] as number
      onFrame(address, words[index * 4 + 1] as number, times[index * 2 + 1] as number)
    }
    return count
  }

  drops(): number {
    return this.native.ringDrops(this.#ring)
  }

  close(): void {
    this.native.ringClose(this.#ring)
  }
}

class TapReceiver extends FrameReceiver {
  readonly #fd: number

  constructor(fd: number) {
    super()
    this.#fd = fd
  }

  /** Of a TAP nobody says when a frame came: the time is that at which it was read. */
  read(onFrame: OnFrame): number {
    const { native, handle, words } = this
    if (native.awaitFrames(this.#fd, WAIT_MS) === 0) return 0
    const read = [handle, this.#fd, QueueKind.TAP, 0, ARENA, ARENA_SIZE, 64] as const
    const count = native.readBurst(...read)
    native.awaitTime(handle, CLOCK, 0)
    const time = this.times[CLOCK / 8] as number
    for (let index = 0; index < count; index++) {
      onFrame(words[index * 2] as number, words[index * 2 + 1] as number, time)
    }
    return count
  }

  drops(): number {
    return 0
  }

  /** The queue is whose who made it. */
  close(): void {}
}
