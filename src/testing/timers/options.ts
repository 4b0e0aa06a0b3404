/** What a lab is asked for as to the program's timers. */
import { describe } from '../../config/describe.js'
import { InvalidError } from '../../error.js'
import type { ClockMode } from '../clock/pump.js'

/** `fake`: on the lab's clock, which begins at a date: 2000-01-01T00:00:00Z if left out. */
export type TimersOption = 'fake' | { date: Date | string | number }

const BEGINNING = Date.UTC(2000, 0, 1)

/** Milliseconds since 1970 where the lab begins. @throws InvalidError */
export function epochOf(timers: TimersOption, clock: ClockMode): number {
  if (clock === 'real') {
    const why = 'these are on the lab\'s clock, and "real" is the computer\'s already'
    throw new InvalidError('timers with clock "real"', `clock "auto" or "manual": ${why}`)
  }
  if (timers === 'fake') return BEGINNING
  const date: unknown = typeof timers === 'object' ? timers?.date : undefined
  const epoch = date === undefined ? Number.NaN : new Date(date as Date).getTime()
  if (!Number.isNaN(epoch)) return epoch
  const found =
    typeof timers === 'object' ? `timers.date ${describe(date)}` : `timers ${describe(timers)}`
  throw new InvalidError(
    found,
    '"fake", or { date } with a Date, a text such as "2030-01-01T00:00:00Z", or milliseconds since 1970',
  )
}
