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
import type { Keeper } from '../memento/keeper.js'
import type { FrameQueue } from './frame-queue.js'
import { FRAME_ROOM, type Io, nextFrame, underlayRoom } from './io.js'
import type { MemoryDevice } from './memory.js'

export class MemoryIo implements Io {
  readonly #devices = new Map<number, MemoryDevice>()
  readonly #forwarder: Forwarder
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #arenaEnd: number
  readonly #underlayEnd: number
  /** Ports that have frames, in the order in which they got them; behind those of the last wait, new ones. */
  readonly #ready: number[] = []

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
    device.onReady = () => this.#ready.push(port)
  }

  isUnderlay(port: number): boolean {
    return this.#devices.get(port)?.underlay ?? false
  }

  forget(port: number): void {
    const device = this.#devices.get(port)
    if (device) device.onReady = undefined
    this.#devices.delete(port)
  }

  /** Whether frames came since the last wait that found none. */
  get hasFrames(): boolean {
    return this.#ready.length > 0
  }

  /** Never waits: whoever could send runs on this thread. */
  wait(_timeout: number): number {
    let kept = 0
    for (const port of this.#ready) {
      const device = this.#devices.get(port)
      if (device?.isReady) this.#ready[kept++] = port
    }
    this.#ready.length = kept
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
    const { inbox, offloads } = device
    const most = Math.min(BURST_MAX, inbox.length)
    while (count < most) {
      if (address + FRAME_ROOM > end) break
      const length = this.#place(address, inbox, count, offloads)
      const descriptor = this.#forwarder.received + count * RECEIVED_SIZE
      this.#view.setUint32(descriptor, address, true)
      this.#view.setUint32(descriptor + 4, length, true)
      address = nextFrame(address + length)
      count++
    }
    inbox.drop(count)
    return count
  }

  /** Copies a frame, with its virtio-net header if it has one; returns the frame's own length. */
  #place(address: number, inbox: FrameQueue, index: number, withHeader: boolean): number {
    const header = address - VIRTIO_HEADER
    const [start, end] = [inbox.startOf(index), inbox.endOf(index)]
    const frame = inbox.bytes.subarray(start, end)
    if (withHeader) {
      this.#bytes.set(frame, header)
      return Math.max(0, frame.length - VIRTIO_HEADER)
    }
    this.#clear(header)
    this.#bytes.set(frame, address)
    return frame.length
  }

  /** An empty virtio-net header. */
  #clear(header: number): void {
    this.#view.setUint32(header, 0, true)
    this.#view.setUint32(header + 4, 0, true)
    this.#view.setUint32(header + 8, 0, true)
  }

  /** What a handler of the program throws is thrown on, but only when every frame was delivered. */
  transmit(count: number): number {
    let failures = 0
    const thrown: unknown[] = []
    for (let index = 0; index < count; index++) {
      failures = this.#send(this.#forwarder.transmit + index * TRANSMIT_SIZE, failures, thrown)
    }
    if (thrown.length > 0) throw thrown[0]
    return failures
  }

  /** Delivers an entry to each of its ports; returns how many failure records there are. */
  #send(entry: number, failures: number, thrown: unknown[]): number {
    const view = this.#view
    const head = view.getUint32(entry, true)
    const headEnd = head + view.getUint32(entry + 4, true)
    const body = view.getUint32(entry + 8, true)
    const bodyEnd = body + view.getUint32(entry + 12, true)
    if (body === BARE) this.#clear(head)
    const ports = view.getUint32(entry + 16, true)
    const count = view.getUint32(entry + 20, true)
    const except = view.getUint32(entry + 24, true)
    let records = failures
    // All of the same kind get the same view: a flood to a thousand ports makes one.
    let bare: Uint8Array | undefined
    let whole: Uint8Array | undefined
    for (let which = 0; which < count; which++) {
      const port = view.getUint32(ports + 4 * which, true)
      const device = port === except ? undefined : this.#devices.get(port)
      if (!device) continue
      if (device.offloads) whole ??= this.#frame(head, headEnd, body, bodyEnd)
      else bare ??= this.#frame(head + VIRTIO_HEADER, headEnd, body, bodyEnd)
      try {
        const errno = device.deliver((device.offloads ? whole : bare) as Uint8Array)
        if (errno !== 0) records = this.#fail(records, port, errno, headEnd - head + bodyEnd - body)
      } catch (error) {
        thrown.push(error)
      }
    }
    return records
  }

  /** A view of a frame, or a copy where its body is elsewhere. */
  #frame(head: number, headEnd: number, body: number, bodyEnd: number): Uint8Array {
    if (body === bodyEnd) return this.#bytes.subarray(head, headEnd)
    const frame = new Uint8Array(headEnd - head + bodyEnd - body)
    frame.set(this.#bytes.subarray(head, headEnd))
    frame.set(this.#bytes.subarray(body, bodyEnd), headEnd - head)
    return frame
  }

  /**
   * Counts a failure in the record of its port, or a new one; returns how many records there are. There is room
   * for one a port: of a list, all that failed count as the first did.
   */
  #fail(records: number, port: number, errno: number, octets: number): number {
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
    if (old === undefined) this.#view.setUint32(record + 4, errno, true)
    return Math.max(records, index + 1)
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.map(this.#devices, (device) => keeper.part(device))
    keeper.list(this.#ready)
  }
}
