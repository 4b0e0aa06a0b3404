/**
 * Makes up batches of frames in a memory of its own, by what differs from the template: headers are
 * written, what is behind them is shared by all. One call a batch; nothing is allocated.
 *
 *   clock │ list │ slot │ slot │ … │ frame of template 0 │ frame of template 1 │ …
 *           ├ head ──┘                ┌───────┘
 *           └ body ───────────────────┘
 *
 * Before each head and each frame are 12 octets of zeros: the virtio header that a TAP wants.
 */
import { checkOf, HEADER, MAGIC, WORD } from './header.js'
import { type Part, type Stream, shareOf, templateOf, WHOLE } from './stream.js'
import type { Template } from './template.js'

/** Frames of a batch at most (OUTBOUND_MAX of native/abi.h). */
export const BATCH_MAX = 256
/** Octets of an entry of the list: u32 head, its length, body, its length, as the machine has them. */
const ENTRY = 16
export const VIRTIO_HEADER = 12
/** A frame of up to so many octets lies in its slot whole: one piece costs the kernel less than two. */
const WHOLE_MAX = 256
const SLOT_FRAME = 16
/** Room for the longest head as well: Ethernet, two tags, IPv6, TCP and the payload's header are 114. */
const SLOT = SLOT_FRAME + WHOLE_MAX
/** Where the time is written, an f64. */
export const CLOCK = 0
export const LIST = 64
const SLOTS = LIST + BATCH_MAX * ENTRY
const FRAMES = SLOTS + BATCH_MAX * SLOT

/** Where the frames begin that are sent; how many octets of memory all take. */
function place(templates: readonly Template[]): { starts: number[]; size: number } {
  const starts: number[] = []
  let at = FRAMES
  for (const { frame } of templates) {
    starts.push(at + SLOT_FRAME)
    at += SLOT_FRAME + ((frame.length + 15) & ~15)
  }
  return { starts, size: at }
}

export class Filler {
  readonly memory: ArrayBuffer
  readonly #stream: Stream
  readonly #starts: readonly number[]
  readonly #bytes: Uint8Array
  readonly #view: DataView
  readonly #list: Uint32Array
  /** Of the virtio header that goes along: 12 for a TAP, else 0. */
  readonly #before: number
  /** Which template a slot has the head of. */
  readonly #heads = new Int32Array(BATCH_MAX).fill(-1)
  readonly #part: Part
  /** Of this part. */
  readonly #flows: number
  /** The flow of the next frame, and its sequence number. */
  #flow = 0
  #sequence = 0

  constructor(stream: Stream, before: number, part = WHOLE) {
    const { starts, size } = place(stream.templates)
    this.memory = new ArrayBuffer(size)
    this.#stream = stream
    this.#starts = starts
    this.#before = before
    this.#part = part
    this.#flows = shareOf(stream.flows, part)
    this.#bytes = new Uint8Array(this.memory)
    this.#view = new DataView(this.memory)
    this.#list = new Uint32Array(this.memory, LIST, (BATCH_MAX * ENTRY) / 4)
    for (const [index, { frame }] of stream.templates.entries()) {
      this.#bytes.set(frame, starts[index] as number)
    }
  }

