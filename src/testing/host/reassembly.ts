/**
 * Fragments put together (RFC 791 3.2, RFC 8200 4.5). Bounded in number and time; fragments that overlap
 * void their packet (RFC 5722), since nobody sends such in good faith.
 */

import type { Keeper } from '../../memento/keeper.js'
import type { Timer } from '../clock/clock.js'
import type { Timeline } from '../clock/timeline.js'

/** Packets of which a part is there; of more, the oldest is given up. */
const PACKETS = 64
/** RFC 8200 4.5; RFC 1122 3.3.2 says 60 to 120 seconds. */
const TIMEOUT_MS = 60_000

interface Part {
  offset: number
  bytes: Uint8Array
}

interface Packet {
  readonly parts: Part[]
  /** Octets of the whole; unknown until the last fragment came. */
  length: number | undefined
  timer: Timer
}

export interface Fragment {
  offset: number
  more: boolean
  /** Copied. */
  payload: Uint8Array
}

export class Reassembly {
  readonly #packets = new Map<string, Packet>()

  constructor(
    private readonly clock: Timeline,
    /** Octets that a payload may have. */
    private readonly most: number,
  ) {}

  /** The whole payload where this was the last part that was missing. @param key of the packet */
  add(key: string, { offset, more, payload }: Fragment): Uint8Array | undefined {
    const packet = this.#packets.get(key) ?? this.#begin(key)
    const end = offset + payload.length
    const isWrong =
      end > this.most ||
      (more && payload.length % 8 !== 0) ||
      (!more && packet.length !== undefined && packet.length !== end) ||
      overlaps(packet.parts, offset, end)
    if (isWrong) {
      // The same once more is what networks that duplicate do.
      if (!isRepeat(packet.parts, offset, payload.length)) this.#end(key)
      return undefined
    }
    if (!more) packet.length = end
    packet.parts.push({ offset, bytes: payload.slice() })
    const have = packet.parts.reduce((sum, part) => sum + part.bytes.length, 0)
    if (have !== packet.length) return undefined
    this.#end(key)
    return joined(packet.parts, packet.length)
  }

  #begin(key: string): Packet {
    if (this.#packets.size === PACKETS) this.#end(this.#packets.keys().next().value as string)
    const timer = this.clock.after(TIMEOUT_MS, () => this.#end(key), 'background')
    const packet: Packet = { parts: [], length: undefined, timer }
    this.#packets.set(key, packet)
    return packet
  }

  #end(key: string): void {
    this.#packets.get(key)?.timer.cancel()
    this.#packets.delete(key)
  }

  close(): void {
    for (const key of [...this.#packets.keys()]) this.#end(key)
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.map(this.#packets, (packet) => {
      keeper.record(packet)
      keeper.list(packet.parts)
    })
  }
}

function overlaps(parts: readonly Part[], start: number, end: number): boolean {
  return parts.some(({ offset, bytes }) => start < offset + bytes.length && offset < end)
}

function isRepeat(parts: readonly Part[], start: number, length: number): boolean {
  return parts.some(({ offset, bytes }) => offset === start && bytes.length === length)
}

function joined(parts: readonly Part[], length: number): Uint8Array {
  const whole = new Uint8Array(length)
  for (const { offset, bytes } of parts) whole.set(bytes, offset)
  return whole
}
