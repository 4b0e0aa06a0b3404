// The real dataplane, as the packages of the project load it: the release module, a memory, two
// ports on a bridge. Bursts are put into the arena as a device's read leaves them.
import { dataplane } from './dataplane.js'
import { portOfBurst, recordWords } from './stream.js'

const SEED = [0x12345678, 0x9abcdef0]
const VIRTIO_HEADER = 12

/** What a memory is sized for beside its MACs; the defaults of a config. */
export const capacities = (macs) => ({
  workers: 1,
  ports: 1024,
  bridges: 256,
  vlans: 0,
  memberships: 0,
  macs,
  arena: 4 << 20,
})

/** @typedef {{name: string, mtu?: number, offloads?: number, up?: boolean}} PortOptions */

export class PipelineSwitch {
  /**
   * @param {'shared' | 'single'} build
   * @param {number} macs capacity of the FDB
   * @param {PortOptions[]} ports on one bridge, numbered from 0
   * @param {number} ageing milliseconds
   */
  static async create(build, macs, ports, ageing = 300_000) {
    const rooms = await dataplane()
    const module = await (build === 'shared' ? rooms.sharedModule() : rooms.singleModule())
    const memory = rooms.createMemory(module, build, capacities(macs), SEED)
    return new PipelineSwitch(rooms, { module, memory }, ports, ageing)
  }

  constructor(rooms, attachment, ports, ageing) {
    this.memory = attachment.memory
    this.manager = new rooms.Manager(attachment, 1)
    this.forwarder = new rooms.Forwarder(attachment, 0)
    this.firstFrame = rooms.nextFrame(this.forwarder.arena)
    const topology = new rooms.Topology(this.manager, { ports: 1024, bridges: 256, vlans: 0 })
    topology.addBridge('lan', { ageing })
    for (const { name, mtu = 1500, offloads = 31, up = true } of ports) {
      topology.addPort(name, { bridge: 'lan', up, mtu, offloads })
    }
    topology.flush()
    this.descriptors = new Uint32Array(this.memory.buffer, this.forwarder.received, 512)
    this.octets = new Uint16Array(this.memory.buffer)
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

  /**
   * Handles `count` bursts of the stream, which is a ring, from number `first` on.
   *
   * @returns {{milliseconds: number, entries: number}} the time spent in `process` alone, and how
   *   many transmit entries came out
   */
  run(first, count) {
    const { burstCount, burstFrames, start, step } = this.stream
    const { exports } = this.forwarder
    let milliseconds = 0
    let entries = 0
    for (let index = first; index < first + count; index++) {
      const burst = index % burstCount
      const now = start + index * step
      this.#prepare(burst)
      const begin = performance.now()
      entries += exports.process(0, this.ports[burst], burstFrames, now)
      milliseconds += performance.now() - begin
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
