/** MACs that the router has where a config names none. */
import { formatMac } from './address.js'
import { Fnv } from './fnv.js'

const utf8 = new TextEncoder()

/**
 * The same MAC for the same text, at every start and on every host: neighbours' caches stay right.
 * Unicast, locally administered (IEEE 802-2014 8.2.2), with 40 bits of the text's hash.
 */
export function derivedMac(text: string): string {
  const { octets } = new Fnv().bytes(utf8.encode(text))
  return formatMac(Uint8Array.of(2, ...octets.subarray(0, 5)))
}
