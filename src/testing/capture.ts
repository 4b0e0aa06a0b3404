/** What passes links and what switches drop, as a pcapng file that can be read as it grows. */
import type { Keeper } from '../memento/keeper.js'
import { PcapngWriter } from '../packet/capture/pcapng-writer.js'
import { CaptureReader } from '../packet/capture/reader.js'
import type { CapturedPacket } from '../packet/capture/types.js'
import type { Timeline } from './clock/timeline.js'
import type { DropTap } from './drop-taps.js'
import type { LabSwitch } from './lab-switch.js'
import type { Link } from './link/link.js'
import type { Direction } from './link/settings.js'
import type { CapturedFrame } from './seeing/captured-frame.js'
import { captureText } from './seeing/text.js'
import type { LabView } from './view.js'

/** The lab's clock begins in 1970, as far as a file is concerned: the same run gives the same file. */
const NANOSECONDS = 1e6

/** Blocks are gathered in memory of about that much. */
const CHUNK = 1 << 20

/** What an interface of the file is: a link, or a port of a switch whose drops are told. */
interface Place {
  readonly link: string | null
  readonly switch: string | null
  /** Of what came by the port; on a link the packet has it. */
  readonly direction?: Direction
}

export class LabCapture {
  readonly #writer = new PcapngWriter()
  readonly #chunks: Uint8Array[] = []
  readonly #ends: (() => void)[] = []
  readonly #places: Place[] = []
  /** Interfaces of drops, by switch and port. */
  readonly #ports = new Map<string, number>()
  #reader = new CaptureReader()
  /** Chunks that the reader was given. */
  #given = 0
  #read: readonly CapturedFrame[] = []
  #stopped = false

  /** @internal Use `lab.capture()`. */
  constructor(
    private readonly clock: Timeline,
    /** @internal */
    readonly lab: LabView,
  ) {
    this.#writer.section({ application: 'Linkspan' })
  }

  /** @internal Frames of one more link, as its first end sees them: a host's, or an uplink's. */
  add(link: Link): void {
    if (this.#stopped) return
    const index = this.#interface(link.name, { link: link.name, switch: null })
    const end = link.tap((frame, direction, lost) => {
      this.#write(
        frame,
        index,
        direction === 'out' ? 'transmit' : 'receive',
        lost && `lost: ${lost}`,
      )
    })
    this.#ends.push(end)
  }

  /** @internal Frames that a switch drops on their way in. */
  addDrops(of: LabSwitch): void {
    if (this.#stopped) return
    const tap: DropTap = ({ frame, port, link, direction, reason }) => {
      const name = `${of.name}:${port}`
      const index =
        this.#ports.get(name) ?? this.#interface(name, { link, switch: of.name, direction })
      this.#ports.set(name, index)
      this.#write(frame, index, 'receive', `dropped: ${reason}`)
    }
    this.#ends.push(of.tapDrops(tap))
  }

  #interface(name: string, place: Place): number {
    this.#writer.interface({ name })
    return this.#places.push(place) - 1
  }

  #write(
    frame: Uint8Array,
    index: number,
    direction: 'transmit' | 'receive',
    comment: string | undefined,
  ): void {
    const time = BigInt(Math.round(this.clock.now * NANOSECONDS))
    const comments = comment === undefined ? undefined : [comment]
    this.#writer.packet(frame, { interface: index, time, direction, comments })
    if (this.#writer.length > CHUNK) this.#take()
  }

  #take(): void {
    if (this.#writer.length > 0) this.#chunks.push(this.#writer.take())
  }

  /** The file as it stands: a copy. */
  bytes(): Uint8Array {
    this.#take()
    const length = this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    const file = new Uint8Array(length)
    let at = 0
    for (const chunk of this.#chunks) {
      file.set(chunk, at)
      at += chunk.length
    }
    return file
  }

  /** What has passed or was dropped until now, in that order. Made of the file when it is asked for. */
  get frames(): readonly CapturedFrame[] {
    this.#take()
    const fresh: CapturedFrame[] = []
    for (; this.#given < this.#chunks.length; this.#given++) {
      this.#reader.push(this.#chunks[this.#given] as Uint8Array)
      for (let one = this.#reader.next(); one; one = this.#reader.next())
        fresh.push(this.#frame(one))
    }
    if (fresh.length > 0) this.#read = [...this.#read, ...fresh]
    return this.#read
  }

  #frame({ frame, time = 0n, comments, direction, interface: { index } }: CapturedPacket) {
    const { link, switch: by, ...place } = this.#places[index] as Place
    const [comment] = comments
    return {
      time: Number(time) / NANOSECONDS,
      link,
      direction: place.direction ?? (direction === 'transmit' ? 'out' : 'in'),
      switch: by,
      lost: comment === undefined ? null : comment.slice(comment.indexOf(' ') + 1),
      octets: frame,
    }
  }

  /** A line a frame: milliseconds, link, direction, the frame as tcpdump prints it, and why it was lost. */
  text(): string {
    return captureText(this.frames)
  }

  toString(): string {
    return this.text()
  }

  /** Sees no more frames, nor links. */
  stop(): void {
    this.#stopped = true
    for (const end of this.#ends) end()
  }

  /** What was seen since is forgotten. A hash does not count who looks on. @internal */
  keep(keeper: Keeper): void {
    this.#take()
    const [chunks, ends, places] = [[...this.#chunks], [...this.#ends], [...this.#places]]
    const ports = [...this.#ports]
    keeper.handles([this.#stopped], (stopped) => {
      this.#stopped = stopped
      this.#writer.take()
      this.#chunks.splice(0, Infinity, ...chunks)
      this.#ends.splice(0, Infinity, ...ends)
      this.#places.splice(0, Infinity, ...places)
      this.#ports.clear()
      for (const [name, index] of ports) this.#ports.set(name, index)
      this.#reader = new CaptureReader()
      this.#given = 0
      this.#read = []
    })
  }
}
