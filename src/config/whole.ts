/** Whole numbers that a program gives, outside of a config. */
import { InvalidError } from '../error.js'
import { describe } from './describe.js'

/** @param what as a sentence has it: `a TTL` @throws InvalidError */
export function whole(value: unknown, what: string, least: number, most: number): number {
  if (Number.isInteger(value) && Number(value) >= least && Number(value) <= most) {
    return value as number
  }
  throw new InvalidError(describe(value), `${what}, a whole number from ${least} to ${most}`)
}
