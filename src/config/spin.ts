/** How long a worker looks for frames before it sleeps: text with a unit, such as `200us`. */
import { parseQuantity, quantityPattern } from './quantity.js'

const UNITS = { us: 1, ms: 1000 }

/** Longer than any answer that is worth waiting for awake. */
const SPIN_MAX = 10_000

export const SPIN_PATTERN = quantityPattern(UNITS)
export const SPIN = '"auto" or a time with its unit (us, ms) such as "200us", at most 10ms'

/** `200us`, `1ms` to microseconds. @throws InvalidError */
export function parseSpin(text: string): number {
  return parseQuantity(text, UNITS, SPIN)
}

export function isSpin(text: string): boolean {
  try {
    return parseSpin(text) <= SPIN_MAX
  } catch {
    return false
  }
}
