/**
 * The data path of devices that are file descriptors: system calls in the addon, a call a burst.
 * Control opens the descriptors, puts them into the worker's epoll set and the queue table.
 */
import { constants } from 'node:os'
import {
  BURST_MAX,
  portOfToken,
  QUEUE_SIZE,
  queueOfToken,
  READY_MAX,
  READY_SIZE,
} from '../dataplane/abi.js'
import type { Forwarder } from '../dataplane/forwarder.js'
import { type Io, underlayRoom } from './io.js'
import { loadNative, type MemoryHandle, type Native } from './native.js'
import { type Queue, QueueKind } from './queue.js'

const EPOLLERR = 0x008
const EPOLLHUP = 0x010
const QUEUE_WORDS = QUEUE_SIZE / 4

/** A worker's epoll set and the eventfd in it. */
export interface Poller {
  epoll: number
  event: number
}

export class NativeIo implements Io {
  readonly #native: Native = loadNative()
  readonly #memory: MemoryHandle
  readonly #forwarder: Forwarder
  readonly #poller: Poller
  readonly #arenaSize: number
  /** The worker's table { token, events }. */
  readonly #ready: Uint32Array
  /** Memory, for the queue tables of all workers. */
  readonly #words: Int32Array
  readonly #ports: number

  constructor(forwarder: Forwarder, poller: Poller, arenaSize: number, ports: number) {
    const { memory, ready } = forwarder
    this.#memory = this.#native.attach(new Uint8Array(memory.buffer))
    this.#forwarder = forwarder
    this.#poller = poller
    this.#arenaSize = arenaSize
    this.#ready = new Uint32Array(memory.buffer, ready, (READY_MAX * READY_SIZE) / 4)
    this.#words = new Int32Array(memory.buffer)
    this.#ports = ports
  }

  wait(timeout: number, spin: number): number {
    const { epoll, event } = this.#poller
    const { ready } = this.#forwarder
    return this.#native.wait(this.#memory, epoll, event, ready, READY_MAX, timeout, spin)
  }

  readyPort(index: number): number {
    return portOfToken(this.#ready[index * 2] as number)
  }

  readyQueue(index: number): number {
    return queueOfToken(this.#ready[index * 2] as number)
  }

  readyFailed(index: number): boolean {
    return ((this.#ready[index * 2 + 1] as number) & (EPOLLERR | EPOLLHUP)) !== 0
  }

  receive(port: number, queue: number): number {
    const { fd, kind } = this.#reader(port, queue)
    // Taken away by control since the wait: not an error of the device.
    if (fd < 0) return 0
    const { received, arena } = this.#forwarder
    const size = kind === QueueKind.UDP ? underlayRoom(this.#arenaSize) : this.#arenaSize
    return this.#native.readBurst(this.#memory, fd, kind, received, arena, size, BURST_MAX)
  }

  transmit(count: number): number {
    const { queues, transmit, failures } = this.#forwarder
    return this.#native.writeEntries(
      this.#memory,
      queues,
      transmit,
      count,
      failures,
      this.#ports + 1,
    )
  }

  /** A port that was not known, or is no more, has no kind. */
  isUnderlay(port: number): boolean {
    return port < this.#ports && this.#kindOf(port) === QueueKind.UDP
  }

  #kindOf(port: number): number {
    return this.#words[this.#forwarder.queues / 4 + port * QUEUE_WORDS + 1] as number
  }

  /**
   * A queue, with a descriptor of -1 if this worker is not to read it (any more). A port's kind stays
   * while its descriptors come and go.
   */
  #reader(port: number, queue: number): Queue {
    const { exports, worker } = this.#forwarder
    const at = exports.queues(queue) / 4 + port * QUEUE_WORDS + 2
    const fd = this.#words[at + 1] === worker ? (this.#words[at] as number) : -1
    return { fd, kind: this.#kindOf(port) }
  }

  forget(port: number, queue: number): void {
    const { fd, kind } = this.#reader(port, queue)
    // What was reported may have been of the descriptor that the port had before.
    if (fd < 0 || this.#native.hasFailed(fd, kind) === 0) return
    try {
      this.#native.pollerRemove(this.#poller.epoll, fd)
    } catch (error) {
      // Control may have been quicker; then it is out, which is all that is wanted.
      const { errno } = error as { errno?: number }
      if (errno !== -constants.errno.ENOENT && errno !== -constants.errno.EBADF) throw error
    }
  }
}
