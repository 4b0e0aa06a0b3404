/** FNV-1a against the vectors of draft-eastlake-fnv, appendix C. */
import { expect, test } from 'vitest'
import { Fnv } from '../../src/config/fnv.js'

const hashOf = (text: string) => new Fnv().bytes(new TextEncoder().encode(text)).hex

test('gives what the draft gives', () => {
  expect(hashOf('')).toBe('cbf29ce484222325')
  expect(hashOf('a')).toBe('af63dc4c8601ec8c')
  expect(hashOf('foobar')).toBe('85944171f73967e8')
})

test('is the same by BigInt, for all octets', () => {
  const octets = Uint8Array.from({ length: 600 }, (_, at) => (at * 7) & 0xff)
  let hash = 0xcbf29ce484222325n
  for (const octet of octets) hash = BigInt.asUintN(64, (hash ^ BigInt(octet)) * 0x100000001b3n)
  expect(new Fnv().bytes(octets).hex).toBe(hash.toString(16).padStart(16, '0'))
})

test('tells texts apart by where they end, and numbers by their sign', () => {
  expect(new Fnv().text('ab').text('c').hex).not.toBe(new Fnv().text('a').text('bc').hex)
  expect(new Fnv().number(0).hex).not.toBe(new Fnv().number(-0).hex)
})
