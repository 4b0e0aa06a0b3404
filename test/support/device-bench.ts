/**
 * Devices on a bench: their network's end in the test's hands, their switch's end as a worker sees
 * it.
 */
import { BURST_MAX, FAILURE_SIZE, RECEIVED_SIZE, TRANSMIT_SIZE } from '../../src/dataplane/abi.js'
import { Forwarder } from '../../src/dataplane/forwarder.js'
import { createMemory, WITHOUT_ROUTER } from '../../src/dataplane/instance.js'
import type { Io } from '../../src/device/io.js'
import { builds, memoryOf, moduleOf } from './builds.js'
import { ARENA, type Carried, type Ends, type Kind, PORTS } from './device-ends.js'
import { decode, encode, NOTHING } from './virtio.js'

export { ARENA, type Carried, MTU } from './device-ends.js'
export { kinds } from './device-kinds.js'

/** A frame that was received: what it is, and where it lies. */
export interface Received extends Carried {
  address: number
}

export interface Failure {
  port: number
  errno: number
  frames: number
  octets: number
}

/** What is transmitted: pieces of the test's own, to a list of ports. */
export interface Sending extends Carried {
  to: readonly number[]
  except?: number
  /** Octets of the frame that are in the head; the rest is in a body elsewhere. All unless told. */
  headLength?: number
  /** The body lies right behind the head. */
  contiguous?: boolean
}

const NOBODY = 0xffffffff

/** What workers have, where there are workers. */
const build = builds.find((name) => name === 'shared') ?? 'single'

/** A worker's end of three devices, ports 0 to 2. */
export class Bench {
  readonly io: Io
  readonly ends: Ends
  readonly forwarder: Forwarder
  readonly #bytes: Uint8Array
  readonly #view: DataView

  constructor({ open }: Kind) {
    const module = moduleOf(build)
    const capacities = {
      workers: 1,
      ports: PORTS,
      bridges: 1,
      vlans: 0,
      memberships: 0,
      macs: 64,
      arena: ARENA,
      ...WITHOUT_ROUTER,
    }
    const memory = createMemory(module, memoryOf(build), capacities, [1, 2])
    this.forwarder = new Forwarder({ module, memory }, 0)
    this.#bytes = new Uint8Array(memory.buffer)
    this.#view = new DataView(memory.buffer)
    this.ends = open(this.forwarder)
    this.io = this.ends.io
  }

  /** Gives frames to a device, all of which it must take. */
  inject(port: number, ...frames: (Uint8Array | Carried)[]): void {
    for (const given of frames) {
      const carried = given instanceof Uint8Array ? { header: NOTHING, frame: given } : given
      if (!this.ends.inject(port, carried)) throw new Error(`device ${port} is full`)
    }
  }

  /** The ports that have something, without waiting long. */
  ready(): number[] {
    const count = this.io.wait(100, 0)
    return Array.from({ length: count }, (_, index) => this.io.readyPort(index))
  }

  /** One burst. */
  receive(port: number): Received[] {
    const count = this.io.receive(port, 0)
    if (count < 0 || count > BURST_MAX) throw new Error(`receive returned ${count}`)
    return Array.from({ length: count }, (_, index) => this.#received(index))
  }

  #received(index: number): Received {
    const descriptor = this.forwarder.received + index * RECEIVED_SIZE
    const address = this.#view.getUint32(descriptor, true)
    const length = this.#view.getUint32(descriptor + 4, true)
    return { address, ...decode(this.#bytes.slice(address - 12, address + length)) }
  }

  /** Transmits what was received from where it lies, as forwarding does. */
  forward(received: readonly Received[], to: readonly number[], except = NOBODY): Failure[] {
    const ports = this.#list(to)
    const entries = received.map(({ address, frame }) => {
      return [address - 12, frame.length + 12, 0, 0, ports, to.length, except]
    })
    return this.#transmit(entries)
  }

  /** Transmits frames that are written into memory for it. */
  transmit(...sendings: Sending[]): Failure[] {
    let at = this.forwarder.arena
    const entries = sendings.map((sending, index) => {
      const { header, frame, to, except = NOBODY, contiguous = false } = sending
      const bytes = encode(header, frame)
      const headLength = 12 + (sending.headLength ?? frame.length)
      const head = at
      const body = head + headLength + (contiguous ? 0 : 100)
      this.#bytes.set(bytes.subarray(0, headLength), head)
      this.#bytes.set(bytes.subarray(headLength), body)
      at = body + bytes.length
      const ports = this.#list(to, index)
      return [head, headLength, body, bytes.length - headLength, ports, to.length, except]
    })
    return this.#transmit(entries)
  }

  /** A port list, at the end of the arena. */
  #list(ports: readonly number[], index = 0): number {
    const at = this.forwarder.arena + ARENA - (index + 1) * 64
    for (const [which, port] of ports.entries()) this.#view.setUint32(at + which * 4, port, true)
    return at
  }

  #transmit(entries: readonly number[][]): Failure[] {
    for (const [index, words] of entries.entries()) {
      const at = this.forwarder.transmit + index * TRANSMIT_SIZE
      for (const [which, word] of words.entries()) this.#view.setUint32(at + which * 4, word, true)
    }
    const count = this.io.transmit(entries.length)
    return Array.from({ length: count }, (_, index) => this.#failure(index))
  }

  #failure(index: number): Failure {
    const at = this.forwarder.failures + index * FAILURE_SIZE
    const [port = 0, errno = 0, frames = 0, octets = 0] = [0, 4, 8, 12].map((offset) =>
      this.#view.getUint32(at + offset, true),
    )
    return { port, errno, frames, octets }
  }

  collect(port: number): Carried[] {
    return this.ends.collect(port)
  }
}
