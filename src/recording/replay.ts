/** Replays a recording on a dataplane of its own: the same calls on the same memory. */
import { MORE, RECEIVED_SIZE, VIRTIO_HEADER } from '../dataplane/abi.js'
import { Forwarder } from '../dataplane/forwarder.js'
import { hashMemory } from '../dataplane/image.js'
import { Manager } from '../dataplane/manager.js'
import { transmitted } from '../dataplane/transmitted.js'
import { calling, reading } from './damage.js'
import { type Entry, FRAME, frameSize, Kind, readEntry } from './entry.js'
import { type ExplainedFrame, explainFrame } from './explain.js'
import { type Names, type RecordingHead, recordingError } from './file.js'
import type { Difference, ReplayedFrame, ReplayResult } from './findings.js'
import { hashOfList } from './outputs.js'
import { attached, load, memoryFor } from './replay-memory.js'
import { namesOf } from './shape.js'
import { SCRATCH_USED } from './tap.js'

export type { ExplainedFrame } from './explain.js'
export type { Difference, ReplayedFrame, ReplayResult } from './findings.js'

export interface ReplaySource {
  module: WebAssembly.Module
  head: RecordingHead
  image: Uint8Array
  entries: Uint8Array
  state: string | null
  /** Its end is missing: the last entry may not be whole. */
  cut: boolean
}

type Calls = Record<string, (...given: number[]) => number>

export class Replay {
  readonly manager: Manager
  readonly memory: WebAssembly.Memory
  readonly module: WebAssembly.Module
  /** Called with every frame. */
  onFrame: ((frame: ReplayedFrame) => void) | undefined
  readonly #forwarders: Forwarder[]
  readonly #head: RecordingHead
  readonly #entries: DataView
  readonly #state: string | null
  readonly #cut: boolean
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #names: Names
  #at = 0
  #frames = 0
  #calls = 0
  #now: number
  #difference: Difference | undefined
  #differences = 0
  #trapped: string | undefined
  #unfinished: string | undefined

