/** What passes links, as a pcapng file. */
import { PcapngWriter } from '../packet/capture/pcapng-writer.js'
import type { Timeline } from './clock/timeline.js'
import type { Link } from './link/link.js'

/** The lab's clock begins in 1970, as far as a file is concerned: the same run gives the same file. */
const NANOSECONDS = 1e6

/** Blocks are gathered in memory of about that much. */
const CHUNK = 1 << 20

export class LabCapture {
  /** Frames in the file. */
  frames = 0
  readonly #writer = new PcapngWriter()
  readonly #chunks: Uint8Array[] = []
  readonly #ends: (() => void)[] = []
  #stopped = false

  /** @internal Use `lab.capture()`. */
  constructor(private readonly clock: Timeline) {
    this.#writer.section({ application: 'Linkspan' })
  }

  /** @internal Frames of one more link, as its first end sees them: a host's, or an uplink's. */
  add(link: Link): void {
    if (this.#stopped) return
    const index = this.#ends.length
    this.#writer.interface({ name: link.name })
    const end = link.tap((frame, direction, lost) => {
      this.frames++
      const time = BigInt(Math.round(this.clock.now * NANOSECONDS))
      const comments = lost && [`lost: ${lost}`]
      this.#writer.packet(frame, { interface: index, time, direction, comments })
      if (this.#writer.length > CHUNK) this.#chunks.push(this.#writer.take())
    })
    this.#ends.push(end)
  }

  /** The file as it stands: a copy. */
  bytes(): Uint8Array {
    if (this.#writer.length > 0) this.#chunks.push(this.#writer.take())
    const length = this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    const file = new Uint8Array(length)
    let at = 0
    for (const chunk of this.#chunks) {
      file.set(chunk, at)
      at += chunk.length
    }
    return file
  }

  /** Sees no more frames, nor links. */
  stop(): void {
    this.#stopped = true
    for (const end of this.#ends) end()
  }
}
