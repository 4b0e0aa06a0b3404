/**
 * Takes in what was received and says, frame by frame, what became of the stream: what came twice, late,
 * damaged, and after what time. Its memory is bounded and taken at the start; a frame allocates nothing.
 *
 * Reordering is that of RFC 4737: a frame is reordered if its sequence number is below the next one
 * that is expected, the highest so far and one (section 3.3), and its extent (4.2.1) is how many frames
 * of the flow came from the first that overtook it to itself. Duplicates are taken out before.
 */
import { checkOf, HEADER, HEADER_SIZE, MAGIC, WORD } from './header.js'
import { Histogram } from './histogram.js'
import { type Stream, sentOf } from './stream.js'

/** Bits that say which of a flow's latest frames have come, of all flows together. */
const WINDOW_BITS = 2 ** 27
const WINDOW_MIN = 64
const WINDOW_MAX = 65_536

/** The latest gaps, of all flows: where a late frame finds who overtook it. */
const GAPS = 4096
/** How many are looked through for one. */
const GAPS_SEEN = 1024

/** Tags that somebody put on or took off, on the way: octets by which the payload may have moved. */
const MOVES = [0, 4, -4, 8, -8] as const

export interface LossView {
  lost: number
  /** Flows of which a frame is missing. */
  flows: number
}

export class Recorder {
  /** Stamped frames of the stream, each once. Of a stream without stamps: all that came. */
  unique = 0
  octets = 0
  duplicates = 0
  reordered = 0
  /** Came so late that it cannot be told from a duplicate; counts as lost. */
  tooLate = 0
  /** With another payload than was sent. */
  corrupted = 0
  /** Of nobody's stream, or another's. */
  foreign = 0
  /** All that came and was looked at. */
  seen = 0
  /** Arrival of the first and the last frame, nanoseconds. */
  first = Number.NaN
  last = Number.NaN
  readonly latency = new Histogram()
  readonly extent = new Histogram()
  /** Frames of a flow between the first and the last that a duplicate is told from a late frame by. */
  readonly window: number
  readonly #mask: number
  readonly #stream: Stream
  readonly #view: DataView
  readonly #words: Int32Array
  /** Where the payload may begin, the likeliest first. */
  readonly #offsets: readonly number[]
  /** Octets from the payload's beginning → what is behind its header, as words. */
  readonly #tails = new Map<number, Tail>()
  readonly #next: Float64Array
  readonly #unique: Float64Array
  readonly #seen: Int32Array
  readonly #gaps = new Gaps()

  /** @param memory what the frames are in */
  constructor(stream: Stream, memory: ArrayBuffer) {
    const { flows, templates } = stream
    this.#stream = stream
    this.#view = new DataView(memory)
    this.#words = new Int32Array(memory)
    const share = 2 ** Math.floor(Math.log2(WINDOW_BITS / flows))
    this.window = Math.min(WINDOW_MAX, Math.max(WINDOW_MIN, share))
    this.#mask = this.window - 1
    const state = stream.stamp ? flows : 0
    this.#next = new Float64Array(state)
    this.#unique = new Float64Array(state)
    this.#seen = new Int32Array((state * this.window) / 32)
    const payloads = new Set(stream.stamp ? templates.map(({ payload }) => payload) : [])
    this.#offsets = [...payloads].flatMap((payload) => MOVES.map((move) => payload + move))
    for (const { frame, payload } of templates) {
      if (stream.stamp) this.#tails.set(frame.length - payload, tailOf(frame, payload))
    }
  }

  /**
   * A frame that lies in the memory.
   *
   * @param address 2 modulo 4, so that what is behind its Ethernet header is aligned
   * @param time of its arrival, nanoseconds of the clock that its stamp is of
   */
  record(address: number, length: number, time: number): void {
    this.seen++
    if (!this.#stream.stamp) {
      this.unique++
      this.#arrived(length, time)
      return
    }
    const payload = this.#find(address, length)
    if (payload < 0) this.foreign++
    else this.#recordStamped(payload, address + length - payload, length, time)
  }

