/** A capture file that is being written: of the device, of a mirror, of a capture. */
import { release } from 'node:os'
import { CaptureOutput } from './files.js'
import { PcapSink, type RecordOptions } from './sink.js'

export interface RecordingOptions {
  /** Called once when the file cannot be written any more, with a line that names it. */
  onError?: (why: string) => void
  /** Called once when frames are lost because they come faster than the disk takes them. */
  onDrop?: () => void
  /** Octets that may wait to be written; 4 MiB if left out. */
  limit?: number
}

export class Recording {
  readonly #output: CaptureOutput
  readonly #sink: PcapSink
  #closed = false

  private constructor(output: CaptureOutput, { onError, ...options }: RecordingOptions) {
    this.#output = output
    this.#sink = new PcapSink({
      ...options,
      write: (octets) => output.write(octets),
      now: wallClock,
      section: { os: `Linux ${release()}`, application: 'Linkspan' },
      onError: (error) => {
        if (!this.#closed) onError?.((error as Error).message)
      },
    })
  }

  /** Makes the file anew. @throws DeviceError that names it */
  static open(path: string, options: RecordingOptions = {}): Recording {
    return Recording.into(new CaptureOutput(path), options)
  }

  /** Into a file that was opened before, which is emptied now. */
  static into(output: CaptureOutput, options: RecordingOptions = {}): Recording {
    return new Recording(output, options)
  }

  /** Frames that are in the file, and frames that are not. */
  get recorded(): number {
    return this.#sink.recorded
  }
  get dropped(): number {
    return this.#sink.dropped
  }

  /** Copies the frame. False if it was dropped. */
  record(frame: Uint8Array, options: RecordOptions): boolean {
    return this.#sink.record(frame, options)
  }

  /** Counts frames that were lost before they got here. */
  lose(frames: number): void {
    this.#sink.lose(frames)
  }

  /** All is written when it returns. Again is harmless. @throws DeviceError that names the file */
  close(): void {
    if (this.#closed) return
    this.#closed = true
    this.#output.finish(this.#sink.finish())
  }
}

/** Microseconds are what the clock has. */
const wallClock = (): bigint =>
  BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n
