/**
 * A hash of 32 bits by which two runs are compared, word by word. Not for tables that strangers write
 * into, and no proof of anything to somebody who wants to deceive.
 */

const PRIME = 0x9e3779b1

/** Takes one word in. */
export function mix(hash: number, word: number): number {
  const mixed = Math.imul(hash ^ word, PRIME)
  return mixed ^ (mixed >>> 15)
}

/** Takes octets in, four at a time; `at` need not be aligned. */
export function mixOctets(hash: number, view: DataView, at: number, length: number): number {
  const whole = at + (length & ~3)
  let mixed = hash
  for (let word = at; word < whole; word += 4) mixed = mix(mixed, view.getInt32(word, true))
  let rest = length
  for (let octet = whole; octet < at + length; octet++) rest = (rest << 8) | view.getUint8(octet)
  return mix(mixed, rest)
}
