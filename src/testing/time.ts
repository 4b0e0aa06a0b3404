/** Times as a test writes them. */
import { describe } from '../config/describe.js'
import { DURATION, parseDuration } from '../config/duration.js'
import { InvalidError } from '../error.js'

/** `'30s'`, `'10ms'`; a number is milliseconds, fractions allowed. */
export type Duration = string | number

/** Milliseconds: the longest that a timer can be in Node and in browsers. */
export const TIMEOUT_MAX = 2 ** 31 - 1

/** Milliseconds. @throws InvalidError */
export function milliseconds(duration: Duration): number {
  if (typeof duration === 'string') return parseDuration(duration)
  if (typeof duration === 'number' && duration >= 0 && duration < Infinity) return duration
  const found = typeof duration === 'number' ? String(duration) : describe(duration)
  throw new InvalidError(found, `${DURATION}, or milliseconds as a number, 0 or more`)
}
