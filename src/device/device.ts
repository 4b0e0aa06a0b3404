/** What control does with a device of the kernel, whatever its kind. Frames are the workers' business. */
import type { Queue } from './queue.js'

/** Where frames wait in the kernel until a worker reads them. With several, each is as this one. */
export interface ReceiveQueue {
  /** Bytes are those of the kernel's memory, which a frame takes more of than it is long. */
  unit: 'frames' | 'bytes'
  capacity: number
  /** What waits in the fullest of them; undefined where the kernel does not tell. */
  used?: number | undefined
}

/** How a device is now. */
export interface DeviceInfo {
  /** Undefined where it is no interface. */
  ifname?: string | undefined
  mac?: string | undefined
  /** Bytes. */
  mtu: number
  /** Set up by whoever administers it. */
  up: boolean
  /** Somebody is at the other end. */
  carrier: boolean
  /** For people: why nobody is, where that is not plain to see. */
  why?: string | undefined
  /** Frames the kernel dropped before we could read them; undefined where it does not count them. */
  kernelDrops?: number | undefined
  /** Undefined where senders wait or are told. */
  queue?: ReceiveQueue | undefined
}

export interface DeviceLinkEvent {
  /** Set up, with a carrier. */
  up: boolean
  /** Bytes. */
  mtu: number
  /** Deleted, or moved to another namespace. Nothing comes after this. */
  deleted: boolean
}

/**
 * An open device. Its descriptors are handed to the workers, who must have given them back before
 * `close`. Callbacks come on the event loop, never from within a call.
 */
export interface Device {
  /** Each is read by the worker of its place and written by it, or by those that have none. */
  readonly queues: readonly Queue[]
  /** Offload bits: what it takes unfinished. */
  readonly offloads: number
  /** True if it hands over single segments only, so that coalescing them is left to the switch. */
  readonly coalesce?: boolean
  /** Undefined when it is gone. */
  info(): DeviceInfo | undefined
  /** Tells of changes of the link. @returns what stops it */
  onLink(callback: (event: DeviceLinkEvent) => void): () => void
  /** Tells once that it cannot go on. */
  onGone(callback: (why: string) => void): void
  /**
   * Tells that `queues` changed, with what they were; those that are no queues any more are closed
   * when the promise resolves, as it must. One that never changes its queues does without.
   */
  onQueues?(callback: (before: readonly Queue[]) => Promise<void>): void
  /** Tells what people may want to read in the log, and is no change of the link. */
  onNotice?(callback: (event: string, detail: object) => void): void
  /**
   * Whether it is to hand over finished frames only: no super-frames, no partial checksums. One that has
   * no say in that, or hands over nothing else, does without.
   */
  handOver?(frames: { finished: boolean }): void
  /** Looks after itself, ten times a second. @returns why it is lost, if it is */
  look(): string | undefined
  /** Lets go of the namespace it stands in: no events and no `info` from here on. */
  releaseNamespace(): void
  /** Again is harmless. */
  close(): void
}
