/** The Internet checksum, over memory that begins and ends anywhere. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sumOf } from '../../src/packet/checksum.js'

/** As RFC 1071 1 says it. */
function plain(bytes: Uint8Array): number {
  let sum = 0
  for (const [at, octet] of bytes.entries()) {
    sum += at % 2 === 0 ? octet << 8 : octet
    if (sum > 0xffff) sum -= 0xffff
  }
  return sum
}

test('the sum is the same wherever the octets lie, and however many they are', () => {
  const sizes = fc.integer({ min: 0, max: 2100 })
  const offsets = fc.integer({ min: 0, max: 9 })
  fc.assert(
    fc.property(
      fc.infiniteStream(fc.nat(255)),
      sizes,
      offsets,
      offsets,
      (octets, size, at, from) => {
        const memory = Uint8Array.from({ length: at + from + size + 3 }, () => octets.next().value!)
        const bytes = memory.subarray(at)
        expect(sumOf(bytes, from, from + size)).toBe(plain(bytes.slice(from, from + size)))
      },
    ),
  )
  expect(sumOf(new Uint8Array(65_535).fill(255))).toBe(plain(new Uint8Array(65_535).fill(255)))
  expect(sumOf(new Uint8Array(1000))).toBe(0)
})
