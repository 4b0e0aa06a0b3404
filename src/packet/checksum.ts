/** The Internet checksum (RFC 1071) outside the dataplane: to say whether one is right, to build. */

/** Sum of big-endian 16-bit words, folded, not complemented; an odd octet is padded by a zero. */
export function sumOf(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let sum = 0
  const even = start + ((end - start) & ~1)
  // At most 2^37 for the largest frame: a double holds it exactly.
  for (let at = start; at < even; at += 2) {
    sum += ((bytes[at] as number) << 8) | (bytes[at + 1] as number)
  }
  if (even < end) sum += (bytes[even] as number) << 8
  return fold(sum)
}

/** One's complement sum in 16 bits. */
export function fold(sum: number): number {
  let folded = sum
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000)
  return folded
}

/**
 * Sum of the pseudo-header (RFC 9293 3.1, RFC 768, RFC 8200 8.1), folded.
 *
 * @param addresses source and destination, 8 or 32 octets
 * @param length of the upper-layer packet, octets
 */
export function pseudoSum(addresses: Uint8Array, protocol: number, length: number): number {
  return fold(sumOf(addresses) + protocol + (length >>> 16) + (length & 0xffff))
}

/** The checksum that belongs into a field, of the sum of everything else. */
export const checksumOf = (sum: number): number => ~fold(sum) & 0xffff
