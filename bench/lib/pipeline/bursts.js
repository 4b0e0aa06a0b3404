// Bursts of a stream given to one worker's end of the module: put into its arena as a device's read leaves
// them, and handled one by one. What the memory holds beside is up to others.
import { packed, portOfBurst, recordWords } from './stream.js'

const VIRTIO_HEADER = 12
/** Set in the number of entries, which makes it negative, when a burst is not done. */
const MORE = 0x8000_0000

export class Bursts {
  /**
   * @param {object} rooms see dataplane.js
   * @param {{memory: WebAssembly.Memory, module: WebAssembly.Module}} attachment
   * @param {number} worker
   */
  constructor(rooms, attachment, worker) {
    this.memory = attachment.memory
    this.forwarder = new rooms.Forwarder(attachment, worker)
    this.firstFrame = rooms.nextFrame(this.forwarder.arena)
    this.descriptors = new Uint32Array(this.memory.buffer, this.forwarder.received, 512)
    this.octets = new Uint16Array(this.memory.buffer)
    /** Milliseconds; left undefined, they are those that the stream has for each burst. */
    this.clock = undefined
    /** How often a burst had to be gone on with. */
    this.resumed = 0
  }

  /** Takes over a stream: what is needed a burst is worked out here. */
  load(stream) {
    this.stream = stream
    this.words = recordWords(stream)
    this.ports = Uint32Array.from({ length: stream.burstCount }, (_, burst) =>
      portOfBurst(stream, burst),
    )
  }

  #prepare(burst) {
    const { burstFrames, recordSize, stride } = this.stream
    const { words, octets, descriptors } = this
    const size = recordSize / 2
    let from = burst * burstFrames * size
    let address = this.firstFrame
    for (let frame = 0; frame < burstFrames; frame++) {
      const to = (address - VIRTIO_HEADER) / 2
      for (let word = 2; word < size; word++) octets[to + word - 2] = words[from + word]
      descriptors[frame * 2] = address
      const length = words[from] | (words[from + 1] << 16)
      descriptors[frame * 2 + 1] = length
      from += size
      address += stride || packed(length)
    }
  }

  /** Handles a burst, in parts if it does not fit the transmit list; returns the entries. */
  #handle(port, count, now) {
    const { forwarder } = this
    let part = forwarder.process(port, count, now)
    let entries = part & ~MORE
    while (part < 0) {
      this.resumed++
      part = forwarder.resume(now)
      entries += part & ~MORE
    }
    return entries
  }

  /**
   * Handles `count` bursts of the stream, which is a ring, from number `first` on.
   *
   * @param {(burst: number) => void} [after] sees the arena after each, which takes no time of theirs
   * @returns {{milliseconds: number, entries: number}} the time spent in `process` alone, and how
   *   many transmit entries came out
   */
  run(first, count, after) {
    const { burstCount, burstFrames, start, step } = this.stream
    let milliseconds = 0
    let entries = 0
    for (let index = first; index < first + count; index++) {
      const burst = index % burstCount
      const now = this.clock?.() ?? start + index * step
      this.#prepare(burst)
      const begin = performance.now()
      entries += this.#handle(this.ports[burst], burstFrames, now)
      milliseconds += performance.now() - begin
      after?.(burst)
    }
    return { milliseconds: milliseconds - count * clockCost(), entries }
  }
}

/** What reading the clock twice takes: not the packet path's time. */
function clockCost() {
  let least = Number.POSITIVE_INFINITY
  for (let index = 0; index < 1000; index++) {
    const begin = performance.now()
    least = Math.min(least, performance.now() - begin)
  }
  return least
}
