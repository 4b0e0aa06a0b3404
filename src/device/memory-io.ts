/**
 * The data path of memory devices: copies between their queues and linear memory, as a TAP's read
 * and write would.
 */
import {
  BARE,
  BURST_MAX,
  FAILURE_SIZE,
  RECEIVED_SIZE,
  TRANSMIT_SIZE,
  VIRTIO_HEADER,
} from '../dataplane/abi.js'
import type { Forwarder } from '../dataplane/forwarder.js'
import { FRAME_ROOM, type Io, nextFrame, underlayRoom } from './io.js'
import type { MemoryDevice } from './memory.js'

/** Linux's number, also where there is no Linux: failure records carry errnos. */
const ENOBUFS = 105

export class MemoryIo implements Io {
  readonly #devices = new Map<number, MemoryDevice>()
  readonly #forwarder: Forwarder
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #arenaEnd: number
  readonly #underlayEnd: number
  #ready: number[] = []

  /** @param arenaSize bytes of the worker's arena */
  constructor(forwarder: Forwarder, arenaSize: number) {
    this.#forwarder = forwarder
    this.#bytes = new Uint8Array(forwarder.memory.buffer)
    this.#view = new DataView(forwarder.memory.buffer)
    this.#arenaEnd = forwarder.arena + arenaSize
    this.#underlayEnd = forwarder.arena + underlayRoom(arenaSize)
  }

  add(port: number, device: MemoryDevice): void {
    this.#devices.set(port, device)
  }

  isUnderlay(port: number): boolean {
    return this.#devices.get(port)?.underlay ?? false
  }

  forget(port: number): void {
    this.#devices.delete(port)
  }

  /** Never waits: whoever could send runs on this thread. */
  wait(_timeout: number): number {
    this.#ready = []
    for (const [port, device] of this.#devices) {
      if (device.inbox.length > 0) this.#ready.push(port)
    }
    return this.#ready.length
  }

  readyPort(index: number): number {
    return this.#ready[index] as number
  }

  /** A memory device has one. */
  readyQueue(): number {
    return 0
  }

  readyFailed(): boolean {
    return false
  }

  receive(port: number): number {
    const device = this.#devices.get(port)
    if (!device) return 0
    const end = device.underlay ? this.#underlayEnd : this.#arenaEnd
    let address = nextFrame(this.#forwarder.arena)
    let count = 0
    while (count < BURST_MAX && count < device.inbox.length) {
      if (address + FRAME_ROOM > end) break
      const length = this.#place(address, device.inbox[count] as Uint8Array, device.offloads)
      const descriptor = this.#forwarder.received + count * RECEIVED_SIZE
      this.#view.setUint32(descriptor, address, true)
      this.#view.setUint32(descriptor + 4, length, true)
      address = nextFrame(address + length)
      count++
    }
    device.inbox.splice(0, count)
    return count
  }

  /** Copies a frame, with its virtio-net header if it has one; returns the frame's own length. */
  #place(address: number, frame: Uint8Array, withHeader: boolean): number {
    const header = address - VIRTIO_HEADER
    if (withHeader) {
      this.#bytes.set(frame, header)
      return Math.max(0, frame.length - VIRTIO_HEADER)
    }
    this.#bytes.fill(0, header, address)
    this.#bytes.set(frame, address)
    return frame.length
  }

  /** What a handler of the program throws is thrown on, but only when every frame was delivered. */
  transmit(count: number): number {
    let failures = 0
    const thrown: unknown[] = []
    for (let index = 0; index < count; index++) {
      const entry = this.#forwarder.transmit + index * TRANSMIT_SIZE
      const word = (offset: number) => this.#view.getUint32(entry + offset, true)
      if (word(8) === BARE) this.#bytes.fill(0, word(0), word(0) + VIRTIO_HEADER)
      const ports = word(16)
      const except = word(24)
      for (let which = 0; which < word(20); which++) {
        const port = this.#view.getUint32(ports + 4 * which, true)
        const device = port === except ? undefined : this.#devices.get(port)
        if (!device) continue
        try {
          if (this.#deliver(device, word(0), word(4), word(8), word(12))) continue
          failures = this.#fail(failures, port, word(4) + word(12))
        } catch (error) {
          thrown.push(error)
        }
      }
    }
    if (thrown.length > 0) throw thrown[0]
    return failures
  }

  #deliver(
    device: MemoryDevice,
    head: number,
    headLength: number,
    body: number,
    bodyLength: number,
  ): boolean {
    const start = device.offloads ? head : head + VIRTIO_HEADER
    return device.deliver(
      this.#bytes.subarray(start, head + headLength),
      this.#bytes.subarray(body, body + bodyLength),
    )
  }

  /** Counts a failure in the record of its port, or a new one; returns how many records there are. */
  #fail(records: number, port: number, octets: number): number {
    let index = 0
    let record = this.#forwarder.failures
    while (index < records && this.#view.getUint32(record, true) !== port) {
      index++
      record += FAILURE_SIZE
    }
    const old = index < records ? record : undefined
    const before = (offset: number) =>
      old === undefined ? 0 : this.#view.getUint32(record + offset, true)
    this.#view.setUint32(record + 8, before(8) + 1, true)
    this.#view.setUint32(record + 12, before(12) + octets, true)
    this.#view.setUint32(record, port, true)
    this.#view.setUint32(record + 4, ENOBUFS, true)
    return Math.max(records, index + 1)
  }
}
