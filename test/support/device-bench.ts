/**
 * Devices of each kind on a bench: their network's end in the test's hands, their switch's end as a
 * worker sees it.
 */
import { BURST_MAX, FAILURE_SIZE, RECEIVED_SIZE, TRANSMIT_SIZE } from '../../src/dataplane/abi.js'
import { Forwarder } from '../../src/dataplane/forwarder.js'
import { createMemory } from '../../src/dataplane/instance.js'
import type { Io } from '../../src/device/io.js'
import { MemoryDevice } from '../../src/device/memory.js'
import { MemoryIo } from '../../src/device/memory-io.js'
import { loadNative } from '../../src/device/native.js'
import { NativeIo } from '../../src/device/native-io.js'
import { TapDevice } from '../../src/device/tap.js'
import { moduleOf } from './builds.js'
import { defer } from './cleanup.js'
import { ip, namespace } from './netns.js'
import { PacketSocket, packetSocket } from './packet.js'
import { decode, encode, NOTHING, type VirtioHeader } from './virtio.js'

export const PORTS = 3
export const ARENA = 1 << 20
/** The largest that a TAP may have. */
export const MTU = 65_521

export interface Carried {
  header: VirtioHeader
  frame: Uint8Array
}

/** The network's end of a few devices of one kind. */
interface Ends {
  io: Io
  /** False if there was no room. */
  inject(port: number, carried: Carried): boolean
  /** What came out since the last call. */
  collect(port: number): Carried[]
  /** Takes the device down: it is there, and takes no frame. */
  down(port: number): void
  /** Takes the device away under the worker. */
  destroy(port: number): void
}

export interface Kind {
  name: string
  /** Whether virtio-net headers, and what they ask for, go through it. */
  offloads: boolean
  open(forwarder: Forwarder): Ends
}

function memoryKind(name: string, offloads: boolean): Kind {
  return { name, offloads, open: (forwarder) => memoryEnds(forwarder, offloads) }
}

export const kinds: Kind[] = [
  { name: 'tap', offloads: true, open: tapEnds },
  memoryKind('memory', true),
  memoryKind('memory without offloads', false),
]

function memoryEnds(forwarder: Forwarder, offloads: boolean): Ends {
  const io = new MemoryIo(forwarder, ARENA)
  const devices = Array.from({ length: PORTS }, () => new MemoryDevice({ mtu: MTU, offloads }))
  for (const [port, device] of devices.entries()) io.add(port, device)
  const at = (port: number) => devices[port] as MemoryDevice
  return {
    io,
    inject: (port, { header, frame }) => at(port).send(offloads ? encode(header, frame) : frame),
    collect: (port) =>
      at(port)
        .take()
        .map((bytes) => (offloads ? decode(bytes) : { header: NOTHING, frame: bytes })),
    down: (port) => at(port).close(),
    destroy: (port) => at(port).close(),
  }
}

function tapEnds(forwarder: Forwarder): Ends {
  const native = loadNative()
  const netns = namespace(undefined, { ipv6: false })
  const poller = native.pollerCreate()
  defer(() => {
    native.close(poller.epoll)
    native.close(poller.event)
  })
  const ends = Array.from({ length: PORTS }, (_, port) => {
    const name = `eth${port}`
    const tap = TapDevice.open({ name, netns, mtu: MTU }, 1)
    defer(() => tap.close())
    const queue = tap.queues[0]?.fd ?? -1
    forwarder.exports.setQueue(forwarder.worker, port, queue, 0)
    native.pollerAdd(poller.epoll, queue, port)
    return new TapEnd(netns, name, tap.interfaceIndex)
  })
  const at = (port: number) => ends[port] as TapEnd
  return {
    io: new NativeIo(forwarder, poller, ARENA, PORTS),
    inject: (port, carried) => at(port).inject(carried),
    collect: (port) => at(port).ear.take(),
    down: (port) => ip('-n', netns, 'link', 'set', `eth${port}`, 'down'),
    destroy: (port) => ip('-n', netns, 'link', 'del', `eth${port}`),
  }
}

/** The interface's side of a TAP: one socket listens; many send, each with a send buffer of its own. */
class TapEnd {
  readonly ear: PacketSocket
  readonly #mouths: PacketSocket[] = []

  constructor(
    readonly netns: string,
    readonly name: string,
    readonly interfaceIndex: number,
  ) {
    this.ear = packetSocket(netns, name)
  }

  inject({ header, frame }: Carried): boolean {
    if (this.#mouths.some((mouth) => mouth.send(frame, header))) return true
    if (this.#mouths.length === 64) return false
    const mouth = new PacketSocket(this.netns, this.interfaceIndex)
    defer(() => mouth.close())
    this.#mouths.push(mouth)
    return mouth.send(frame, header)
  }
}

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

/** A worker's end of three devices, ports 0 to 2. */
export class Bench {
  readonly io: Io
  readonly ends: Ends
  readonly forwarder: Forwarder
  readonly #bytes: Uint8Array
  readonly #view: DataView

  constructor({ open }: Kind) {
    const module = moduleOf('shared')
    const capacities = { workers: 1, ports: PORTS, domains: 2, macs: 64, arena: ARENA }
    const memory = createMemory(module, 'shared', capacities, [1, 2])
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
    const count = this.io.wait(100)
    return Array.from({ length: count }, (_, index) => this.io.readyPort(index))
  }

  /** One burst. */
  receive(port: number): Received[] {
    const count = this.io.receive(port)
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
