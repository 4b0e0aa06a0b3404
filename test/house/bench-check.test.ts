/** `npm run bench:check`: what it compares, and what it calls a loss. */
import { expect, test } from 'vitest'
import { findBase } from '../../bench/check/base.js'
import { compareSides } from '../../bench/check/compare.js'
import { parseCheckOptions } from '../../bench/check/options.js'

const more = { better: 'more' } as const
const less = { better: 'less' } as const

test('a loss is a median of more than a tenth, pair by pair', () => {
  expect(compareSides(more, [9, 18, 27], [10, 20, 30])).toMatchObject({ median: 0.9, lost: false })
  expect(compareSides(more, [8, 30, 8], [10, 20, 10])).toMatchObject({ median: 0.8, lost: true })
  // A machine that grows slower meanwhile does so for both.
  expect(compareSides(more, [40, 20, 10], [41, 20, 10.1])).toMatchObject({ lost: false })
})

test('of what is to be little, more is the loss', () => {
  expect(compareSides(less, [12, 12, 12], [10, 10, 10])).toMatchObject({ lost: true })
  expect(compareSides(less, [10, 10, 10], [12, 12, 12])).toMatchObject({ median: 1.2, lost: false })
})

test('options are figures in memory, a base and how often', () => {
  const names = ['pipeline', 'nat']
  expect(parseCheckOptions([], names)).toEqual({ names, base: undefined, pairs: 7 })
  const args = ['nat', '--base', 'v1', '--pairs', '3']
  expect(parseCheckOptions(args, names)).toEqual({ names: ['nat'], base: 'v1', pairs: 3 })
  for (const wrong of [['tcp'], ['--base'], ['--pairs', '0'], ['--pairs', 'x']]) {
    expect(() => parseCheckOptions(wrong, names)).toThrow(/expected/)
  }
})

test('a base that is not there is named', async () => {
  await expect(findBase('no-such-commit')).rejects.toThrow('--base no-such-commit: no such commit')
})
