/** Rates of bits: a number of bits a second, or text with a decimal unit in config (`100M`). */
import { formatQuantity, parseQuantity, quantityPattern } from './quantity.js'

/** Powers of ten, as everywhere where bits a second are counted; a bare number is bits a second. */
const UNITS = { '': 1, k: 1e3, M: 1e6, G: 1e9 }

export const RATE_PATTERN = quantityPattern(UNITS)
export const RATE = 'bits a second, a number or with its unit (k, M, G) such as "100M"'

/** `10k`, `100M`, `2.5G`, `64000` to bits a second. @throws InvalidError */
export function parseRate(text: string): number {
  return parseQuantity(text, UNITS, RATE)
}

/** Bits a second, whole, 0 or more, to text that {@link parseRate} reads back. */
export function formatRate(bits: number): string {
  return formatQuantity(bits, UNITS)
}
