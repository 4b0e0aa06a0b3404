/** The Internet checksum (RFC 1071) outside the dataplane: to say whether one is right, to build. */

/** Sum of big-endian 16-bit words, folded, not complemented; an odd octet is padded by a zero. */
export function sumOf(bytes: Uint8Array, start = 0, end = bytes.length): number {
  // A sum of words that are read the other way round is the sum the other way round (RFC 1071 2 B).
  if (end - start >= LONG && ((bytes.byteOffset + start) & 1) === 0) {
    const sum = sumOfWords(bytes, start, end)
    return IS_LITTLE ? ((sum & 0xff) << 8) | (sum >>> 8) : sum
  }
  return sumOfOctets(bytes, start, end)
}

/** From how many octets on it pays to read several at a time. */
const LONG = 256
const IS_LITTLE = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1

/** What was summed last, as words: most often it is the same memory again. */
let lastWords: Int32Array = new Int32Array(0)

function sumOfWords(bytes: Uint8Array, start: number, end: number): number {
  if (lastWords.buffer !== bytes.buffer) {
    lastWords = new Int32Array(bytes.buffer, 0, bytes.buffer.byteLength >>> 2)
  }
  const words = lastWords
  // Whole words of 4 octets, and at both ends what is left.
  const first = (bytes.byteOffset + start + 3) >>> 2
  const last = Math.min((bytes.byteOffset + end) >>> 2, words.length)
  let sum = 0
  let at = first
  for (; at + 4 <= last; at += 4) {
    const a = words[at] as number
    const b = words[at + 1] as number
    const c = words[at + 2] as number
    const d = words[at + 3] as number
    const low = (a & 0xffff) + (b & 0xffff) + (c & 0xffff) + (d & 0xffff)
    sum += low + (a >>> 16) + (b >>> 16) + (c >>> 16) + (d >>> 16)
  }
  for (; at < last; at++) {
    const word = words[at] as number
    sum += (word & 0xffff) + (word >>> 16)
  }
  const head = sumOfOctets(bytes, start, first * 4 - bytes.byteOffset)
  const tail = sumOfOctets(bytes, last * 4 - bytes.byteOffset, end)
  const ends = fold(head + tail)
  return fold(sum + (IS_LITTLE ? ((ends & 0xff) << 8) | (ends >>> 8) : ends))
}

function sumOfOctets(bytes: Uint8Array, start: number, end: number): number {
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
