/** Options as tests give them: what nobody knows is refused, or a slip of the pen would change nothing. */
import { describe, didYouMean, oneOf, quote } from '../config/describe.js'
import { isMapping } from '../config/plain.js'
import { InvalidError } from '../error.js'

/** @param who as a sentence has it: `createLab` @throws InvalidError */
export function checkOptions(given: unknown, keys: readonly string[], who: string): void {
  if (!isMapping(given)) {
    throw new InvalidError(
      `${describe(given)} as the options of ${who}`,
      `a mapping of ${oneOf(keys)}`,
    )
  }
  const unknown = Object.keys(given).find((key) => !keys.includes(key))
  if (unknown === undefined) return
  const hint = didYouMean(unknown, keys)
  throw new InvalidError(`option ${quote(unknown)} of ${who}`, `${oneOf(keys)}${hint}`)
}

/** @param who as a sentence has it: `UDP port 53 of host "a"` @throws InvalidError */
export function checkHandler(given: unknown, who: string): void {
  if (given === undefined || typeof given === 'function') return
  throw new InvalidError(`${describe(given)} as the handler of ${who}`, 'a function')
}
