/** MACs that the router has where a config names none. */
import { formatMac } from './address.js'

/** FNV-1a, 64 bits (draft-eastlake-fnv). */
const OFFSET = 0xcbf29ce484222325n
const PRIME = 0x100000001b3n
const WORD = 0xffff_ffff_ffff_ffffn

/**
 * The same MAC for the same text, at every start and on every host: neighbours' caches stay right.
 * Unicast, locally administered (IEEE 802-2014 8.2.2), with 40 bits of the text's hash.
 */
export function derivedMac(text: string): string {
  let hash = OFFSET
  for (const byte of new TextEncoder().encode(text)) hash = ((hash ^ BigInt(byte)) * PRIME) & WORD
  const bytes = Array.from({ length: 5 }, (_, i) => Number((hash >> BigInt(56 - 8 * i)) & 0xffn))
  return formatMac(Uint8Array.of(2, ...bytes))
}
