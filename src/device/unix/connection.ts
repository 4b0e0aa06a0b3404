/**
 * A device whose frames go through a connection, stream or seqpacket. Its other end comes and goes;
 * the device stays, down while nobody is there. Every connection starts clean.
 */
import type { Device, DeviceInfo, DeviceLinkEvent } from '../device.js'
import { loadNative } from '../native.js'
import { type Queue, QueueKind } from '../queue.js'
import type { UnixOptions } from './options.js'
import type { Peers } from './peers.js'

/** How often a client that hung up is looked at before what it left unread is given up. */
const LAST_LOOKS = 10

export class ConnectionDevice implements Device {
  /** Whatever a frame leaves to be done is done before it is sent. */
  readonly offloads = 0
  readonly coalesce = true
  readonly #options: UnixOptions
  readonly #peers: Peers
  readonly #kind: number
  readonly #listeners = new Set<(event: DeviceLinkEvent) => void>()
  #requeue: (before: readonly Queue[]) => Promise<void> = () => Promise.resolve()
  #queues: readonly Queue[] = []
  #why: string | undefined
  #looks = 0
  #released = false

  /** Takes over `peers`. @throws DeviceError */
  constructor(options: UnixOptions, peers: Peers) {
    this.#options = options
    this.#peers = peers
    this.#kind = options.mode === 'stream' ? QueueKind.STREAM : QueueKind.MESSAGE
    const first = peers.first()
    if (first !== undefined) {
      this.#queues = [{ fd: first, kind: this.#kind }]
      return
    }
    this.#why = `no client is connected to ${options.path}`
    peers.seek((fd) => this.#begin(fd))
  }

  get queues(): readonly Queue[] {
    return this.#queues
  }

  info(): DeviceInfo | undefined {
    if (this.#released) return undefined
    const { mtu } = this.#options
    return { mtu, up: true, carrier: this.#queues.length > 0, why: this.#why }
  }

  onLink(callback: (event: DeviceLinkEvent) => void): () => void {
    this.#listeners.add(callback)
    return () => this.#listeners.delete(callback)
  }

  /** It never is: there may always be another client. */
  onGone(): void {}

  onQueues(callback: (before: readonly Queue[]) => Promise<void>): void {
    this.#requeue = callback
  }

  look(): undefined {
    const queue = this.#queues[0]
    if (!queue) {
      this.#peers.look()
      return
    }
    // The rest of a frame, for which there was no room, would else wait for the next frame.
    if (queue.kind === QueueKind.STREAM) loadNative().streamFlush(queue.fd)
    const why = this.#ending(queue)
    if (why !== undefined) this.#end(queue, why)
  }

  /** Why a connection is over; undefined while it is not. What was sent before the end still counts. */
  #ending({ fd, kind }: Queue): string | undefined {
    const native = loadNative()
    const fault = kind === QueueKind.STREAM ? native.streamFault(fd) : -1
    if (fault >= 0) {
      return `it sent the frame length ${fault}, where 65607 is the most: its stream is out of step, or not QEMU's framing`
    }
    if (native.hasFailed(fd, kind) === 0) return undefined
    const waits = native.unixUnread(fd) > 0 && ++this.#looks < LAST_LOOKS
    return waits ? undefined : 'it hung up'
  }

  #begin(fd: number): void {
    const before = this.#queues
    this.#queues = [{ fd, kind: this.#kind }]
    this.#looks = 0
    this.#why = undefined
    // Up first: its first frames are there already, and would be dropped at a port that is down.
    this.#tell(true)
    void this.#requeue(before)
  }

  #end(queue: Queue, reason: string): void {
    this.#queues = []
    this.#why = `the other end of ${this.#options.path} was let go of: ${reason}`
    this.#tell(false)
    void this.#requeue([queue]).then(() => {
      loadNative().close(queue.fd)
      if (!this.#released) this.#peers.seek((fd) => this.#begin(fd))
    })
  }

  #tell(up: boolean): void {
    const { mtu } = this.#options
    for (const listener of [...this.#listeners]) listener({ up, mtu, deleted: false })
  }

  /** Nobody is accepted or connected to any more. */
  releaseNamespace(): void {
    this.#released = true
    this.#peers.stop()
    this.#listeners.clear()
  }

  close(): void {
    this.releaseNamespace()
    this.#peers.close()
    for (const { fd } of this.#queues) loadNative().close(fd)
    this.#queues = []
  }
}
