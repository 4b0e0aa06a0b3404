/**
 * Options of the header: MSS (RFC 9293 3.7.1), window scale and timestamps (RFC 7323), SACK (RFC 2018).
 * What is not known is passed over.
 */
import { u16, u32 } from './octets.js'

export const MSS = 2
export const WINDOW_SCALE = 3
export const SACK_PERMITTED = 4
export const SACK = 5
export const TIMESTAMPS = 8
const END = 0
const NOP = 1

/** More do not fit into a header. */
export const SACK_BLOCKS = 4
/** RFC 7323 2.3. */
export const LARGEST_SCALE = 14
/** Octets of timestamps, padded as everybody pads them. */
export const TIMESTAMPS_OCTETS = 12
export const sackOctets = (blocks: number): number => (blocks === 0 ? 0 : 4 + 8 * blocks)

/** What the options of a segment say. */
export interface Options {
  mss: number
  windowScale: number
  sackPermitted: boolean
  hasTimestamps: boolean
  timestamp: number
  timestampEcho: number
  sackCount: number
  readonly sack: Uint32Array
}

export function clearOptions(options: Options): void {
  options.mss = 0
  options.windowScale = -1
  options.sackPermitted = false
  options.hasTimestamps = false
  options.sackCount = 0
}

/** @returns false where a length is wrong: of an option that is known, or beyond the header */
export function readOptions(
  options: Options,
  bytes: Uint8Array,
  start: number,
  end: number,
): boolean {
  for (let at = start; at < end; ) {
    const kind = bytes[at] as number
    if (kind === END) return true
    if (kind === NOP) {
      at++
      continue
    }
    const length = at + 1 < end ? (bytes[at + 1] as number) : 0
    if (length < 2 || at + length > end) return false
    if (!readOption(options, bytes, at, kind, length)) return false
    at += length
  }
  return true
}

function readOption(
  options: Options,
  bytes: Uint8Array,
  at: number,
  kind: number,
  length: number,
): boolean {
  switch (kind) {
    case MSS:
      options.mss = u16(bytes, at + 2)
      return length === 4
    case WINDOW_SCALE:
      options.windowScale = Math.min(bytes[at + 2] as number, LARGEST_SCALE)
      return length === 3
    case SACK_PERMITTED:
      options.sackPermitted = true
      return length === 2
    case SACK:
      return readSack(options, bytes, at, length)
    case TIMESTAMPS:
      options.hasTimestamps = true
      options.timestamp = u32(bytes, at + 2)
      options.timestampEcho = u32(bytes, at + 6)
      return length === 10
    default:
      return true
  }
}

function readSack(options: Options, bytes: Uint8Array, at: number, length: number): boolean {
  const count = (length - 2) / 4
  if (length < 10 || length > 34 || (length - 2) % 8 !== 0) return false
  for (let index = 0; index < count; index++) {
    options.sack[index] = u32(bytes, at + 2 + 4 * index)
  }
  options.sackCount = count
  return true
}
