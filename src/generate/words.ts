/** Rates, sizes and times as a person writes them for a stream. */
import { describe } from '../config/describe.js'
import { InvalidError } from '../error.js'
import { FRAME_MAX } from '../packet/hex.js'
import { ETHERNET_MIN } from './template.js'

export type Rate = 'max' | { frames: number } | { bits: number }

const UNITS: Record<string, number> = { '': 1, k: 1e3, M: 1e6, G: 1e9 }
const RATE = /^(\d{1,12}(?:\.\d{1,9})?)([kMG]?)(bit)?$/

/** `100k`, `1.5M`: frames a second. `1Gbit`, `64kbit`: bits a second, of frames without FCS. `max`. */
export function parseRate(text: string): Rate {
  if (text === 'max') return text
  const [, digits = '', unit = '', bit] = RATE.exec(text) ?? []
  const value = Number(digits) * (UNITS[unit] ?? 1)
  if (digits !== '' && value > 0) return bit === undefined ? { frames: value } : { bits: value }
  throw new InvalidError(
    describe(text),
    'more than 0 frames a second such as "100k", bits a second such as "1Gbit", or "max"',
  )
}

/** Small, middling and large as they are met with: 7, 4 and 1 of 12 (the "simple IMIX"). */
const IMIX = [60, 60, 590, 60, 590, 60, 1514, 60, 590, 60, 590, 60]

/**
 * `60`, `60,590,1514`, `imix`: octets without FCS, taken in turn.
 *
 * @param least of the smallest of the mix, where a frame of 60 would not do
 */
export function parseSizes(text: string, least: number): number[] {
  if (text === 'imix') return IMIX.map((size) => Math.max(size, least))
  const parts = text.split(',')
  const sizes = parts.map((part) => (/^\d{1,6}$/.test(part) ? Number(part) : Number.NaN))
  const fit = sizes.every((size) => size >= ETHERNET_MIN && size <= FRAME_MAX)
  if (fit && sizes.length <= SIZES_MAX) return sizes
  throw new InvalidError(
    describe(text),
    `octets of a frame without FCS, ${ETHERNET_MIN} to ${FRAME_MAX}, up to ${SIZES_MAX} such as "60,1514", or "imix"`,
  )
}

const SIZES_MAX = 256

const TIME_UNITS: Record<string, number> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
}

/** `10ms`, `250us`, `1.5s` to nanoseconds. More than 0. */
export function parseTime(text: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,9}(?:\.\d{1,9})?)([a-zµ]+)$/.exec(text) ?? []
  const value = Math.round(Number(digits) * (TIME_UNITS[unit] ?? 0))
  if (digits !== '' && value > 0) return value
  throw new InvalidError(
    describe(text),
    'more than 0 of a time with its unit (ns, us, ms, s, m, h) such as "10ms"',
  )
}
