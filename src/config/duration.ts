/**
 * Durations: text with a unit in config (`300s`), milliseconds in the API and inside. A bare number
 * in a config file is an error, since nobody can tell whether its writer meant seconds.
 */
import { formatQuantity, parseQuantity, quantityPattern } from './quantity.js'

const UNITS = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

export const DURATION_PATTERN = quantityPattern(UNITS)
export const DURATION = 'a duration with its unit (ms, s, m, h, d) such as "300s"'

/** `300s`, `5m`, `250ms`, `1h`, `2d`, `1.5s` to milliseconds. @throws InvalidError */
export function parseDuration(text: string): number {
  return parseQuantity(text, UNITS, DURATION)
}

/** Milliseconds, whole, 0 or more, to text that {@link parseDuration} reads back. */
export function formatDuration(milliseconds: number): string {
  return formatQuantity(milliseconds, UNITS)
}