  /** @internal Use {@link Recording.replay}. */
  constructor({ module, head, image, entries, state, cut }: ReplaySource) {
    const memory = memoryFor(module, head, image)
    const attachment = { module, memory }
    this.module = module
    this.memory = memory
    load(memory, image)
    // Instances have no state but for what attaching writes, and that is taken back.
    this.manager = attached(() => new Manager(attachment, head.workers))
    this.#forwarders = Array.from(
      { length: head.workers },
      (_, worker) => new Forwarder(attachment, worker),
    )
    load(memory, image)
    this.#head = head
    this.#entries = new DataView(entries.buffer, entries.byteOffset, entries.length)
    this.#state = state
    this.#cut = cut
    this.#names = head.names
    this.#now = head.now
    this.#bytes = new Uint8Array(memory.buffer)
    this.#view = new DataView(memory.buffer)
  }

  /** The names of ports and domains by their numbers, as of now. */
  get names(): Names {
    return this.#names
  }

  get now(): number {
    return this.#now
  }

  /** Whether all was replayed. */
  get isAtEnd(): boolean {
    return this.#trapped !== undefined || !readEntry(this.#entries, this.#at)
  }

  /**
   * Goes on to the end, or to before the burst that has frame `until`.
   *
   * @param until how many frames may have come in, at most
   */
  run(until = Number.POSITIVE_INFINITY): ReplayResult {
    this.#reading(() => {
      while (this.#step(until));
      if (this.isAtEnd && this.#trapped === undefined) this.#checkEnd()
    })
    return {
      frames: this.#frames,
      now: this.#now,
      identical: this.#differences === 0,
      difference: this.#difference,
      differences: this.#differences,
      trapped: this.#trapped,
      unfinished: this.#unfinished,
    }
  }

  /** The frames that the next burst has: what comes in next. */
  next(): ReplayedFrame[] {
    return this.#reading(() => this.#next())
  }

  #next(): ReplayedFrame[] {
    for (let at = this.#at; ; ) {
      const entry = readEntry(this.#entries, at)
      if (!entry) return []
      if (this.#nameOf(entry) === 'process') return this.#received(entry)
      at = entry.end
    }
  }

  /** What would become of a frame that is still to come; the replay goes on to before its burst. */
  explain(frame: number): ExplainedFrame {
    const { frames } = this.run(frame)
    return this.#reading(() => explainFrame(this, frame, frames))
  }

  #reading<T>(task: () => T): T {
    return reading(() => this.#calls, task)
  }

  #step(until: number): boolean {
    const entry = this.#trapped === undefined && readEntry(this.#entries, this.#at)
    if (!entry) return false
    const isBurst = this.#nameOf(entry) === 'process'
    if (isBurst && this.#frames + entry.count > until) return false
    this.#at = entry.end
    if (entry.kind === Kind.NOTE) this.#note(entry)
    else if (entry.kind === Kind.CALL) {
      this.#call(entry)
      this.#calls++
    }
    return true
  }

  #nameOf({ kind, call }: Entry): string | undefined {
    return kind === Kind.CALL ? this.#head.calls[call] : undefined
  }

  #note({ rest, count }: Entry): void {
    const { buffer, byteOffset } = this.#entries
    const text = new TextDecoder().decode(new Uint8Array(buffer, byteOffset + rest, count))
    const names = namesOf(JSON.parse(text))
    if (!names) throw new RangeError('a note of no names')
    this.#names = names
  }

  #call(entry: Entry): void {
    const name = this.#nameOf(entry)
    const { worker } = entry
    const forwarder = this.#forwarders[worker]
    const exports = (forwarder ?? this.manager).exports as unknown as Calls
    const called = name !== undefined && Object.hasOwn(exports, name) ? exports[name] : undefined
    if (name === undefined || typeof called !== 'function')
      throw recordingError(`the recording calls ${name}, which is not there any more`)
    if (name === 'process') this.#receive(entry, forwarder as Forwarder)
    else if (entry.count > 0) this.#scratch(entry)
    if (name === 'process' || name === 'tick') this.#now = entry.given.at(-1) as number
    let result: number
    try {
      result = called(...entry.given) ?? 0
    } catch {
      this.#trapped = name
      if (!Number.isNaN(entry.result)) this.#differ(name, 'result', entry.result, Number.NaN)
      return
    }
    if (Number.isNaN(entry.result)) this.#unfinished = name
    else if (result !== entry.result) this.#differ(name, 'result', entry.result, result)
    if (name === 'process' || name === 'resume' || name === 'tick') {
      this.#sent(name, entry, forwarder as Forwarder, (result & ~MORE) >>> 0)
    }
  }

  #received({ given, rest, count }: Entry): ReplayedFrame[] {
    const [, port, , time] = given as [number, number, number, number]
    const frames: ReplayedFrame[] = []
    for (let [at, frame] = [rest, 0]; frame < count; frame++) {
      const length = this.#entries.getUint32(at + 4, true)
      const message = this.#octets(at + FRAME, VIRTIO_HEADER + length)
      const index = this.#frames + frame
      frames.push({ index, direction: 'receive', time, ...this.#port(port), ...split(message) })
      at += frameSize(length)
    }
    return frames
  }

  #octets(at: number, length: number): Uint8Array {
    return new Uint8Array(this.#entries.buffer, this.#entries.byteOffset + at, length)
  }

  #port(number: number) {
    return { number, port: this.#names.ports[number] ?? `#${number}` }
  }

  /** Puts a burst where it lay. */
  #receive(entry: Entry, { received }: Forwarder): void {
    if (entry.given[2] !== entry.count) throw new RangeError('a burst of another length')
    for (const frame of this.onFrame ? this.#received(entry) : []) this.#tell(frame)
    let at = entry.rest
    for (let frame = 0; frame < entry.count; frame++) {
      const [address, length] = [
        this.#entries.getUint32(at, true),
        this.#entries.getUint32(at + 4, true),
      ]
      const message = this.#octets(at + FRAME, VIRTIO_HEADER + length)
      this.#bytes.set(message, address - VIRTIO_HEADER)
      this.#view.setUint32(received + frame * RECEIVED_SIZE, address, true)
      this.#view.setUint32(received + frame * RECEIVED_SIZE + 4, length, true)
      at += frameSize(length)
    }
    this.#frames += entry.count
  }

  #tell(frame: ReplayedFrame): void {
    calling(() => this.onFrame?.(frame))
  }

  #scratch({ rest, count }: Entry): void {
    if (count > SCRATCH_USED) throw new RangeError('more than was recorded of scratch')
    const { scratch } = this.manager
    this.#bytes.set(this.#octets(rest, count), scratch.byteOffset)
  }

  #sent(name: string, { hash, result }: Entry, { transmit }: Forwarder, entries: number): void {
    const found = hashOfList(this.#view, transmit, entries)
    if (found !== hash && !Number.isNaN(result)) this.#differ(name, 'frames', hash, found)
    if (!this.onFrame) return
    for (const { ports, message } of transmitted(this.#view, transmit, entries)) {
      for (const port of ports) {
        const common = { index: undefined, direction: 'transmit', time: this.#now } as const
        this.#tell({ ...common, ...this.#port(port), ...split(message) })
      }
    }
  }

  #checkEnd(): void {
    if (!this.#cut && this.#at < this.#entries.byteLength) throw new RangeError('no whole entry')
    if (this.#state === null) return
    const { exports, workers } = this.manager
    const found = hashMemory({ memory: this.memory, exports, workers })
    if (found !== this.#state) this.#differ('the end', 'state', this.#state, found)
  }

  #differ(
    call: string,
    what: Difference['what'],
    recorded: number | string,
    replayed: number | string,
  ): void {
    this.#differences++
    const [frame, time] = [this.#frames, this.#now]
    this.#difference ??= { frame, time, call, what, recorded, replayed }
  }
}

function split(message: Uint8Array) {
  return { frame: message.subarray(VIRTIO_HEADER), header: message.subarray(0, VIRTIO_HEADER) }
}
