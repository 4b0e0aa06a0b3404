import { describe, expect, test } from 'vitest'
import { parseImpairment } from '../../src/config/impair.js'
import { ConfigError } from '../../src/error.js'

const where = ['links', 'a']

test.each([
  [{}, {}],
  [
    { up: false, mtu: 1400 },
    { up: false, mtu: 1400 },
  ],
  [{ delay: '10ms' }, { delay: 10 }],
  [{ delay: '1.5s' }, { delay: 1500 }],
  [{ delay: '250us' }, { delay: 0.25 }],
  [{ delay: '100ns' }, { delay: 0.0001 }],
  [{ delay: 0.5 }, { delay: 0.5 }],
  [{ jitter: '5ms' }, { jitter: { time: 5, distribution: 'uniform', reorder: false } }],
  [
    { jitter: { time: 5, distribution: 'pareto', reorder: true } },
    { jitter: { time: 5, distribution: 'pareto', reorder: true } },
  ],
  [{ rate: '10Mbit' }, { rate: 1e7 }],
  [{ rate: '10mbit' }, { rate: 1e7 }],
  [{ rate: '2.5Gbit' }, { rate: 25e8 }],
  [{ rate: '64kbit' }, { rate: 64_000 }],
  [{ rate: '300bit' }, { rate: 300 }],
  [{ rate: '10M' }, { rate: 1e7 }],
  [{ rate: 300 }, { rate: 300 }],
  [{ queue: '100 frames' }, { queue: { frames: 100 } }],
  [{ queue: '1 frame' }, { queue: { frames: 1 } }],
  [{ queue: '64kB' }, { queue: { octets: 64_000 } }],
  [{ queue: '64KiB' }, { queue: { octets: 65_536 } }],
  [{ loss: '1%' }, { loss: { probability: 0.01 } }],
  [{ loss: '0.1%' }, { loss: { probability: 0.001 } }],
  [{ loss: 1 }, { loss: { probability: 1 } }],
  [
    { loss: { probability: 0.5, correlation: '25%' } },
    { loss: { probability: 0.5, correlation: 0.25 } },
  ],
  [
    { loss: { average: '20%', burst: 4 } },
    { loss: { toBad: 0.0625, toGood: 0.25, lossBad: 1, lossGood: 0 } },
  ],
  [
    { loss: { toBad: '10%', toGood: 0.5 } },
    { loss: { toBad: 0.1, toGood: 0.5, lossBad: 1, lossGood: 0 } },
  ],
  [{ loss: { toBad: 0.25 } }, { loss: { toBad: 0.25, toGood: 0.75, lossBad: 1, lossGood: 0 } }],
  [{ duplicate: '2%' }, { duplicate: { probability: 0.02 } }],
  [{ corrupt: { probability: '2%' } }, { corrupt: { probability: 0.02 } }],
  [
    { delay: 1, reorder: '25%' },
    { delay: 1, reorder: { probability: 0.25, gap: 1 } },
  ],
  [{ reorder: { gap: 5, delay: '3ms' } }, { reorder: { probability: 1, gap: 5, delay: 3 } }],
])('%j', (input, expected) => {
  expect(parseImpairment(input, where)).toEqual(expected)
})

const TIME =
  'milliseconds, or a time with its unit (ns, us, ms, s, m) such as "10ms"; at most "60m"'
const JITTER = 'a time such as "5ms", or a mapping such as { time: "5ms", distribution: normal }'
const KEYS =
  '"up", "mtu", "rate", "queue", "delay", "jitter", "loss", "duplicate", "reorder" or "corrupt"'
const WAYS = '"probability", or "average" and "burst", or "toBad" and "toGood"'
const LOSS = 'a probability such as "1%", or a mapping such as { average: "5%", burst: 4 }'
const QUEUE =
  'frames or octets with their unit (B, kB, KiB, MB, MiB) such as "100 frames" or "64kB", at least 1 and at most 1000000 frames or 1024MiB'

