import { describe, expect, test } from 'vitest'
import { quantilesOf, shiftOf } from '../../src/impair/distribution.js'
import { Draws } from '../../src/impair/draws.js'
import { Luck } from '../../src/impair/luck.js'
import { correlation, moments } from '../support/impair.js'

const COUNT = 20_000
const numbers = Array.from({ length: COUNT }, (_, n) => n)
const words = (luck: Luck) => numbers.map((n) => luck.word(n))

describe('luck', () => {
  test('is these words, on every engine and in every version', () => {
    const luck = new Luck(7, 'web', 'ingress')
    expect([0, 1, 2, 2 ** 31 - 1, -1].map((n) => luck.word(n))).toMatchInlineSnapshot(`
      [
        1600409590,
        1827028768,
        3441631387,
        2407164666,
        3765628185,
      ]
    `)
    expect(new Luck('a seed').word(5)).toMatchInlineSnapshot(`3683502413`)
  })

  test.each([
    [new Luck(7, 'web', 'in'), new Luck(8, 'web', 'in')],
    [new Luck(7, 'web', 'in'), new Luck('7', 'web', 'in')],
    [new Luck(7, 'web', 'in'), new Luck(7n, 'web', 'in')],
    [new Luck(7, 'web', 'in'), new Luck(7, 'web', 'out')],
    [new Luck(7, 'web', 'in'), new Luck(7, 'we', 'bin')],
    [new Luck(7, 'web', 'in'), new Luck(7, 'web', 'in', '')],
    [new Luck(0), new Luck(1)],
  ])('of other names has nothing in common (%#)', (one, other) => {
    const [a, b] = [words(one), words(other)]
    for (const lag of [0, 1, 7]) {
      // 4 standard errors.
      expect(Math.abs(correlation(a.slice(lag), b.slice(0, COUNT - lag)))).toBeLessThan(0.028)
    }
    expect(a.filter((word, n) => word === b[n]).length).toBeLessThan(3)
  })

  test('is evenly spread, and no frame tells of the next', () => {
    const a = words(new Luck(1, 'spread'))
    const bins = new Array(64).fill(0)
    for (const word of a) bins[word >>> 26]++
    const each = COUNT / 64
    const chi = bins.reduce((sum, found) => sum + (found - each) ** 2 / each, 0)
    // 63 degrees of freedom: between the 0.01 % and the 99.99 % quantile.
    expect(chi).toBeGreaterThan(27)
    expect(chi).toBeLessThan(113)
    expect(Math.abs(correlation(a.slice(1), a.slice(0, -1)))).toBeLessThan(0.028)
    for (let bit = 0; bit < 32; bit++) {
      const ones = a.filter((word) => (word >>> bit) & 1).length
      expect(Math.abs(ones / COUNT - 0.5)).toBeLessThan(0.0142)
    }
  })

  test('may be tied to that of the frame before, and stays as evenly spread', () => {
    const draws = new Draws(3, 'tied')
    const a = numbers.map((n) => draws.next(n, 0.25 * 2 ** 32))
    expect(correlation(a.slice(1), a.slice(0, -1))).toBeCloseTo(0.25, 1)
    expect(moments(a).mean / 2 ** 32).toBeCloseTo(0.5, 2)
  })
})

describe('distributions', () => {
  const even = Array.from({ length: 2 ** 16 }, (_, n) => (n + 0.5) * 2 ** 16)
  const shifts = (name: 'uniform' | 'normal' | 'pareto') => {
    const quantiles = quantilesOf(name)
    return even.map((word) => shiftOf(quantiles, word))
  }

  test('uniform: from -1 to 1', () => {
    const all = shifts('uniform')
    expect(moments(all).mean).toBeCloseTo(0, 9)
    expect([all[0], all.at(-1)]).toEqual([-1 + 2 ** -16, 1 - 2 ** -16])
  })

  test('normal: as the tables say, up to 4 standard deviations', () => {
    const all = shifts('normal')
    const { mean, deviation } = moments(all)
    expect(mean).toBeCloseTo(0, 9)
    expect(deviation).toBeCloseTo(1, 2)
    const quantiles = quantilesOf('normal') as Float64Array
    // Φ(1) = 0.841344746, Φ(2) = 0.977249868; 3446.15 and 4002.82 of 4096.
    expect(quantiles[3446]).toBeCloseTo(0.999849, 5)
    expect(quantiles[3584]).toBeCloseTo(1.1503493804, 9)
    expect(quantiles[4032]).toBeCloseTo(2.1538746941, 9)
    expect(all.filter((shift) => shift < -1).length / all.length).toBeCloseTo(0.158655, 4)
    expect(Math.min(...quantiles)).toBe(-4)
    expect(quantiles).toEqual(quantiles.slice().sort())
  })

  test("pareto: netem's, of shape 3", () => {
    const quantiles = quantilesOf('pareto') as Float64Array
    expect(quantiles[0]).toBeCloseTo(-2 / 3, 12)
    // Half of the frames before (2^(1/3) - 1.5) * 4/3.
    expect(quantiles[2048]).toBeCloseTo(((2 ** (1 / 3) - 1.5) * 4) / 3, 12)
    expect(quantiles[4096 - 64]).toBeCloseTo(((4 - 1.5) * 4) / 3, 12)
    expect(quantiles[4095]).toBe(4)
    expect(moments(shifts('pareto')).mean).toBeCloseTo(-0.033, 3)
  })
})
