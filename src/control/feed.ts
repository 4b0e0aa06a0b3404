/** Frames of the running switch for files: drained often, with the wall clock's time and their port. */
import type { RecordOptions } from '../device/pcap/sink.js'
import {
  type FrameFilter,
  type ObservedFrame,
  Observer,
  type ObserverHost,
} from '../inspect/observer.js'

export interface FeedHost extends ObserverHost {
  /** The clock of the workers, milliseconds. */
  now(): number
}

export interface FeedTarget {
  record(frame: Uint8Array, options: RecordOptions): void
  /** Frames that came faster than the rings of the workers were drained, of any port and capture. */
  lose(frames: number): void
}

/** The rings of workers are emptied this often while somebody captures, milliseconds. */
const DRAIN_INTERVAL = 10
/** The wall clock was set if it is off by more, milliseconds. */
const CLOCK_JUMP = 100

export class Feed {
  readonly #host: FeedHost
  readonly #observer: Observer
  readonly #target: FeedTarget
  #timer: NodeJS.Timeout | undefined
  /** What the wall clock is ahead of the workers' one, milliseconds. */
  #ahead = Number.NEGATIVE_INFINITY
  #lost = 0

  /** Takes its place among the captures. @throws LinkspanError LIMIT when as many run as can */
  constructor(host: FeedHost, target: FeedTarget) {
    this.#host = host
    this.#target = target
    this.#observer = new Observer(host, (frame) => this.#record(frame))
  }

  /** Begins, or goes on with another filter. @throws LinkspanError NOT_FOUND for a port that is not there */
  watch(filter: FrameFilter): void {
    this.#observer.watch(filter)
    if (this.#timer) return
    this.#lost = this.#host.captures.lost()
    this.#setClock()
    this.#timer = setInterval(() => this.#drain(), DRAIN_INTERVAL)
  }

  /** Gives what was captured so far. */
  drain(): void {
    this.#host.captures.drain()
    const lost = this.#host.captures.lost()
    if (lost > this.#lost) this.#target.lose(lost - this.#lost)
    this.#lost = lost
  }

  #drain(): void {
    this.#setClock()
    this.drain()
  }

  #setClock(): void {
    const ahead = Date.now() - this.#host.now()
    if (Math.abs(ahead - this.#ahead) > CLOCK_JUMP) this.#ahead = ahead
  }

  #record({ port, direction, dropped, length, frame, time }: ObservedFrame): void {
    this.#target.record(frame, {
      interface: port,
      direction,
      time: BigInt(Math.round((time + this.#ahead) * 1000)) * 1000n,
      originalLength: length,
      ...(dropped && { comments: [`dropped (${dropped.reason}): ${dropped.text}`] }),
    })
  }

  /** Gives what was captured so far, and no more. Again is harmless. */
  close(): void {
    if (this.#timer) {
      clearInterval(this.#timer)
      this.#timer = undefined
      this.drain()
    }
    this.#observer.close()
  }
}
