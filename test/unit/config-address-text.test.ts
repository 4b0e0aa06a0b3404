import fc from 'fast-check'
import { collapseIPv6Number, IPv4, IPv6 } from 'ip-num'
import { describe, expect, test } from 'vitest'
import { readGroups, readQuad, writeGroups } from '../../src/config/address-text.js'

/** What ip-num makes of a text; undefined when it refuses it. */
function peer(read: () => bigint, size: number): string | undefined {
  try {
    return read()
      .toString(16)
      .padStart(size * 2, '0')
  } catch {
    return undefined
  }
}

const hex = (bytes: Uint8Array | undefined) => bytes && Buffer.from(bytes).toString('hex')
const bytes16 = fc.oneof(
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  // Mostly zeros, so that runs of them meet in every way.
  fc
    .array(fc.constantFrom(0, 0, 0, 1, 0xff), { minLength: 16, maxLength: 16 })
    .map((b) => Uint8Array.from(b)),
)
/** Text that is nearly an address. */
const odd = (parts: fc.Arbitrary<string>, glue: string[]) =>
  fc
    .array(fc.tuple(parts, fc.constantFrom(...glue)), { maxLength: 9 })
    .map((list) => list.flat().slice(0, -1).join(''))

describe('usual texts of addresses', () => {
  test('of IPv4 are read as ip-num reads them, and nothing else is', () => {
    const part = fc.oneof(
      fc.integer({ min: 0, max: 300 }).map(String),
      fc.constantFrom('', '00', '01', ' 1', '+1', '1e1', '0x1', '-0'),
    )
    const text = fc.oneof(odd(part, ['.', '.', '.', '..']), fc.ipV4())
    fc.assert(
      fc.property(text, (text) => {
        const read = hex(readQuad(text))
        if (read !== undefined) expect(read).toBe(peer(() => new IPv4(text).getValue(), 4))
      }),
      { numRuns: 2000 },
    )
    for (const text of ['0.0.0.0', '255.255.255.255', '10.20.30.40']) {
      expect(readQuad(text)?.join('.')).toBe(text)
    }
    for (const text of ['', '1.2.3', '1.2.3.4.5', '1.2.3.256', '01.2.3.4', '1.2.3.4 ', '1.2.3.٤']) {
      expect(readQuad(text)).toBeUndefined()
    }
  })

  test('of IPv6 are read as ip-num reads them, and nothing else is', () => {
    const part = fc.oneof(
      fc.integer({ min: 0, max: 0x11000 }).map((n) => n.toString(16)),
      fc.constantFrom('', '0', '0000', '00000', 'G', 'FFFF', ' 1', '+1'),
    )
    const text = fc.oneof(odd(part, [':', ':', ':', '::']), fc.ipV6())
    fc.assert(
      fc.property(text, (text) => {
        const read = hex(readGroups(text))
        if (read !== undefined) expect(read).toBe(peer(() => new IPv6(text).getValue(), 16))
      }),
      { numRuns: 2000 },
    )
    for (const text of [
      '',
      ':',
      ':::',
      '1:::2',
      '::1::',
      '1:2:3:4:5:6:7',
      '1:2:3:4:5:6:7:8:9',
      '1::2:3:4:5:6:7:8',
      ':1::',
      '::1:',
      '12345::',
      '::g',
    ]) {
      expect(readGroups(text)).toBeUndefined()
    }
    expect(hex(readGroups('::'))).toBe('00'.repeat(16))
    expect(hex(readGroups('1:2:3:4:5:6:7::'))).toBe('00010002000300040005000600070000')
  })

  test('of IPv6 are written as RFC 5952 says, and read back', () => {
    fc.assert(
      fc.property(bytes16, (bytes) => {
        const text = writeGroups(bytes)
        const groups = Array.from({ length: 8 }, (_, i) =>
          (((bytes[i * 2] ?? 0) << 8) | (bytes[i * 2 + 1] ?? 0)).toString(16),
        )
        expect(text).toBe(collapseIPv6Number(groups.join(':')))
        expect(readGroups(text)).toEqual(bytes)
      }),
      { numRuns: 1000 },
    )
  })

  test.each([
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1:0:0:0:0:0:0:0', '1::'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['0:0:0:0:0:0:0:0', '::'],
  ])('RFC 5952 section 4: %s', (long, short) => {
    expect(writeGroups(readGroups(long) as Uint8Array)).toBe(short)
  })
})
