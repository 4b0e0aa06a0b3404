/** What threads of a run tell each other, and whoever watches, in shared memory. */

/** i32 words: what is asked for. */
const START = 0
const STOP = 1
const RECEIVER_STOP = 2
/** f64 from here on: how far it is. One thread writes each. */
const NUMBERS = 64
/** The receiver's numbers, then those of each sender, a cache line each. */
const LINE = 8
export const SENDERS_MAX = 16
const SIZE = NUMBERS + (1 + SENDERS_MAX) * LINE * 8

export interface ProgressView {
  frames: number
  octets: number
  refused: number
  /** Frames of the stream that came, each once. */
  unique: number
  /** All that came and was looked at. */
  seen: number
}

export class Progress {
  readonly shared: SharedArrayBuffer
  readonly #flags: Int32Array
  readonly #numbers: Float64Array

  constructor(shared = new SharedArrayBuffer(SIZE)) {
    this.shared = shared
    this.#flags = new Int32Array(shared, 0, NUMBERS / 4)
    this.#numbers = new Float64Array(shared, NUMBERS)
  }

  /** Blocks until `start` or `stop`. */
  awaitStart(): void {
    Atomics.wait(this.#flags, START, 0)
  }
  start(): void {
    Atomics.store(this.#flags, START, 1)
    Atomics.notify(this.#flags, START)
  }

  /** No more is sent. */
  stop(): void {
    Atomics.store(this.#flags, STOP, 1)
    this.start()
  }
  get stopped(): boolean {
    return Atomics.load(this.#flags, STOP) !== 0
  }

  stopReceiver(): void {
    Atomics.store(this.#flags, RECEIVER_STOP, 1)
  }
  get receiverStopped(): boolean {
    return Atomics.load(this.#flags, RECEIVER_STOP) !== 0
  }

  /** @param sender 0 to SENDERS_MAX - 1 */
  sent(sender: number, frames: number, octets: number, refused: number): void {
    const at = (1 + sender) * LINE
    this.#numbers[at] = frames
    this.#numbers[at + 1] = octets
    this.#numbers[at + 2] = refused
  }
  received(unique: number, seen: number): void {
    this.#numbers[0] = unique
    this.#numbers[1] = seen
  }

  /** Frames that each of the first senders has sent. */
  frames(senders: number): number[] {
    return Array.from({ length: senders }, (_, index) => this.#numbers[(1 + index) * LINE] ?? 0)
  }

  view(): ProgressView {
    const numbers = this.#numbers
    let [frames, octets, refused] = [0, 0, 0]
    for (let at = LINE; at < numbers.length; at += LINE) {
      frames += numbers[at] as number
      octets += numbers[at + 1] as number
      refused += numbers[at + 2] as number
    }
    return { frames, octets, refused, unique: numbers[0] ?? 0, seen: numbers[1] ?? 0 }
  }
}
