/** Frames out of a capture file, each when it is due. Pure: octets, clock and waiting are the caller's. */
import { CaptureReader } from '../../packet/capture/reader.js'
import type { CapturedPacket, Truncation } from '../../packet/capture/types.js'
import { FRAME_MAX } from '../../packet/hex.js'

/** `file`: as far apart as their time stamps say; `fast`: as they are taken. */
export type Pace = 'file' | 'fast'

export interface PcapSourceOptions {
  pace: Pace
  /** Milliseconds of a clock that never goes back. */
  now: () => number
  /** Name of the file, for errors. */
  file?: string
}

/**
 * While it is `hungry`, give it octets by `push`, or `end` it; then `peek` is the next frame, due in
 * `wait` ms, and `shift` takes it off. Holds one frame and what a CaptureReader holds.
 */
export class PcapSource {
  /** Frames taken off. */
  frames = 0
  /** Frames that the capture had cut short: they never were on a wire like that, and are left out. */
  cut = 0
  /** Frames that are longer than any device carries, left out. */
  tooLong = 0
  readonly #reader: CaptureReader
  readonly #pace: Pace
  readonly #now: () => number
  #ended = false
  #ahead: CapturedPacket | undefined
  #due = 0
  /** The clock, ms, when the time stamp was this. */
  #start: { clock: number; stamp: bigint } | undefined

  constructor({ pace, now, file }: PcapSourceOptions) {
    this.#pace = pace
    this.#now = now
    this.#reader = new CaptureReader(file)
  }

  /** Octets of the file, in order; copied. */
  push(octets: Uint8Array): void {
    this.#reader.push(octets)
  }

  /** The file has no more. */
  end(): void {
    this.#reader.end()
    this.#ended = true
  }

  /** @throws CaptureFileError where the file is damaged: all frames before were given */
  get hungry(): boolean {
    return !this.#ended && this.peek() === undefined
  }

  /** The next frame, due or not; undefined if more octets are needed, or at the end. */
  peek(): Uint8Array | undefined {
    this.#ahead ??= this.#next()
    return this.#ahead?.frame
  }

  /** Milliseconds until the next frame is due, 0 if it is; undefined if there is none. */
  get wait(): number | undefined {
    if (this.peek() === undefined) return undefined
    return this.#pace === 'fast' ? 0 : Math.max(0, this.#due - this.#now())
  }

  /** Takes the frame off that `peek` gave. */
  shift(): void {
    if (this.#ahead) this.frames++
    this.#ahead = undefined
  }

  /** Where the file ends in the middle of a packet, once all before it was taken. */
  get truncated(): Truncation | undefined {
    return this.#reader.truncated
  }

  #next(): CapturedPacket | undefined {
    for (;;) {
      const packet = this.#reader.next()
      if (!packet) return undefined
      if (packet.frame.length < packet.originalLength) this.cut++
      else if (packet.frame.length > FRAME_MAX) this.tooLong++
      else {
        this.#setDue(packet.time)
        return packet
      }
    }
  }

  /** A packet without time, or with one before the first's, is due at once. */
  #setDue(stamp: bigint | undefined): void {
    if (stamp === undefined) return
    this.#start ??= { clock: this.#now(), stamp }
    this.#due = this.#start.clock + Number(stamp - this.#start.stamp) / 1e6
  }
}
