/** Moves the frames of a source into a device as they are due. */
import type { PcapSource } from './source.js'

export interface ReplayOptions {
  source: PcapSource
  /** The next octets of the file, undefined at its end. */
  read: () => Promise<Uint8Array | undefined>
  /** False if there is no room now: it is tried again. */
  send: (frame: Uint8Array) => boolean
}

/** Frames that are sent before others get their turn: who writes a file must keep up. */
const TURN = 256
/** How long a device that has no room is left alone, ms. */
const RETRY = 1
/** Timers hold no more than 2^31 ms, and clocks differ. */
const SLEEP_MAX = 60_000

export class Replay {
  readonly #options: ReplayOptions
  #stopped = false
  #wake: () => void = () => {}

  constructor(options: ReplayOptions) {
    this.#options = options
  }

  /**
   * Runs to the end of the file, or until `stop`.
   *
   * @returns true at the file's end
   * @throws CaptureFileError where the file is damaged, when all before was sent; what `read` throws
   */
  async run(): Promise<boolean> {
    const { source } = this.#options
    for (let sent = 1; !this.#stopped; ) {
      if (source.hungry) await this.#feed()
      else if (source.wait === undefined) return true
      else if (source.wait > 0) await this.#sleep(source.wait)
      else if (!this.#send()) await this.#sleep(RETRY)
      else if (sent++ % TURN === 0) await this.#sleep(0)
    }
    return false
  }

  /** Nothing is sent any more. */
  stop(): void {
    this.#stopped = true
    this.#wake()
  }

  async #feed(): Promise<void> {
    const { source, read } = this.#options
    const octets = await read()
    if (octets) source.push(octets)
    else source.end()
  }

  #send(): boolean {
    const { source, send } = this.#options
    const frame = source.peek()
    if (!frame || !send(frame)) return false
    source.shift()
    return true
  }

  #sleep(time: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(time, SLEEP_MAX))
      this.#wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }
}
