/**
 * The memory device: frames from and to the program itself. The network's end is `send`, `take`
 * and `onFrame`; the switch's end is memory-io.ts.
 */
import { LinkspanError } from '../error.js'
import type { Keeper } from '../memento/keeper.js'
import { FrameQueue } from './frame-queue.js'
import { FRAME_ROOM } from './io.js'

export interface MemoryOptions {
  /** Largest network packet, octets; 1500 if left out. */
  mtu?: number
  /**
   * True: every frame sent and taken has its virtio-net header of 12 octets before it, and partial
   * checksums and super-frames are taken. False (the default): plain Ethernet frames, complete.
   */
  offloads?: boolean
  /** What it carries are datagrams of the underlay, each behind its headers; left out: frames. */
  underlay?: boolean
  /** True: segments that are sent one behind the other are coalesced into super-frames. */
  coalesce?: boolean
  /** Frames that may wait each way; 65,536 if left out. What comes on top is a counted drop. */
  queue?: number
}

const QUEUE = 65_536
/** Linux's number, also where there is no Linux: failure records carry errnos. */
export const ENOBUFS = 105

export class MemoryDevice {
  readonly kind = 'memory'
  readonly mtu: number
  readonly offloads: boolean
  readonly underlay: boolean
  readonly coalesce: boolean
  readonly #limit: number
  /** Towards the switch, and from it. */
  readonly inbox = new FrameQueue()
  readonly #outbox: Uint8Array[] = []
  #onReady: (() => void) | undefined
  /** Whether that was told of the frames that wait. */
  #told = false
  #handler: ((frame: Uint8Array) => void) | undefined
  #closed = false

  constructor(options: MemoryOptions = {}) {
    this.mtu = options.mtu ?? 1500
    this.offloads = options.offloads ?? false
    this.underlay = options.underlay ?? false
    this.coalesce = options.coalesce ?? false
    this.#limit = options.queue ?? QUEUE
  }

  /**
   * Gives a frame to the switch, which handles it at its next `process()`. The bytes are copied.
   * False if the queue is full and the frame was not taken.
   */
  send(frame: Uint8Array): boolean {
    if (this.#closed) throw new LinkspanError('CLOSED', 'the port of this device was removed')
    if (frame.length > FRAME_ROOM) {
      throw new LinkspanError(
        'INVALID',
        `a frame of ${frame.length} bytes; no device can carry more than ${FRAME_ROOM}`,
      )
    }
    if (this.inbox.length >= this.#limit) return false
    this.inbox.push(frame)
    if (!this.#told) this.#tell()
    return true
  }

  #tell(): void {
    if (!this.#onReady) return
    this.#told = true
    this.#onReady()
  }

  /** The switch's end is told of the first frame that waits: it need not look at devices that have none. */
  set onReady(told: (() => void) | undefined) {
    this.#onReady = told
    this.#told = false
    if (this.inbox.length > 0) this.#tell()
  }

  /** Whether frames wait for the switch; where there are none, the next one is told of. */
  get isReady(): boolean {
    this.#told = this.inbox.length > 0
    return this.#told
  }

  /** The frames that the switch sent since the last call, oldest first; copies, for keeps. */
  take(): Uint8Array[] {
    return this.#outbox.splice(0)
  }

  /**
   * Has `handler` called with every frame from now on, instead of keeping it for `take`. The view
   * is valid in the call only. `undefined` goes back to `take`.
   */
  onFrame(handler: ((frame: Uint8Array) => void) | undefined): void {
    this.#handler = handler
  }

  /**
   * The switch's end: 0, or the errno of what kept the frame from leaving. `frame` is a view of its memory.
   */
  deliver(frame: Uint8Array): number {
    if (this.#closed) return ENOBUFS
    if (this.#handler) {
      this.#handler(frame)
      return 0
    }
    if (this.#outbox.length >= this.#limit) return ENOBUFS
    this.#outbox.push(frame.slice())
    return 0
  }

  close(): void {
    this.#closed = true
    this.inbox.clear()
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.part(this.inbox)
    keeper.list(this.#outbox)
    keeper.values([this.#told, this.#closed], (told, closed) => {
      this.#told = told
      this.#closed = closed
    })
    keeper.handles([this.#handler, this.#onReady], (handler, onReady) => {
      this.#handler = handler
      this.#onReady = onReady
    })
  }
}
