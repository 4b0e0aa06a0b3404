/**
 * The forwarding loop: wait, read a burst, process, write, tick when due. Run to completion: what
 * this loop reads it also decides and writes. It knows nothing of threads; worker/main.ts runs it
 * on one, the in-process switch on the caller's.
 */
import { FAILURE_SIZE, MORE, VIRTIO_HEADER } from '../dataplane/abi.js'
import type { Forwarder } from '../dataplane/forwarder.js'
import type { Io } from '../device/io.js'
import type { Keeper } from '../memento/keeper.js'
import { failureReason } from './failure.js'
import { Spin } from './spin.js'

/** A wait never takes longer, so that a stop or a change is noticed even if its wake was lost. */
const WAIT_MAX = 250

export class Loop {
  /** How long waits look for frames before they sleep: not at all unless `most` is set. */
  readonly spin = new Spin()
  readonly #forwarder: Forwarder
  readonly #io: Io
  readonly #now: () => number
  readonly #failures: DataView
  #deadline = 0

  constructor(forwarder: Forwarder, io: Io, now: () => number) {
    this.#forwarder = forwarder
    this.#io = io
    this.#now = now
    this.#failures = new DataView(forwarder.memory.buffer, forwarder.failures)
  }

  /**
   * One turn: waits for frames (not at all with `timeout` 0), forwards a burst of every port that
   * has some, ticks if it is due. Returns the number of frames read.
   */
  turn(timeout: number = WAIT_MAX): number {
    this.#forwarder.quiesce()
    const began = this.#now()
    const count = this.#io.wait(Math.min(timeout, this.#untilDeadline()), this.spin.time)
    // Before any descriptor is looked up: what control takes away from here on it closes only when
    // this worker has passed on.
    this.#forwarder.enter()
    const woke = this.#now()
    if (count > 0) this.spin.waited(woke - began)
    let frames = 0
    for (let index = 0; index < count; index++) {
      const [port, queue] = [this.#io.readyPort(index), this.#io.readyQueue(index)]
      const received = this.#burst(port, queue)
      if (received > 0) frames += received
      else if (received < 0 || this.#io.readyFailed(index)) this.#io.forget(port, queue)
    }
    this.#tick()
    this.#forwarder.account(this.#now() - woke, woke - began)
    return frames
  }

  /** Milliseconds a wait may take. The deadline was asked for after the last turn's bursts. */
  #untilDeadline(): number {
    if (this.#deadline === Infinity) return WAIT_MAX
    return Math.max(0, Math.ceil(this.#deadline - this.#now()))
  }

  #burst(port: number, queue: number): number {
    const count = this.#io.receive(port, queue)
    if (count > 0) this.#forward(port, count)
    return count
  }

  #forward(port: number, count: number): void {
    const now = this.#now()
    this.#finish(this.#forwarder.process(port, count, now), now)
  }

  #tick(): void {
    const now = this.#now()
    if (now >= this.#deadline) this.#finish(this.#forwarder.tick(now), now)
    this.#deadline = this.#forwarder.nextDeadline(now)
  }

  /** Transmits what a call listed, and what found no room on its list. */
  #finish(listed: number, now: number): void {
    let entries = listed
    // Negative: the list is full and not all is done.
    while (entries < 0) {
      this.#transmit(entries & ~MORE)
      entries = this.#forwarder.resume(now)
    }
    this.#transmit(entries)
  }

  #transmit(entries: number): void {
    if (entries === 0) return
    const failed = this.#io.transmit(entries)
    for (let index = 0; index < failed; index++) this.#count(index * FAILURE_SIZE)
  }

  /** A write that failed: not sent after all, but dropped. */
  #count(record: number): void {
    const word = (offset: number) => this.#failures.getUint32(record + offset, true)
    const { exports, worker } = this.#forwarder
    // Counters are of frames, a write is of frame and virtio-net header.
    const octets = word(12) - word(8) * VIRTIO_HEADER
    const reason = failureReason(word(4), this.#io.isUnderlay(word(0)))
    exports.transmitFailed(worker, word(0), reason, word(8), octets)
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.values([this.#deadline], (deadline) => {
      this.#deadline = deadline
    })
  }
}
