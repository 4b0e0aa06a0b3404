/**
 * Frames into a capture file, pcapng. Pure: where the octets go is the caller's. Used by the device,
 * by mirrors to a file and by captures.
 */
import { PcapngWriter, type SectionOptions } from '../../packet/capture/pcapng-writer.js'
import type { Direction } from '../../packet/capture/types.js'

export interface PcapSinkOptions {
  /** Writes octets behind those before; called again only when it has resolved. */
  write: (octets: Uint8Array) => Promise<void>
  /** Nanoseconds since 1970-01-01 UTC. */
  now: () => bigint
  /** Octets that may wait to be written; frames on top are dropped. 4 MiB if left out. */
  limit?: number
  section?: SectionOptions
  /** Octets of a frame that are kept, said of every interface; all, if left out. */
  snapLength?: number | undefined
  /** Called once, with what `write` rejected with; every frame is dropped from then on. */
  onError?: (error: unknown) => void
  /** Called at the first frame that is dropped for want of room. */
  onDrop?: () => void
}

export interface RecordOptions {
  /** Name of the interface: the port. It is described in the file when it is first seen. */
  interface: string
  description?: string
  direction?: Direction
  comments?: readonly string[]
  /** Nanoseconds since 1970-01-01 UTC; now, if left out. */
  time?: bigint
  /** Octets the frame had, if only its beginning is given. */
  originalLength?: number
}

interface Interface {
  index: number
  received: bigint
  dropped: bigint
  /** Dropped since the last packet that was written. */
  gap: number
}

const LIMIT = 4 * 1024 * 1024

/**
 * What is recorded is written in the same turn of the event loop if nothing is being written, else
 * as soon as that has ended: nothing waits for more to come.
 */
export class PcapSink {
  /** Frames recorded, and frames dropped: for want of room, or since writing failed. */
  recorded = 0
  dropped = 0
  readonly #options: PcapSinkOptions
  readonly #interfaces = new Map<string, Interface>()
  readonly #waiting = new PcapngWriter()
  #writing: Promise<void> | undefined
  #failed = false
  #closed = false
  #told = false
  /** Lost before they got here, and not told yet. */
  #lost = 0

  constructor(options: PcapSinkOptions) {
    this.#options = options
    this.#waiting.section(options.section)
    this.#wake()
  }

  /** Copies the frame. False if it was dropped. */
  record(frame: Uint8Array, options: RecordOptions): boolean {
    const from = this.#interface(options)
    this.#tellLost(from)
    const { limit = LIMIT } = this.#options
    if (this.#failed || this.#closed || this.#waiting.length + frame.length > limit) {
      this.#drop(from)
      return false
    }
    const { time = this.#options.now(), originalLength, direction, comments } = options
    const dropped = from.gap > 0 ? from.gap : undefined
    this.#waiting.packet(frame, {
      interface: from.index,
      time,
      originalLength,
      direction,
      comments,
      dropped,
    })
    this.#wake()
    from.received++
    from.gap = 0
    this.recorded++
    return true
  }

  /**
   * Describes an interface before its first frame: readers such as tcpdump take a file without one for
   * broken, even if there was nothing to record.
   */
  describe(name: string): void {
    this.#interface({ interface: name })
  }

  /** Counts frames that were lost before they got here, of whatever interface: the next one tells. */
  lose(frames: number): void {
    this.dropped += frames
    this.#lost += frames
    this.#warn()
  }

  #tellLost(from: Interface): void {
    from.dropped += BigInt(this.#lost)
    from.gap += this.#lost
    this.#lost = 0
  }

  /** Resolves when all that was recorded is written, or writing has failed. Never rejects. */
  async flush(): Promise<void> {
    while (this.#writing) await this.#writing
  }

  /** Ends the file with the counts of its interfaces and has everything written. */
  async close(): Promise<void> {
    this.#end()
    await this.flush()
  }

  /**
   * Ends the file without waiting: what `write` was not given yet is the caller's to write, behind
   * what a call that has not resolved yet is writing.
   */
  finish(): Uint8Array {
    this.#end()
    return this.#waiting.take()
  }

  #interface({ interface: name, description }: RecordOptions): Interface {
    const known = this.#interfaces.get(name)
    if (known) return known
    const described = { index: this.#interfaces.size, received: 0n, dropped: 0n, gap: 0 }
    this.#interfaces.set(name, described)
    if (!this.#failed && !this.#closed) {
      const { snapLength = 0 } = this.#options
      const described = { name, snapLength, ...(description !== undefined && { description }) }
      this.#waiting.interface(described)
      this.#wake()
    }
    return described
  }

  #drop(from: Interface): void {
    this.dropped++
    from.dropped++
    from.gap++
    this.#warn()
  }

  #warn(): void {
    if (this.#told || this.#failed || this.#closed) return
    this.#told = true
    this.#options.onDrop?.()
  }

  #end(): void {
    if (this.#closed) return
    this.#closed = true
    if (this.#failed) return
    const [first] = this.#interfaces.values()
    if (first) this.#tellLost(first)
    for (const { index, received, dropped } of this.#interfaces.values()) {
      const time = this.#options.now()
      const counts = { received: received + dropped, dropped }
      this.#waiting.statistics({ interface: index, time, ...counts })
    }
    this.#wake()
  }

  /** Not at once: what comes in the same turn is written with it. */
  #wake(): void {
    this.#writing ??= Promise.resolve().then(() => this.#drain())
  }

  async #drain(): Promise<void> {
    try {
      while (this.#waiting.length > 0) await this.#options.write(this.#waiting.take())
    } catch (error) {
      this.#failed = true
      this.#waiting.take()
      this.#options.onError?.(error)
    } finally {
      this.#writing = undefined
    }
  }
}
