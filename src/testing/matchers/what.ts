/** What matchers are told to look for, checked: who misspells a key would look for nothing. */
import { describe, didYouMean, oneOf, quote } from '../../config/describe.js'
import { isMapping } from '../../config/plain.js'
import { InvalidError, LinkspanError } from '../../error.js'
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

/** A host of the lab, by itself or by name. @throws LinkspanError `NOT_FOUND`, `INVALID` */
export function hostName(
  host: HasAddresses | string | undefined,
  { hosts }: LabView,
  matcher: string,
): string | undefined {
  if (host === undefined) return undefined
  const name: unknown = typeof host === 'object' ? host?.name : host
  if (typeof name === 'string' && hosts.has(name)) return name
  const names = [...hosts.keys()]
  const hint = typeof name === 'string' ? didYouMean(name, names) : ''
  const known = names.length === 0 ? 'the lab has none' : `expected ${oneOf(names)}${hint}`
  throw new LinkspanError('NOT_FOUND', `${matcher}: no host ${describe(name)}; ${known}`)
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
