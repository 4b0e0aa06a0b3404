/** The two ends of devices on a bench. */
import type { Forwarder } from '../../src/dataplane/forwarder.js'
import type { Io } from '../../src/device/io.js'
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
