/** Words of `linkspan impair`: read, and said so that they can be read again. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { settingsOf, wayWords } from '../../src/cli/impair-words.js'
import { parseImpairment } from '../../src/config/impair.js'
import { settingsView } from '../../src/control/impair-view.js'

const nothing = { held: 0, duplicated: 0, corrupted: 0 }
const said = (settings: unknown) =>
  wayWords({ ...settingsView(parseImpairment(settings)), ...nothing })

describe('settings as words', () => {
  test.each<[string, object]>([
    ['delay=20ms', { delay: '20ms' }],
    ['delay=1.5', { delay: 1.5 }],
    ['loss=none', { loss: null }],
    ['up=off', { up: false }],
    ['loss=5%,burst=4', { loss: { average: '5%', burst: 4 } }],
    ['loss=average=5%,burst=4', { loss: { average: '5%', burst: 4 } }],
    ['loss=1%,correlation=25%', { loss: { probability: '1%', correlation: '25%' } }],
    ['jitter=5ms,distribution=normal', { jitter: { time: '5ms', distribution: 'normal' } }],
    ['queue=100frames', { queue: '100 frames' }],
    ['queue=64kB', { queue: '64kB' }],
    ['rate=10Mbit', { rate: '10Mbit' }],
    ['reorder=1%,gap=5', { reorder: { probability: '1%', gap: 5 } }],
  ])('%s', (word, settings) => expect(settingsOf([word])).toEqual(settings))

  test.each(['delay', 'delay=', '=3', ''])('%j is none', (word) => {
    const message = `"${word}": expected SETTING=VALUE, as in delay=20ms or loss=none`
    expect(() => settingsOf([word])).toThrow(message)
  })

  test('nothing is said twice', () => {
    expect(() => settingsOf(['loss=1%', 'loss=2%'])).toThrow('"loss" is said twice')
  })
})

const chance = fc.integer({ min: 0, max: 1000 }).map((value) => value / 1000)
const time = fc.integer({ min: 0, max: 3_600_000_000 }).map((value) => value / 1000)
const tied = (main: object) =>
  fc.record({ ...main, correlation: chance }, { requiredKeys: Object.keys(main) as never[] })
const settings = fc.record(
  {
    up: fc.boolean(),
    mtu: fc.integer({ min: 68, max: 65521 }),
    rate: fc.integer({ min: 1, max: 1e12 }),
    queue: fc.oneof(
      fc.record({ frames: fc.integer({ min: 1, max: 1e6 }) }),
      fc.record({ octets: fc.integer({ min: 1, max: 2 ** 30 }) }),
    ),
    delay: time,
    jitter: tied({
      time,
      distribution: fc.constantFrom('uniform', 'normal', 'pareto'),
      reorder: fc.boolean(),
    }),
    loss: fc.oneof(
      tied({ probability: chance }),
      fc.record({ toBad: chance, toGood: chance, lossBad: chance, lossGood: chance }),
    ),
    duplicate: tied({ probability: chance }),
    reorder: tied({ probability: chance, gap: fc.integer({ min: 1, max: 100 }), delay: time }),
    corrupt: tied({ probability: chance }),
  },
  { requiredKeys: [] },
)

test('what is shown is what makes it so', () => {
  fc.assert(
    fc.property(settings, (given) => {
      const words = said(given)
      for (const word of words) expect(word).not.toContain(' ')
      expect(said(settingsOf(words))).toEqual(words)
      // `up: true` is what holds without.
      const keys = Object.keys(given).filter((key) => key !== 'up' || given.up === false)
      expect(Object.keys(settingsOf(words)).sort()).toEqual(keys.sort())
    }),
  )
})
