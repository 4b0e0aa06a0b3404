// The release module over a memory, as the packages of the project load it. Bursts are put into the
// arena as a device's read leaves them; what the ports are on is up to who extends this.
import { portOfBurst, recordWords } from './stream.js'

const VIRTIO_HEADER = 12
/** Set in the number of entries, which makes it negative, when a burst is not done. */
const MORE = 0x8000_0000

/** What a memory is sized for beside its MACs; the defaults of a config. */
export const capacities = (macs) => ({
  workers: 1,
  ports: 1024,
  bridges: 256,
  vlans: 4096,
  memberships: 65_536,
  macs,
  arena: 4 << 20,
  routes: 0,
  neighbors: 0,
  flows: 0,
  flows6: 0,
  rules: 0,
})

/** Asks for huge pages as a worker does, where there is an addon to ask with. */
function advise(rooms, memory) {
  try {
    return rooms.loadNative().attach(new Uint8Array(memory.buffer))
  } catch (error) {
    if (error.code !== 'ENOSYS') throw error
    return undefined
  }
}

export class Runner {
  constructor(rooms, attachment) {
    this.memory = attachment.memory
    this.handle = advise(rooms, this.memory)
    this.manager = new rooms.Manager(attachment, 1)
    this.forwarder = new rooms.Forwarder(attachment, 0)
    this.firstFrame = rooms.nextFrame(this.forwarder.arena)
    this.descriptors = new Uint32Array(this.memory.buffer, this.forwarder.received, 512)
    this.octets = new Uint16Array(this.memory.buffer)
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
      descriptors[frame * 2 + 1] = words[from] | (words[from + 1] << 16)
      from += size
      address += stride
    }
  }

  /** Handles a burst, in parts if it does not fit the transmit list; returns the entries. */
  #handle(port, count, now) {
    const { exports } = this.forwarder
    let part = exports.process(0, port, count, now)
    let entries = part & ~MORE
    while (part < 0) {
      this.resumed++
      part = exports.resume(0, now)
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
      const now = start + index * step
      this.#prepare(burst)
      const begin = performance.now()
      entries += this.#handle(this.ports[burst], burstFrames, now)
      milliseconds += performance.now() - begin
      after?.(burst)
    }
    return { milliseconds: milliseconds - count * clockCost(), entries }
  }

  /** The memory as it is now. */
  image() {
    return Buffer.from(new Uint8Array(this.memory.buffer).slice())
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
