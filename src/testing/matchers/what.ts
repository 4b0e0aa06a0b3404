/** What matchers are told to look for, checked: who misspells a key would look for nothing. */
import { describe, didYouMean, oneOf, quote } from '../../config/describe.js'
import { isMapping } from '../../config/plain.js'
import { InvalidError, LinkspanError } from '../../error.js'
import { hostIn } from '../host/host-in.js'
import type { HasAddresses } from '../host/target.js'
import type { LabView } from '../view.js'

/** How many: exactly so many; left out: one or more. */
export interface Counted {
  times?: number
}

/** Refuses keys that a matcher does not have. @throws LinkspanError code `INVALID` */
export function checkKeys(what: unknown, keys: readonly string[], matcher: string): void {
  if (!isMapping(what)) throw new InvalidError(`${matcher}(${describe(what)})`, 'a mapping')
  for (const [key, value] of Object.entries(what)) {
    if (value === undefined || keys.includes(key)) continue
    const expected = `expected ${oneOf(keys)}${didYouMean(key, keys)}`
    throw new LinkspanError('INVALID', `${matcher}: found ${quote(key)}; ${expected}`)
  }
  const { times } = what as Counted
  if (times !== undefined && !(Number.isInteger(times) && times >= 0)) {
    throw new InvalidError(`${matcher}: times: ${describe(times)}`, 'a number, 0 or more')
  }
}

/** Whether as many were found as were asked for. */
export const isEnough = (found: number, { times }: Counted): boolean =>
  times === undefined ? found > 0 : found === times

/** `2 frames`, `one flow or more`. */
export function countText({ times }: Counted, thing: string): string {
  return times === undefined ? `one ${thing} or more` : amountText(times, thing)
}

export const amountText = (count: number, thing: string): string =>
  count === 0 ? `no ${thing}` : `${count} ${thing}${count === 1 ? '' : 's'}`

/** @throws LinkspanError `NOT_FOUND` */
export function hostName(
  host: HasAddresses | string | undefined,
  { hosts }: LabView,
  matcher: string,
): string | undefined {
  return host === undefined ? undefined : hostIn(hosts, host, matcher).name
}

/** `expect(lab).toHaveFlow({ from: "a", port: 53 })`. */
export function callText(matcher: string, subject: string, what: object): string {
  const parts = Object.entries(what)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => `${key}: ${valueText(value)}`)
  const inside = parts.length === 0 ? '' : `{ ${parts.join(', ')} }`
  return `expect(${subject}).${matcher}(${inside})`
}

function valueText(value: unknown): string {
  if (value instanceof RegExp) return String(value)
  return describe(isMapping(value) ? (value as { name?: unknown }).name : value)
}