  /**
   * Lists frames k to k + count of this part.
   *
   * @param time nanoseconds, which go into their stamps
   * @returns octets of them together
   */
  fill(k: number, count: number, time: number): number {
    const { templates, flows } = this.#stream
    const { index, of } = this.#part
    const within = k % this.#flows
    this.#flow = index + within * of
    this.#sequence = (k - within) / this.#flows
    const timeHigh = Math.floor(time / WORD)
    const timeLow = time - timeHigh * WORD
    let octets = 0
    for (let slot = 0; slot < count; slot++) {
      const which = templateOf(this.#stream, this.#flow, this.#sequence)
      const template = templates[which] as Template
      octets += template.frame.length
      if (template.payload < 0 && template.checksum < 0 && this.#stream.macs === 1) {
        this.#listWhole(slot, which, template)
      } else {
        this.#head(slot, which, template)
        this.#write(SLOTS + slot * SLOT + SLOT_FRAME, template, timeHigh, timeLow)
      }
      this.#flow += of
      if (this.#flow >= flows) {
        this.#flow = index
        this.#sequence++
      }
    }
    return octets
  }

  /** Octets of frame k of this part. */
  sizeOf(k: number): number {
    const within = k % this.#flows
    const flow = this.#part.index + within * this.#part.of
    const which = templateOf(this.#stream, flow, (k - within) / this.#flows)
    return (this.#stream.templates[which] as Template).frame.length
  }

  /** Octets of the frame at a place of the list, in two pieces of the memory. */
  copy(slot: number, to: Uint8Array): Uint8Array {
    const [head = 0, headLength = 0, body = 0, bodyLength = 0] = this.#list.subarray(slot * 4)
    to.set(this.#bytes.subarray(head + this.#before, head + headLength))
    to.set(this.#bytes.subarray(body, body + bodyLength), headLength - this.#before)
    return to.subarray(0, headLength - this.#before + bodyLength)
  }

  /** A frame in which nothing differs, as it lies there. */
  #listWhole(slot: number, which: number, { frame }: Template): void {
    this.#enter(slot, this.#starts[which] as number, frame.length, 0, 0)
    this.#heads[slot] = -1
  }

  #head(slot: number, which: number, { frame, head: least }: Template): void {
    if (this.#heads[slot] === which) return
    const head = frame.length <= WHOLE_MAX ? frame.length : least
    const from = this.#starts[which] as number
    const to = SLOTS + slot * SLOT + SLOT_FRAME
    this.#bytes.copyWithin(to, from, from + head)
    this.#enter(slot, to, head, from + head, frame.length - head)
    this.#heads[slot] = which
  }

  #enter(slot: number, head: number, length: number, body: number, bodyLength: number): void {
    const list = this.#list
    list[slot * 4] = head - this.#before
    list[slot * 4 + 1] = length + this.#before
    list[slot * 4 + 2] = body
    list[slot * 4 + 3] = bodyLength
  }

  /** All that differs, and the checksums. */
  #write(at: number, template: Template, timeHigh: number, timeLow: number): void {
    const { macs, ports, stamp } = this.#stream
    const flow = this.#flow
    const view = this.#view
    if (macs > 1) view.setUint32(at + template.mac, template.macBase + (flow % macs))
    const sum = stamp ? this.#stamp(at + template.payload, timeHigh, timeLow) : 0
    if (template.checksum < 0) return
    const which = flow % ports
    const address = template.addressBase + (flow - which) / ports
    const port = template.portBase + which
    view.setUint32(at + template.address, address)
    view.setUint16(at + template.port, port)
    const words = (address >>> 16) + (address & 0xffff)
    if (template.ipChecksum >= 0) {
      view.setUint16(at + template.ipChecksum, complement(template.ipSum + words))
    }
    const covered = template.sum + port + sum + (template.pseudo ? words : 0)
    const checksum = complement(covered)
    view.setUint16(at + template.checksum, checksum === 0 && template.udp ? 0xffff : checksum)
  }

  /** The payload's header. @returns the sum of its words of 16 bits, not folded */
  #stamp(at: number, timeHigh: number, timeLow: number): number {
    const { id } = this.#stream
    const view = this.#view
    const flow = this.#flow
    const high = Math.floor(this.#sequence / WORD)
    const low = this.#sequence - high * WORD
    const check = checkOf(id, flow, high, low, timeHigh, timeLow)
    view.setUint32(at, MAGIC)
    view.setUint32(at + HEADER.stream, id)
    view.setUint32(at + HEADER.flow, flow)
    view.setUint32(at + HEADER.check, check)
    view.setUint32(at + HEADER.sequence, high)
    view.setUint32(at + HEADER.sequence + 4, low)
    view.setUint32(at + HEADER.time, timeHigh)
    view.setUint32(at + HEADER.time + 4, timeLow)
    const sums = halves(MAGIC) + halves(id) + halves(flow) + halves(check)
    return sums + halves(high) + halves(low) + halves(timeHigh) + halves(timeLow)
  }
}

/** The two words of 16 bits of one of 32, added. */
function halves(word: number): number {
  return (word >>> 16) + (word & 0xffff)
}

/** Of a sum below 2^32: folded and complemented (RFC 1071). */
function complement(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16)
  return ~((once & 0xffff) + (once >>> 16)) & 0xffff
}
