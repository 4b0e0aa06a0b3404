// Seeds of a lab: which are the same, and which are refused.
import { expect, test } from 'vitest'
import { seedText } from '../../src/testing/random.js'

test('7 and 7n are the same, "7" is another', () => {
  expect(seedText(7)).toBe(seedText(7n))
  expect(seedText('7')).not.toBe(seedText(7))
  expect(seedText(Number.MAX_SAFE_INTEGER)).toBe(seedText(BigInt(Number.MAX_SAFE_INTEGER)))
})

test('a number that is not exact is refused, and a bigint is as long as it likes', () => {
  for (const seed of [2 ** 53, -(2 ** 53), 1e21, Number.NaN, Number.POSITIVE_INFINITY]) {
    expect(() => seedText(seed)).toThrow(expect.objectContaining({ code: 'INVALID' }))
  }
  expect(() => seedText(1e21)).toThrow(/1e\+21.*or a bigint/)
  expect(seedText(2n ** 53n + 1n)).not.toBe(seedText(2n ** 53n))
})
