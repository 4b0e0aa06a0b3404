/**
 * The detour: frames of impaired ports go from their device to the workers, and back, by a thread of their
 * own, which loses, delays and changes them. It knows nothing of threads: main.ts runs it on one.
 */
import { BURST_MAX, READY_MAX, RECEIVED_SIZE, VIRTIO_HEADER } from '../dataplane/abi.js'
import type { MemoryHandle, Native } from '../device/native.js'
import { Holding } from './holding.js'
import { ImpairedPort, type Source, unwatch } from './impaired-port.js'
import { DetourMemory } from './memory.js'
import type { Order } from './orders.js'
import { Output } from './output.js'
import { FramePool } from './pool.js'

/** A wait never takes longer, so that an order is noticed even if its wake was lost. */
const WAIT_MAX = 250

const [EPOLLERR, EPOLLHUP] = [0x008, 0x010]

export interface DetourOptions {
  native: Native
  poller: { readonly epoll: number; readonly event: number }
  counts: SharedArrayBuffer
  /** Milliseconds on a clock that only goes forward. */
  now: () => number
  /** Octets for frames that are held. */
  poolSize?: number
}

export class Detour {
  readonly #options: DetourOptions
  readonly #memory: DetourMemory
  readonly #handle: MemoryHandle
  readonly #holding: Holding
  readonly #output: Output
  readonly #ports = new Map<number, ImpairedPort>()
  /** By the number of the end that their frames go to, which is their token too. */
  readonly #sources = new Map<number, Source>()

  constructor(options: DetourOptions) {
    const { native, poolSize } = options
    this.#options = options
    this.#memory = new DetourMemory(poolSize)
    const { bytes, pool, poolSize: size } = this.#memory
    this.#handle = native.attach(bytes)
    const blocks = new FramePool(pool, size)
    this.#output = new Output(native, this.#handle, this.#memory, blocks)
    this.#holding = new Holding(this.#memory, blocks, this.#output)
  }

  /** One turn: waits for frames, or until one that is held is due, and does what is to be done. */
  turn(timeout: number = WAIT_MAX): void {
    const { native, poller, now } = this.#options
    const wait = Math.min(timeout, this.#holding.next - now())
    // By itself, since an epoll's own wait knows whole milliseconds only.
    if (wait > 0) native.awaitFrames(poller.epoll, wait)
    this.#release(now())
    const { ready } = this.#memory
    const count = native.wait(this.#handle, poller.epoll, poller.event, ready, READY_MAX, 0, 0)
    for (let index = 0; index < count; index++) this.#serve(ready + index * 8)
  }

  #release(now: number): void {
    this.#holding.release(now)
    this.#output.flush()
  }

  /** @param record { token, events } */
  #serve(record: number): void {
    const { view } = this.#memory
    const source = this.#sources.get(view.getUint32(record, true))
    if (source === undefined) return
    const received = this.#burst(source)
    const failed = (view.getUint32(record + 4, true) & (EPOLLERR | EPOLLHUP)) !== 0
    if (received < 0 || (received === 0 && failed)) this.#forget(source)
  }

  /** @returns how many frames came, or -errno */
  #burst({ fd, kind, path, to }: Source): number {
    const { native, now } = this.#options
    const { received, arena, arenaSize, view } = this.#memory
    const count = native.readBurst(this.#handle, fd, kind, received, arena, arenaSize, BURST_MAX)
    if (count <= 0) return count
    const time = now()
    // Those before them first, if they are due by now.
    this.#holding.release(time)
    for (let index = 0; index < count; index++) {
      const descriptor = received + index * RECEIVED_SIZE
      const head = view.getUint32(descriptor, true) - VIRTIO_HEADER
      path.enter(time, head, view.getUint32(descriptor + 4, true) + VIRTIO_HEADER, to)
    }
    // The next burst comes to the same place.
    this.#output.flush()
    return count
  }

  /** One whose device is gone would be reported without end. */
  #forget({ fd, kind }: Source): void {
    const { native, poller } = this.#options
    if (native.hasFailed(fd, kind) !== 0) unwatch(native, poller.epoll, fd)
  }

  obey(order: Order): void {
    const { port } = order
    const { counts, now } = this.#options
    if (order.op === 'open') {
      const { memory, holding, output } = this.#machine
      const machine = { memory, holding, output }
      this.#ports.set(
        port,
        new ImpairedPort(order.name, order.impair, { buffer: counts, port }, machine),
      )
      return
    }
    const impaired = this.#ports.get(port)
    if (impaired === undefined) return
    if (order.op === 'set') impaired.set(now(), order.impair)
    else if (order.op === 'attach') this.#attach(impaired, order.queues)
    else if (order.op === 'drain') this.#drain(impaired)
    else this.#detach(impaired)
    if (order.op === 'close') this.#ports.delete(port)
  }

  get #machine() {
    return { memory: this.#memory, holding: this.#holding, output: this.#output }
  }

  #attach(port: ImpairedPort, queues: Extract<Order, { op: 'attach' }>['queues']): void {
    const { native, poller } = this.#options
    port.attach(queues)
    for (const source of port.sources) {
      if (this.#sources.has(source.to)) continue
      this.#sources.set(source.to, source)
      native.pollerAdd(poller.epoll, source.fd, source.to)
    }
  }

  #drain(port: ImpairedPort): void {
    const { native, poller } = this.#options
    for (const { fd, isDevice } of port.sources) if (isDevice) unwatch(native, poller.epoll, fd)
    this.#holding.hurry(port.ends)
    this.#output.flush()
    port.clear()
  }

  #detach(port: ImpairedPort): void {
    const { native, poller } = this.#options
    for (const source of port.sources) {
      unwatch(native, poller.epoll, source.fd)
      if (!source.isDevice) while (this.#burst(source) > 0);
      this.#sources.delete(source.to)
    }
    this.#holding.lose(port.ends)
    port.detach()
  }
}