  #arrived(length: number, time: number): void {
    this.octets += length
    if (Number.isNaN(this.first)) this.first = time
    this.last = time
  }

  /** Where the payload is; -1 in what is not of our stream. */
  #find(address: number, length: number): number {
    const view = this.#view
    const offsets = this.#offsets
    for (let at = 0; at < offsets.length; at++) {
      const offset = offsets[at] as number
      if (offset < 14 || offset + HEADER_SIZE > length) continue
      const payload = address + offset
      if (view.getUint32(payload) !== MAGIC) continue
      return view.getUint32(payload + HEADER.stream) === this.#stream.id ? payload : -1
    }
    return -1
  }

  #recordStamped(payload: number, octets: number, length: number, time: number): void {
    const view = this.#view
    const flow = view.getUint32(payload + HEADER.flow)
    const sequenceHigh = view.getUint32(payload + HEADER.sequence)
    const sequenceLow = view.getUint32(payload + HEADER.sequence + 4)
    const timeHigh = view.getUint32(payload + HEADER.time)
    const timeLow = view.getUint32(payload + HEADER.time + 4)
    const check = checkOf(this.#stream.id, flow, sequenceHigh, sequenceLow, timeHigh, timeLow)
    const whole = check === view.getUint32(payload + HEADER.check) && flow < this.#stream.flows
    if (!whole || !this.#isTail(payload + HEADER_SIZE, octets)) {
      this.corrupted++
      return
    }
    if (!this.#classify(flow, sequenceHigh * WORD + sequenceLow)) return
    this.#arrived(length, time)
    this.latency.record(time - (timeHigh * WORD + timeLow))
  }

  /** Whether what is behind the payload's header is what was sent. */
  #isTail(address: number, octets: number): boolean {
    const tail = this.#tails.get(octets)
    if (tail === undefined) return false
    const words = this.#words
    const start = address / 4
    let differing = 0
    for (let at = 0; at < tail.words.length; at++) {
      differing |= (words[start + at] as number) ^ (tail.words[at] as number)
    }
    const rest = address + tail.words.length * 4
    for (let at = 0; at < tail.rest.length; at++) {
      differing |= this.#view.getUint8(rest + at) ^ (tail.rest[at] as number)
    }
    return differing === 0
  }

  /** @returns false where it came before, or too late to say so */
  #classify(flow: number, sequence: number): boolean {
    const next = this.#next[flow] as number
    if (sequence >= next) {
      if (sequence > next) this.#skip(flow, next, sequence)
      this.#mark(flow, sequence)
      this.#next[flow] = sequence + 1
      return true
    }
    if (next - sequence > this.window) {
      this.tooLate++
      return false
    }
    if (this.#has(flow, sequence)) {
      this.duplicates++
      return false
    }
    this.#mark(flow, sequence)
    this.reordered++
    const overtaken = this.#gaps.arrivalOf(flow, sequence)
    if (overtaken >= 0) this.extent.record((this.#unique[flow] as number) - 1 - overtaken)
    return true
  }

  /** The frames from `next` to `sequence` have not come (yet). */
  #skip(flow: number, next: number, sequence: number): void {
    this.#gaps.add(flow, next, sequence, this.#unique[flow] as number)
    const from = Math.max(next, sequence - this.window)
    for (let missing = from; missing < sequence; missing++) {
      const bit = missing & this.#mask
      const word = (flow * this.window + bit) >>> 5
      this.#seen[word] = (this.#seen[word] as number) & ~(1 << (bit & 31))
    }
  }

  #mark(flow: number, sequence: number): void {
    const bit = sequence & this.#mask
    const word = (flow * this.window + bit) >>> 5
    this.#seen[word] = (this.#seen[word] as number) | (1 << (bit & 31))
    this.#unique[flow] = (this.#unique[flow] as number) + 1
    this.unique++
  }

  #has(flow: number, sequence: number): boolean {
    const bit = sequence & this.#mask
    const word = (flow * this.window + bit) >>> 5
    return ((this.#seen[word] as number) & (1 << (bit & 31))) !== 0
  }

  /** What is missing. @param sent frames that each part of the stream has sent */
  loss(sent: readonly number[]): LossView {
    const { flows, stamp } = this.#stream
    const all = sent.reduce((sum, frames) => sum + frames, 0)
    let count = 0
    for (let flow = 0; stamp && flow < flows; flow++) {
      if (sentOf(flows, flow, sent) > (this.#unique[flow] as number)) count++
    }
    return { lost: Math.max(0, all - this.unique), flows: count }
  }
}

/** What is behind the payload's header: whole words, and the octets that are left. */
interface Tail {
  words: Int32Array
  rest: Uint8Array
}

function tailOf(frame: Uint8Array, payload: number): Tail {
  const tail = frame.slice(payload + HEADER_SIZE)
  const words = new Int32Array(tail.buffer, 0, Math.floor(tail.length / 4))
  return { words, rest: tail.subarray(words.length * 4) }
}

/** The latest gaps, a ring of {flow, from, until, arrivals of the flow before it}. */
class Gaps {
  readonly #ring = new Float64Array(GAPS * 4)
  #count = 0

  add(flow: number, from: number, until: number, arrivals: number): void {
    const at = (this.#count++ % GAPS) * 4
    this.#ring[at] = flow
    this.#ring[at + 1] = from
    this.#ring[at + 2] = until
    this.#ring[at + 3] = arrivals
  }

  /** How many frames of the flow had come before the one that overtook this; -1 if that is forgotten. */
  arrivalOf(flow: number, sequence: number): number {
    const ring = this.#ring
    const oldest = Math.max(0, this.#count - GAPS_SEEN)
    for (let index = this.#count - 1; index >= oldest; index--) {
      const at = (index % GAPS) * 4
      const isOurs = ring[at] === flow
      if (isOurs && (ring[at + 1] as number) <= sequence && sequence < (ring[at + 2] as number)) {
        return ring[at + 3] as number
      }
    }
    return -1
  }
}
