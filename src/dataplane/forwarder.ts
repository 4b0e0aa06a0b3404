/**
 * The worker's side of the dataplane: bursts in, transmit lists out. Addresses of the worker's
 * areas are looked up once; they never change.
 */
import type { Exports } from './exports.js'
import { type Attachment, attach } from './instance.js'

export class Forwarder {
  readonly memory: WebAssembly.Memory
  readonly exports: Exports
  readonly worker: number
  /** Addresses of the worker's areas. */
  readonly arena: number
  readonly queues: number
  readonly received: number
  readonly transmit: number
  readonly failures: number
  readonly ready: number

  constructor(attachment: Attachment, worker: number) {
    this.memory = attachment.memory
    this.worker = worker
    const exports = attach(attachment, worker)
    this.exports = exports
    this.arena = exports.arena(worker)
    this.queues = exports.queues(worker)
    this.received = exports.received(worker)
    this.transmit = exports.transmit(worker)
    this.failures = exports.failures(worker)
    this.ready = exports.ready(worker)
  }

  /**
   * Forwards `count` frames received from `port`; returns the number of transmit entries, with MORE
   * set, which makes it negative, if `resume` is to be called when these are sent.
   */
  process(port: number, count: number, now: number): number {
    return this.exports.process(this.worker, port, count, now)
  }

  /** Goes on with what `process`, `tick` or the last `resume` left. */
  resume(now: number): number {
    return this.exports.resume(this.worker, now)
  }

  /** Does what time asks for; returns as `process` does. */
  tick(now: number): number {
    return this.exports.tick(this.worker, now)
  }

  /** When `tick` is due, ms; Infinity when only a burst can make it so. */
  nextDeadline(now: number): number {
    return this.exports.nextDeadline(this.worker, now)
  }

  /** Notes how long a turn was busy and how long it waited, in milliseconds. */
  account(busy: number, waited: number): void {
    this.exports.account(this.worker, busy, waited)
  }

  /** Says, after a wait, that the worker is about to use what control handed over. */
  enter(): void {
    this.exports.enter(this.worker)
  }

  /** Says that the worker uses nothing of the dataplane until its next burst. */
  quiesce(): void {
    this.exports.quiesce(this.worker)
  }
}
