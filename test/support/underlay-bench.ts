/** Frames of the underlay, and a worker's memory to write them from and read them into. */
import { QUEUE_SIZE } from '../../src/dataplane/abi.js'
import { loadNative, type MemoryHandle } from '../../src/device/native.js'
import { QueueKind } from '../../src/device/queue.js'
import { internetSum } from './checksum.js'
import { join, word } from './frames.js'
import { ip as bytesOf } from './ip.js'
import { decode, HEADER_LENGTH, type VirtioHeader } from './virtio.js'

/** A datagram, behind the headers that a frame of the underlay has. */
export interface Datagram {
  source: string
  destination: string
  sourcePort: number
  destinationPort: number
  tos?: number
  hops?: number
  payload: Uint8Array
}

/** Virtio header, Ethernet header without addresses, IP, UDP, payload. */
export function encodeDatagram(given: Datagram): Uint8Array {
  const { source, destination, sourcePort, destinationPort, payload } = given
  const { tos = 0, hops = 64 } = given
  const length = 8 + payload.length
  const udp = join(word(sourcePort), word(destinationPort), word(length), [0, 0], payload)
  const addresses = join(bytesOf(source), bytesOf(destination))
  const front = new Uint8Array(HEADER_LENGTH + 12)
  if (source.includes(':')) {
    const start = [0x60 | (tos >> 4), (tos << 4) & 0xff, 0, 0, ...word(length), 17, hops]
    return join(front, [0x86, 0xdd], start, addresses, udp)
  }
  const header = join([0x45, tos, ...word(20 + length), 0, 0, 0x40, 0, hops, 17, 0, 0], addresses)
  header.set(word(~internetSum(header) & 0xffff), 10)
  return join(front, [8, 0], header, udp)
}

export interface Received {
  address: number
  header: VirtioHeader
  frame: Uint8Array
  payload: Uint8Array
}

export interface Failure {
  port: number
  errno: number
  frames: number
  octets: number
}

export interface Sending {
  datagram: Datagram
  port?: number
  /** Octets of the payload in the head; the rest lies elsewhere. All unless told. */
  inHead?: number
}

const QUEUES = 0x100
const PORTS = 0x1000
const DESCRIPTORS = 0x2000
const FAILURES = 0x6000
const ENTRIES = 0x8000
const FRAMES = 0x20_0000
const ARENA = 0x100_0000
const SIZE = 0x200_0000

/** A worker's memory with queues as its ports, 0 and up. */
export class UdpBench {
  readonly #native = loadNative()
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #memory: MemoryHandle

  constructor(...fds: number[]) {
    const { buffer } = new WebAssembly.Memory({ initial: SIZE / 65_536 })
    this.#bytes = new Uint8Array(buffer)
    this.#view = new DataView(buffer)
    this.#memory = this.#native.attach(this.#bytes)
    for (const [port, fd] of fds.entries()) {
      this.#put(QUEUES + QUEUE_SIZE * port, [fd, QueueKind.UDP])
      this.#put(PORTS + 4 * port, [port])
    }
  }

  #put(at: number, values: readonly number[]): void {
    for (const [i, value] of values.entries()) this.#view.setUint32(at + 4 * i, value, true)
  }

  #words(at: number, count: number): number[] {
    return Array.from({ length: count }, (_, i) => this.#view.getUint32(at + 4 * i, true))
  }

  /** Writes a list; each frame a head and, where the test wants, a body elsewhere. */
  write(list: readonly Sending[]): Failure[] {
    let at = FRAMES
    for (const [i, { datagram, port = 0, inHead }] of list.entries()) {
      const frame = encodeDatagram(datagram)
      const tail = inHead === undefined ? 0 : datagram.payload.length - inHead
      const head = frame.length - tail
      this.#bytes.set(frame.subarray(0, head), at)
      this.#bytes.set(frame.subarray(head), at + head + 64)
      const entry = [at, head, at + head + 64, tail, PORTS + 4 * port, 1, 0xffffffff, 0]
      this.#put(ENTRIES + 32 * i, entry)
      at += frame.length + 128
    }
    return this.writeAgain(list.length)
  }

  /** The list that was written last, as it lies there. */
  writeAgain(entries: number): Failure[] {
    const memory = this.#memory
    const count = this.#native.writeEntries(memory, QUEUES, ENTRIES, entries, FAILURES, 8)
    return Array.from({ length: count }, (_, i) => {
      const [port = 0, errno = 0, frames = 0, octets = 0] = this.#words(FAILURES + 16 * i, 4)
      return { port, errno, frames, octets }
    })
  }

  /** A burst; the negative errno where it failed. */
  burst(fd: number, size = SIZE - ARENA, frames = 256): number {
    return this.#native.readBurst(this.#memory, fd, QueueKind.UDP, DESCRIPTORS, ARENA, size, frames)
  }

  /** What waits at a queue, read burst by burst. */
  read(fd: number, size?: number, frames?: number): Received[] {
    const all: Received[] = []
    for (;;) {
      const count = this.burst(fd, size, frames)
      if (count < 0) throw new Error(`readBurst: ${count}`)
      if (count === 0) return all
      for (let i = 0; i < count; i++) all.push(this.#received(i))
    }
  }

  #received(index: number): Received {
    const [address = 0, length = 0] = this.#words(DESCRIPTORS + 8 * index, 2)
    const whole = this.#bytes.slice(address - HEADER_LENGTH, address + length)
    const { header, frame } = decode(whole)
    const payload = frame.slice(frame[12] === 8 ? 42 : 62)
    return { address, header, frame, payload }
  }
}
