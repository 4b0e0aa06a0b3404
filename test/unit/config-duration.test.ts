import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatDuration, parseDuration } from '../../src/config/duration.js'
import { formatSize, parseSize } from '../../src/config/size.js'
import { LinkspanError } from '../../src/error.js'

test.each([
  ['250ms', 250],
  ['300s', 300_000],
  ['5m', 300_000],
  ['1h', 3_600_000],
  ['2d', 172_800_000],
  ['0s', 0],
  ['1.5s', 1500],
  ['1.1s', 1100],
  ['0.001s', 1],
  ['1000000s', 1e9],
])('%s is %d ms', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds)
})

test.each([
  '',
  '300',
  '5 m',
  ' 5m',
  '5m ',
  '-5m',
  '+5s',
  '5M',
  '5min',
  'ms',
  '.5s',
  '1.s',
  '1e3s',
  '0.5ms',
  '1.0001s',
  '1h30m',
  '99999999999999999s',
  '999999999999999d',
  'Infinitys',
])('%j is no duration', (text) => {
  expect(() => parseDuration(text)).toThrow(LinkspanError)
  expect(() => parseDuration(text)).toThrow(/with its unit \(ms, s, m, h, d\)/)
})

test('durations are written in the largest unit that fits', () => {
  expect([0, 250, 1500, 90_000, 300_000, 3_600_000, 172_800_000].map(formatDuration)).toEqual([
    '0ms',
    '250ms',
    '1500ms',
    '90s',
    '5m',
    '1h',
    '2d',
  ])
  for (const wrong of [-1, 1.5, Number.NaN, 2 ** 53])
    expect(() => formatDuration(wrong)).toThrow(LinkspanError)
})

test('durations and sizes survive being written and read', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e15 }), (n) => {
      expect(parseDuration(formatDuration(n))).toBe(n)
    }),
  )
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1e15 }), (n) => {
      expect(parseSize(formatSize(n))).toBe(n)
    }),
  )
})

test('sizes have binary units', () => {
  expect(['512B', '256KiB', '4MiB', '1.5GiB'].map(parseSize)).toEqual([
    512,
    2 ** 18,
    2 ** 22,
    1.5 * 2 ** 30,
  ])
  expect(formatSize(2 ** 22)).toBe('4MiB')
  for (const wrong of ['4', '4MB', '4M', '0.5B'])
    expect(() => parseSize(wrong)).toThrow(LinkspanError)
})
