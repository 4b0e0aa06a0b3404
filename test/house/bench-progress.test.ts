import { expect, it } from 'vitest'
import { expected, Progress, timeText } from '../../bench/lib/progress.js'

const figure = (name: string, more: object = {}) => ({
  ...{ name, title: `Figure ${name}`, unit: 'Mpps', seconds: 2, needs: {}, method: '' },
  ...{
    better: 'more' as const,
    targets: [
      { of: 'a', to: 'b', atLeast: 1 },
      { of: 'a', atLeast: 1 },
    ],
  },
  ...{ setUp: async () => ({ contestants: [] }), ...more },
})

it('expects a figure to take its measurements, and what they cost besides', () => {
  expect(expected(figure('x'), { pairs: 5 })).toBe(3 + 5 * 2 * 2 * 1.5)
  expect(expected(figure('x'), { pairs: 5, seconds: 1 })).toBe(3 + 5 * 2 * 1.5)
  expect(expected(figure('x'), { pairs: 5, most: 1 })).toBe(3 + 5 * 2 * 1.5)
  // iperf3 counts whole seconds, and takes 0 for ever.
  const needs = { commands: ['iperf3'] }
  expect(expected(figure('x', { needs }), { pairs: 5, seconds: 0.2 })).toBe(3 + 5 * 2 * 1.5)
  expect(expected(figure('x', { rounds: 1, targets: [] }), { pairs: 5 })).toBe(3 + 2 * 1.5)
})

it('says times as people do', () => {
  expect([1, 24, 49, 60, 600, 36_000].map(timeText)).toEqual([
    ...['10 s', '20 s', '50 s', '1 min', '10 min', '10 h'],
  ])
})

it('says what is measured, which of how many, and what is left, by how it went so far', () => {
  let clock = 0
  const lines: string[] = []
  const figures = [figure('x'), figure('y'), figure('z')]
  const progress = new Progress(
    figures,
    { pairs: 5 },
    (line) => lines.push(line),
    () => clock,
  )
  progress.begin(figures[0])
  expect(lines).toEqual(['1/3 x: Figure x, about 2 min left'])
  clock += 10_000
  progress.sampled({ label: 'A', value: 1.5, unit: 'Mpps', done: 5, total: 10 })
  expect(lines.at(-1)).toMatch(/^1\/3 x: 5\/10 A 1\.5 Mpps, about \d min left$/)
  // Thirty times as slow as was expected: the rest will not be as quick as that either.
  clock += 990_000
  progress.end()
  progress.begin(figures[1])
  expect(lines.at(-1)).toBe('2/3 y: Figure y, about 13 min left')
  progress.end()
  clock += 1000
  progress.begin(figures[2])
  expect(lines.at(-1)).toMatch(/^3\/3 z: Figure z, about \d min left$/)
})
