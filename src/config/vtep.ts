/** Addresses of tunnel ends (VTEPs, RFC 7348 section 3). */

import { InvalidError } from '../error.js'
import {
  formatAddress,
  isLimitedBroadcast,
  isLinkLocal,
  isMulticast,
  isUnspecified,
  parseAddress,
} from './address.js'
import { describe } from './describe.js'

export const VTEP = 'a unicast address such as "192.0.2.11" or "2001:db8::12"'

/**
 * The canonical text of a VTEP's address. Unicast, and enough by itself to send to it: a link-local
 * address (RFC 4291 2.5.6) does not say on which link, and an IPv4-mapped one (2.5.5.2) is IPv4.
 *
 * @throws InvalidError
 */
export function checkVtep(text: string): string {
  const address = parseAddress(text)
  const expected = (what: string) => new InvalidError(describe(text), what)
  if (isUnspecified(address) || isMulticast(address) || isLimitedBroadcast(address)) {
    throw expected(VTEP)
  }
  if (isLinkLocal(address)) throw expected('a global address: a link-local one says no link')
  const canonical = formatAddress(address.bytes)
  if (!canonical.startsWith('::ffff:') || !canonical.includes('.')) return canonical
  throw expected(`the IPv4 address itself: "${canonical.slice('::ffff:'.length)}"`)
}

/** The family of an address in canonical text. */
export const vtepFamily = (address: string): 4 | 6 => (address.includes(':') ? 6 : 4)
