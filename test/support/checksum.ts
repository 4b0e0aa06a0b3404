/** The Internet checksum the slow way: the tests' own, to judge the dataplane's by. */

/** Sum of big-endian 16-bit words (RFC 1071), folded, not complemented; an odd octet is padded. */
export function internetSum(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let total = 0
  for (let at = start; at < end; at++) {
    total += (bytes[at] as number) * ((at - start) % 2 === 0 ? 256 : 1)
  }
  return fold(total)
}

/** One's complement sum of sums. */
export function fold(total: number): number {
  let folded = total
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000)
  return folded
}

/** Sum of the pseudo-header (RFC 9293 3.1, RFC 768, RFC 8200 8.1). `addresses`: source, destination. */
export function pseudoHeaderSum(addresses: Uint8Array, protocol: number, length: number): number {
  return fold(internetSum(addresses) + protocol + Math.floor(length / 0x10000) + (length % 0x10000))
}
