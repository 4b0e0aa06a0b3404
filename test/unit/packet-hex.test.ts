import fc from 'fast-check'
import { expect, test } from 'vitest'
import { LinkspanError } from '../../src/error.js'
import { FRAME_MAX, parseHex } from '../../src/packet/hex.js'

const expected = Uint8Array.of(0xaa, 0xbb, 0xcc, 0x0d)

test.each([
  'aa:bb:cc:0d',
  'AA-BB-CC-0D',
  'aa:bb cc0d',
  'aabbcc0d',
  '0xaabbcc0d',
  '0xaa, 0xbb, 0xcc, 0x0d',
  '\n  aa bb\r\n\tcc 0d\n\n',
  '0x0000:  aabb cc0d                                ....',
  '\t0x0000:  aabb\n\t0x0002:  cc0d',
  '00000000: aabb cc0d                                ....',
  '0000: aa bb cc 0d  de ad',
])('%j is four octets', (text) => {
  expect(parseHex(text)).toEqual(expected)
})

test.each([
  ['', 'hex: found no octets'],
  [' \n ', 'hex: found no octets'],
  ['aa bb\ncc xd', 'hex: line 2, column 4: found "x"'],
  ['aa:b:cc', 'hex: line 1, column 4: found "b"; expected two digits an octet'],
  ['0x', 'hex: line 1, column 3: found "0x"'],
  ['aa b0x1', 'hex: line 1, column 6: found "x"'],
  ['0x0000: aabb\n0x0010: ccdd', 'hex: line 2, column 1: found offset 16 after 2 octets; lines'],
  ['0x0000: aabb\n0x0000: ccdd', 'hex: line 2, column 1: found offset 0 after 2 octets; give one'],
  ['00'.repeat(FRAME_MAX + 1), `hex: found ${FRAME_MAX + 1} octets; a frame has at most`],
])('%.30j is refused, with its place', (text, message) => {
  expect(() => parseHex(text)).toThrow(LinkspanError)
  expect(() => parseHex(text)).toThrow(message)
})

test('what a person types is octets or an error of ours', () => {
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: fc.constantFrom(...'0123456789abcdefx:-, \n') }),
  )
  fc.assert(
    fc.property(text, (typed) => {
      try {
        expect(parseHex(typed).length).toBeGreaterThan(0)
      } catch (error) {
        expect(error).toBeInstanceOf(LinkspanError)
      }
    }),
  )
})

test('any octets are read as they are written', () => {
  const octets = fc.uint8Array({ minLength: 1, maxLength: 300 })
  fc.assert(
    fc.property(octets, fc.constantFrom(':', ' ', '-', '', ', ', '\n'), (bytes, separator) => {
      const pairs = Array.from(bytes, (octet) => octet.toString(16).padStart(2, '0'))
      expect(parseHex(pairs.join(separator))).toEqual(bytes)
    }),
  )
})
