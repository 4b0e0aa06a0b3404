/** Segments of one connection, written: the header and its options once, whoever sends. */

import type { Keeper } from '../../memento/keeper.js'
import type { Context } from './context.js'
import type { Ends } from './errors.js'
import { put16, put32 } from './octets.js'
import {
  MSS,
  SACK,
  SACK_BLOCKS,
  SACK_PERMITTED,
  sackOctets,
  TIMESTAMPS,
  TIMESTAMPS_OCTETS,
  WINDOW_SCALE,
} from './options.js'
import { pass } from './pass.js'
import type { Receiver } from './receiver.js'
import type { Ring } from './ring.js'
import { ACK, HEADER, RST, SYN } from './segment.js'
import { Timer } from './timer.js'
import type { Timestamps } from './timestamps.js'

const NOP = 1

/** What a SYN offers; in an answer, what of it both want. */
export interface Offer {
  mss: number
  /** -1: none. */
  windowScale: number
  sack: boolean
  timestamps: boolean
}

export class Output {
  /** Both ends speak SACK. */
  sack = false
  readonly #blocks: number[] = []
  readonly #ackTimer: Timer
  segments = 0

  constructor(
    readonly context: Context,
    readonly ends: Ends,
    readonly initial: number,
    readonly receiver: Receiver,
    readonly timestamps: Timestamps,
  ) {
    this.#ackTimer = new Timer(context.network.clock, () => this.acknowledge())
  }

  /** Octets of options that a segment with data has now; no more payload fits than what they leave. */
  get optionOctets(): number {
    const stamps = this.timestamps.enabled ? TIMESTAMPS_OCTETS : 0
    return this.receiver.hasHoles ? stamps + sackOctets(this.#findBlocks()) : stamps
  }

  #findBlocks(): number {
    if (!this.sack) return 0
    const most = this.timestamps.enabled ? SACK_BLOCKS - 1 : SACK_BLOCKS
    return this.receiver.sack(this.#blocks, most)
  }

  /** Sends `length` octets of a ring from `position` on, with an ACK. */
  send(position: number, flags: number, length = 0, ring?: Ring): void {
    const stamps = this.timestamps.enabled ? TIMESTAMPS_OCTETS : 0
    const blocks = this.receiver.hasHoles ? this.#findBlocks() : 0
    const header = HEADER + stamps + sackOctets(blocks)
    const bytes = this.context.buffers.take(header + length)
    this.#header(bytes, position, flags | ACK, header)
    put32(bytes, 8, this.receiver.acknowledgment)
    put16(bytes, 14, this.receiver.advertise())
    if (stamps > 0) this.#stamps(bytes, HEADER)
    if (blocks > 0) this.#sack(bytes, HEADER + stamps, blocks)
    if (ring !== undefined) ring.read(position, bytes, header, length)
    this.#ackTimer.rest()
    this.#pass(bytes)
  }

  #header(bytes: Uint8Array, position: number, flags: number, header: number): void {
    put16(bytes, 0, this.ends.localPort)
    put16(bytes, 2, this.ends.remotePort)
    put32(bytes, 4, (this.initial + position) >>> 0)
    bytes[12] = header << 2
    bytes[13] = flags
  }

  /** `NOP NOP 8 10 value echo` (RFC 7323 appendix A). */
  #stamps(bytes: Uint8Array, at: number): void {
    put32(bytes, at, (NOP << 24) | (NOP << 16) | (TIMESTAMPS << 8) | 10)
    put32(bytes, at + 4, this.timestamps.now)
    put32(bytes, at + 8, this.timestamps.recent)
  }

  #sack(bytes: Uint8Array, start: number, blocks: number): void {
    put32(bytes, start, (NOP << 24) | (NOP << 16) | (SACK << 8) | (2 + 8 * blocks))
    for (let index = 0; index < 2 * blocks; index++) {
      const position = this.#blocks[index] as number
      put32(bytes, start + 4 + 4 * index, this.receiver.sequence(position))
    }
  }

  #pass(bytes: Uint8Array): void {
    this.segments++
    pass(this.context, this.ends.localAddress, this.ends.remoteAddress, bytes)
  }

  /** A SYN, or where the other end's has come a SYN with an ACK. */
  synchronize(offer: Offer): void {
    const options: number[] = [MSS, 4, offer.mss >>> 8, offer.mss & 0xff]
    if (offer.sack) options.push(NOP, NOP, SACK_PERMITTED, 2)
    if (offer.windowScale >= 0) options.push(NOP, WINDOW_SCALE, 3, offer.windowScale)
    const stamps = HEADER + options.length
    const header = stamps + (offer.timestamps ? TIMESTAMPS_OCTETS : 0)
    const bytes = this.context.buffers.take(header)
    const isAnswer = this.receiver.next > 0
    this.#header(bytes, 0, isAnswer ? SYN | ACK : SYN, header)
    if (isAnswer) put32(bytes, 8, this.receiver.acknowledgment)
    // The window of a SYN is never scaled (RFC 7323 2.2).
    put16(bytes, 14, this.receiver.advertise(0))
    bytes.set(options, HEADER)
    if (offer.timestamps) this.#stamps(bytes, stamps)
    this.#pass(bytes)
  }

  /** Tells the other end that it is over. */
  reset(position: number): void {
    const bytes = this.context.buffers.take(HEADER)
    this.#header(bytes, position, RST | ACK, HEADER)
    put32(bytes, 8, this.receiver.acknowledgment)
    this.context.counters.resetsSent++
    this.#pass(bytes)
  }

  /** Where the sender is; of ACKs without data. */
  position = 0

  /** Sends an ACK now. */
  acknowledge(): void {
    this.send(this.position, ACK)
  }

  /** Sends an ACK after a while, if nothing else takes it along. */
  acknowledgeLater(ms: number): void {
    if (ms === 0) this.acknowledge()
    else if (!this.#ackTimer.isSet) this.#ackTimer.set(ms)
  }

  stop(): void {
    this.#ackTimer.stop()
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.part(this.#ackTimer)
    keeper.values([this.sack, this.segments, this.position], (...kept) => {
      ;[this.sack, this.segments, this.position] = kept
    })
  }
}
