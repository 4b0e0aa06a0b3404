/** What control tells the detour's thread, in order; each order is answered by its number when it is done. */
import type { PortImpair } from '../config/port-impair.js'

/** A queue of a device, and the end of a pair that stands for it: whoever is at the other is a worker. */
export interface QueueEnds {
  /** What frames are read from. */
  readonly fd: number
  /** What frames are written to; `fd`, or the writer that the queue has. */
  readonly writer: number
  /** Of both: QueueKind. */
  readonly kind: number
  /** Of kind PAIR. */
  readonly pair: number
}

export type Order =
  /** A port has those settings from now on, and luck of its own that hangs on name and seed. */
  | { readonly op: 'open'; readonly port: number; readonly name: string; readonly impair: Seeded }
  /** Other settings, from the next frame on. */
  | { readonly op: 'set'; readonly port: number; readonly impair: Seeded }
  /** Frames of these queues go this way. */
  | { readonly op: 'attach'; readonly port: number; readonly queues: readonly QueueEnds[] }
  /** Reads no device any more, has what is held out at once, and does nothing to what still comes out of pairs. */
  | { readonly op: 'drain'; readonly port: number }
  /** Hands over what pairs still have, loses what is held, and uses no descriptor of the port any more. */
  | { readonly op: 'detach'; readonly port: number }
  | { readonly op: 'close'; readonly port: number }

export type Seeded = PortImpair & { readonly seed: number }

export interface Numbered {
  readonly number: number
  readonly order: Order
}

export interface DetourTask {
  readonly poller: { readonly epoll: number; readonly event: number }
  /** See counts.ts. */
  readonly counts: SharedArrayBuffer
  /** Not 0: the thread is to end. */
  readonly stop: SharedArrayBuffer
}

/** From the thread: an order was carried out, or could not be. */
export interface Answer {
  readonly number: number
  readonly error?: string
}
