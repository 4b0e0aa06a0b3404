/** A number with a unit, as text: what durations and sizes have in common. */
import { InvalidError } from '../error.js'
import { describe } from './describe.js'

/** Unit to its worth in the base unit, smallest first; the first has the worth 1, and may be ''. */
export type Units = Readonly<Record<string, number>>

/** The text form, for a schema: digits, a decimal fraction if you like, a unit; no spaces. */
export function quantityPattern(units: Units): RegExp {
  return new RegExp(`^\\d{1,15}(\\.\\d{1,9})?(${Object.keys(units).join('|')})$`)
}

/** @returns base units, a whole number. @throws InvalidError */
export function parseQuantity(text: string, units: Units, expected: string): number {
  const match = quantityPattern(units).exec(text)
  const unit = match?.[2]
  if (unit === undefined) throw new InvalidError(describe(text), expected)
  const digits = text.slice(0, text.length - unit.length)
  const value = Number(digits) * (units[unit] as number)
  // 1.1 s is 1100.0000000000002 ms in floating point and must pass; half a millisecond must not.
  const whole = Math.round(value)
  if (Math.abs(value - whole) <= whole * 1e-12 && Number.isSafeInteger(whole)) return whole
  const smallest = Object.keys(units)[0] || 'units'
  throw new InvalidError(describe(text), `${expected}, of a whole number of ${smallest}`)
}

/** In the largest unit that divides it; whole and 0 or more. */
export function formatQuantity(value: number, units: Units): string {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new InvalidError(String(value), 'a whole number, 0 or more')
  }
  const fitting = Object.entries(units).filter(([, worth]) => value % worth === 0 && value >= worth)
  const [unit, worth] = fitting.at(-1) ?? [Object.keys(units)[0], 1]
  return `${value / worth}${unit}`
}
