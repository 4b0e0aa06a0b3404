/** Rates of bits: a number of bits a second, or text with a decimal unit in config (`100M`). */
import { formatQuantity, parseQuantity, type Units } from './quantity.js'

/** Powers of ten, as everywhere where bits a second are counted; a bare number is bits a second. */
const UNITS = { '': 1, k: 1e3, M: 1e6, G: 1e9 }

/** How rates are written: with which units, and what to say when one is not. */
export interface RateWords {
  readonly units: Units
  readonly expected: string
}

export const PORT_RATE: RateWords = {
  units: UNITS,
  expected: 'bits a second, a number or with its unit (k, M, G) such as "100M"',
}

/** With what people know from `tc`; in capitals or not, since nobody means a thousandth of a bit. */
export const LINK_RATE: RateWords = {
  units: { ...UNITS, bit: 1, kbit: 1e3, mbit: 1e6, Mbit: 1e6, gbit: 1e9, Gbit: 1e9 },
  expected: 'bits a second, a number or with its unit (k, M, G, kbit, Mbit, Gbit) such as "10Mbit"',
}

/** `10k`, `100M`, `2.5G`, `64000` to bits a second. @throws InvalidError */
export function parseRate(text: string, { units, expected }: RateWords = PORT_RATE): number {
  return parseQuantity(text, units, expected)
}

/** Bits a second, whole, 0 or more, to text that {@link parseRate} reads back. */
export function formatRate(bits: number): string {
  return formatQuantity(bits, UNITS)
}