describe('what is wrong is said', () => {
  test.each<[unknown, string]>([
    [5, ': found 5; expected a mapping such as { delay: "10ms", loss: "1%" }'],
    [{ dely: 1 }, `.dely: unknown key; expected one of ${KEYS}; did you mean "delay"?`],
    [{ colour: null }, `.colour: unknown key; expected one of ${KEYS}`],
    [{ up: 1 }, '.up: found 1; expected true or false'],
    [{ mtu: 10 }, '.mtu: found 10; expected a whole number from 68 to 65521'],
    [{ delay: -1 }, `.delay: found -1; expected ${TIME}`],
    [{ delay: '10' }, `.delay: found "10"; expected ${TIME}`],
    [{ delay: '2h' }, `.delay: found "2h"; expected ${TIME}`],
    [{ delay: '61m' }, `.delay: found "61m"; expected ${TIME}`],
    [{ jitter: '1d' }, `.jitter: found "1d"; expected ${JITTER}`],
    [{ jitter: { time: '5' } }, `.jitter.time: found "5"; expected ${TIME}`],
    [
      { jitter: { time: 1, distribution: 'gauss' } },
      '.jitter.distribution: found "gauss"; expected "uniform", "normal" or "pareto"',
    ],
    [
      { rate: '10 Mbit' },
      '.rate: found "10 Mbit"; expected bits a second, a number or with its unit (k, M, G, kbit, Mbit, Gbit) such as "10Mbit", from "1" to "1000G"',
    ],
    [{ queue: 5 }, `.queue: found 5; expected ${QUEUE}`],
    [{ queue: '100' }, `.queue: found "100"; expected ${QUEUE}`],
    [{ queue: '0 frames' }, `.queue: found "0 frames"; expected ${QUEUE}`],
    [{ queue: '2GiB' }, `.queue: found "2GiB"; expected ${QUEUE}`],
    [{ queue: { frames: 1, octets: 2 } }, `.queue: found a mapping; expected ${QUEUE}`],
    [{ loss: 5 }, `.loss: found 5; expected ${LOSS}`],
    [{ loss: '101%' }, `.loss: found "101%"; expected ${LOSS}`],
    [{ loss: {} }, `.loss: found a mapping; expected ${LOSS}`],
    [
      { loss: { averag: 1 } },
      '.loss.averag: unknown key; expected one of "probability", "correlation", "average", "burst", "toBad", "toGood", "lossBad" or "lossGood"; did you mean "average"?',
    ],
    [
      { loss: { toBad: 1, burst: 3 } },
      `.loss.burst: found 3; expected nothing beside "toBad": either ${WAYS}`,
    ],
    [
      { loss: { probability: 1, average: 0.5 } },
      `.loss.average: found 0.5; expected nothing beside "probability": either ${WAYS}`,
    ],
    [{ loss: { average: 0.5 } }, '.loss.burst: missing; expected a length in frames, 1 or more'],
    [
      { loss: { average: '90%', burst: 3 } },
      '.loss.average: found "90%"; expected at most 0.75 with a burst of 3',
    ],
    [
      { corrupt: { p: 1 } },
      '.corrupt.p: unknown key; expected one of "probability" or "correlation"',
    ],
    [
      { reorder: 0.1 },
      '.reorder: found "reorder" alone; expected a "delay" beside it, which some frames go without, or one of its own',
    ],
    [
      { delay: 1, reorder: { gap: 0 } },
      '.reorder.gap: found 0; expected a whole number from 1 to 1000000',
    ],
  ])('%j', (input, message) => {
    expect(() => parseImpairment(input, where)).toThrow(ConfigError)
    try {
      parseImpairment(input, where)
    } catch (error) {
      expect((error as Error).message.split('\n')).toContain(`links.a${message}`)
    }
  })

  test('all at once', () => {
    expect(() => parseImpairment({ delay: -1, loss: 2 }, where)).toThrow(/delay.*\n.*loss/)
  })
})
