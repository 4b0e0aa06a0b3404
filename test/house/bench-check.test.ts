/** `npm run bench:check`: what it compares, and what it calls a loss. */
import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { findBase, MEASURED } from '../../bench/check/base.js'
import { compareSides } from '../../bench/check/compare.js'
import { parseCheckOptions } from '../../bench/check/options.js'
import { sourcesOfRooms } from '../../bench/lib/place.js'

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

test('all that is measured is looked at, to see whether it has changed', async () => {
  const sources = (await sourcesOfRooms()).filter((path) => !/node_modules|^bench/.test(path))
  expect(sources.length).toBeGreaterThan(20)
  const isLookedAt = (path: string) => MEASURED.some((each) => path.startsWith(`${each}/`))
  // Beside these: names of errors, and how addresses and numbers are written.
  const others = sources.filter((path) => !isLookedAt(path) && !/^src\/(error|config)/.test(path))
  expect(others).toEqual([])
  for (const path of MEASURED) expect(existsSync(path)).toBe(true)
})

test('a base that is not there is named', async () => {
  await expect(findBase('no-such-commit')).rejects.toThrow('--base no-such-commit: no such commit')
})
