/** One queue read and written as a worker does, on a memory of its own. */
import { loadNative, type MemoryHandle } from '../../src/device/native.js'
import type { Queue } from '../../src/device/queue.js'
import type { Carried } from './device-ends.js'
import { decode, encode, NOTHING, type VirtioHeader } from './virtio.js'

/** Where the tables lie: queue, port list, transmit entry, failure record, descriptors, frames. */
const [QUEUE, PORTS, ENTRY, FAILURE, DESCRIPTORS, FRAMES, SIZE] = [
  0x0, 0x10, 0x40, 0x80, 0x1000, 0x10000, 0x100_0000,
]
const BURST = 256

export class RawQueue {
  readonly #native = loadNative()
  readonly #bytes: Uint8Array
  readonly #words: DataView
  readonly #memory: MemoryHandle

  constructor(readonly queue: Queue) {
    const { buffer } = new WebAssembly.Memory({ initial: SIZE / 65_536 })
    this.#bytes = new Uint8Array(buffer)
    this.#words = new DataView(buffer)
    this.#memory = this.#native.attach(this.#bytes)
  }

  /** The errno of the failure; 0 where it was sent. */
  send(frame: Uint8Array, header: VirtioHeader = NOTHING): number {
    const bytes = encode(header, frame)
    this.#bytes.set(bytes, FRAMES)
    this.#put(QUEUE, this.queue.fd, this.queue.kind)
    this.#put(PORTS, 0)
    this.#put(ENTRY, FRAMES, bytes.length, 0, 0, PORTS, 1, 0xffffffff)
    const failures = this.#native.writeEntries(this.#memory, QUEUE, ENTRY, 1, FAILURE, 1)
    return failures === 0 ? 0 : this.#words.getUint32(FAILURE + 4, true)
  }

  #put(at: number, ...values: number[]): void {
    for (const [index, value] of values.entries()) this.#words.setInt32(at + 4 * index, value, true)
  }

  /** One burst, with the number of octets free before each virtio-net header; or -errno. */
  burst(frames = BURST): number | (Carried & { headroom: number })[] {
    const { fd, kind } = this.queue
    const size = SIZE - FRAMES
    const count = this.#native.readBurst(this.#memory, fd, kind, DESCRIPTORS, FRAMES, size, frames)
    if (count < 0) return count
    let end = FRAMES
    return Array.from({ length: count }, (_, index) => {
      const address = this.#words.getUint32(DESCRIPTORS + 8 * index, true)
      const next = address + this.#words.getUint32(DESCRIPTORS + 8 * index + 4, true)
      const headroom = address - 12 - end
      end = next
      return { ...decode(this.#bytes.slice(address - 12, next)), headroom }
    })
  }

  /** All that waits. */
  take(): (Carried & { headroom: number })[] {
    const burst = this.burst()
    if (typeof burst === 'number') throw new Error(`reading failed: errno ${-burst}`)
    return burst
  }
}
