/**
 * Captures for clients: frames of the switch as pcapng, with the names of ports as those of interfaces
 * and drop reasons as comments. A client that reads too slowly loses frames, which are counted in the
 * file.
 */
import { release } from 'node:os'
import { PcapSink, type RecordOptions } from '../device/pcap/sink.js'
import type { FrameFilter } from '../inspect/observer.js'
import { Feed, type FeedHost } from './feed.js'

export interface CaptureOptions extends FrameFilter {
  /** Frames after which the capture ends. */
  count?: number | undefined
}

/** Where the file's octets go. */
export interface CaptureTarget {
  /** Resolves when more can be taken. */
  write(octets: Uint8Array): Promise<void>
  /** No more will come. */
  end(): void
}

/** Octets that may wait for a client. */
const WAITING_MAX = 8 << 20

export class Capture {
  readonly #feed: Feed
  readonly #options: CaptureOptions
  #sink: PcapSink | undefined
  #target: CaptureTarget | undefined

  /** Takes its place among the captures. @throws LinkspanError LIMIT when as many run as can */
  constructor(host: FeedHost, options: CaptureOptions) {
    this.#options = options
    this.#feed = new Feed(host, {
      record: (frame, record) => this.#record(frame, record),
      lose: (frames) => this.#sink?.lose(frames),
    })
  }

  /** @throws LinkspanError NOT_FOUND for a port that is not there */
  begin(target: CaptureTarget): void {
    const { count: _, ...filter } = this.#options
    this.#feed.watch(filter)
    this.#target = target
    this.#sink = new PcapSink({
      write: (octets) => target.write(octets),
      now: () => BigInt(Date.now()) * 1_000_000n,
      limit: WAITING_MAX,
      snapLength: filter.snapLength,
      section: { os: `Linux ${release()}`, application: 'Linkspan' },
    })
    if (filter.port !== undefined) this.#sink.describe(filter.port)
  }

  #record(frame: Uint8Array, options: RecordOptions): void {
    const { count } = this.#options
    const sink = this.#sink
    if (!sink || sink.recorded === count) return
    sink.record(frame, options)
    if (sink.recorded === count) sink.close().then(() => this.#target?.end())
  }

  /** Ends the capture. Again is harmless. */
  close(): void {
    this.#feed.close()
  }
}
