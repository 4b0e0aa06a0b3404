/** Frames that are to be written together, and the blocks of memory that are free when they are. */
import { FAILURE_SIZE, QUEUE_SIZE, TRANSMIT_SIZE, VIRTIO_HEADER } from '../dataplane/abi.js'
import type { MemoryHandle, Native } from '../device/native.js'
import type { WayCounts } from './counts.js'
import { type DetourMemory, ENDS_MAX, ENTRIES_MAX } from './memory.js'
import type { FramePool } from './pool.js'

/** No port of a list is left out. */
const NOBODY = 0xffffffff
export const NO_BLOCK = -1

export class Output {
  readonly #native: Native
  readonly #handle: MemoryHandle
  readonly #memory: DetourMemory
  readonly #pool: FramePool
  /** By the number of the end that is written to: who is charged for what it does not take. */
  readonly #counts: (WayCounts | undefined)[] = []
  readonly #free: number[] = []
  readonly #blocks: number[] = []
  #count = 0

  constructor(native: Native, handle: MemoryHandle, memory: DetourMemory, pool: FramePool) {
    this.#native = native
    this.#handle = handle
    this.#memory = memory
    this.#pool = pool
  }

  /** Gives an end of a queue a number. @param counts of the way that leads there */
  open(fd: number, kind: number, counts: WayCounts): number {
    const number = this.#free.pop() ?? this.#counts.length
    if (number >= ENDS_MAX) throw new RangeError(`more than ${ENDS_MAX} ends of queues`)
    this.#counts[number] = counts
    const at = (this.#memory.queues + number * QUEUE_SIZE) / 4
    this.#memory.words.set([fd, kind], at)
    return number
  }

  /** The number may be another's from now on; nothing may be listed for it. */
  close(number: number): void {
    this.#counts[number] = undefined
    this.#memory.words[(this.#memory.queues + number * QUEUE_SIZE) / 4] = NOBODY
    this.#free.push(number)
  }

  /**
   * Lists a frame, which has to stay where it is until `flush`.
   *
   * @param head where its virtio header is @param length with that @param block to be released, or NO_BLOCK
   */
  add(end: number, head: number, length: number, block: number): void {
    if (this.#count === ENTRIES_MAX) this.flush()
    const { words, entries, numbers } = this.#memory
    const at = (entries + this.#count++ * TRANSMIT_SIZE) / 4
    words[at] = head
    words[at + 1] = length
    words[at + 2] = 0
    words[at + 3] = 0
    words[at + 4] = numbers + end * 4
    words[at + 5] = 1
    words[at + 6] = NOBODY
    if (block !== NO_BLOCK) this.#blocks.push(block)
  }

  /** Writes what is listed. What a device does not take is dropped, and counted. */
  flush(): void {
    if (this.#count === 0) return
    const { queues, entries, failures } = this.#memory
    const count = this.#count
    this.#count = 0
    const failed = this.#native.writeEntries(
      this.#handle,
      queues,
      entries,
      count,
      failures,
      ENTRIES_MAX + 1,
    )
    for (let index = 0; index < failed; index++) this.#charge(failures + index * FAILURE_SIZE)
    for (const block of this.#blocks) this.#pool.release(block)
    this.#blocks.length = 0
  }

  #charge(record: number): void {
    const { view } = this.#memory
    const [end, errno] = [view.getUint32(record, true), view.getUint32(record + 4, true)]
    const [frames, octets] = [view.getUint32(record + 8, true), view.getUint32(record + 12, true)]
    this.#counts[end]?.refused(errno, frames, octets - frames * VIRTIO_HEADER)
  }
}
