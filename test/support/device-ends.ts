/** The two ends of devices on a bench, and what all that have descriptors share. */
import type { Forwarder } from '../../src/dataplane/forwarder.js'
import type { Io } from '../../src/device/io.js'
import { loadNative } from '../../src/device/native.js'
import { NativeIo } from '../../src/device/native-io.js'
import type { Queue } from '../../src/device/queue.js'
import { defer } from './cleanup.js'
import type { VirtioHeader } from './virtio.js'

export const PORTS = 3
export const ARENA = 1 << 20
/** The largest that a TAP may have. */
export const MTU = 65_521

export interface Carried {
  header: VirtioHeader
  frame: Uint8Array
}

/** The network's end of a few devices of one kind. */
export interface Ends {
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

/** The network's end of one device. */
export interface End {
  inject(carried: Carried): boolean
  collect(): Carried[]
  down(): void
  destroy(): void
}

export const portNumbers = Array.from({ length: PORTS }, (_, port) => port)

/** Devices whose queues are descriptors, one each. */
export function nativeEnds(
  forwarder: Forwarder,
  open: (port: number) => { queue: Queue; end: End },
): Ends {
  const native = loadNative()
  const poller = native.pollerCreate()
  defer(() => {
    native.close(poller.epoll)
    native.close(poller.event)
  })
  const ends = portNumbers.map((port) => {
    const { queue, end } = open(port)
    forwarder.exports.setQueue(forwarder.worker, port, queue.fd, queue.kind)
    forwarder.exports.setReader(0, port, queue.fd, forwarder.worker)
    native.pollerAdd(poller.epoll, queue.fd, port)
    return end
  })
  const at = (port: number) => ends[port] as End
  return {
    io: new NativeIo(forwarder, poller, ARENA, PORTS),
    inject: (port, carried) => at(port).inject(carried),
    collect: (port) => at(port).collect(),
    down: (port) => at(port).down(),
    destroy: (port) => at(port).destroy(),
  }
}
