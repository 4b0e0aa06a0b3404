import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { Faults } from '../../src/impair/faults.js'
import {
  arrivals,
  correlation,
  type Fate,
  isLost,
  moments,
  OF,
  send,
  sent,
  share,
} from '../support/impair.js'

const COUNT = 20_000
const ways = (fates: readonly Fate[]) =>
  fates.flatMap(({ entered, deliveries }) => deliveries.map(({ at }) => at - entered))

test('a link without faults passes frames at once, as they are', () => {
  expect(sent({}, 3)).toEqual(
    [0, 1, 2].map((now) => ({
      entered: now,
      octets: 1000,
      deliveries: [{ at: now, bit: -1 }],
      drops: [],
    })),
  )
})

test('a link that is down passes nothing, whatever else it does', () => {
  const fates = sent({ up: false, loss: 1, mtu: 68, duplicate: 1 }, 3)
  expect(fates.map(({ drops }) => drops)).toEqual(Array(3).fill(['down', 'down']))
})

test('the MTU is without the Ethernet header, and without a VLAN tag that the caller names', () => {
  const faults = new Faults(OF, { mtu: 1500 })
  expect(send(faults, 0, 1514).drops).toEqual([])
  expect(send(faults, 0, 1515).drops).toEqual(['mtu'])
  expect(send(faults, 0, 1518, 18).drops).toEqual([])
  expect(send(faults, 0, 1519, 18).drops).toEqual(['mtu'])
})

describe('rate and queue', () => {
  test('frames follow each other as fast as the rate lets them', () => {
    const faults = new Faults(OF, { rate: '1Mbit', delay: 10 })
    expect([0, 0, 1, 50].map((now) => send(faults, now, 125).deliveries[0]?.at)).toEqual([
      11, 12, 13, 61,
    ])
  })

  test('who finds the queue full is dropped, the frame that is being sent is not in it', () => {
    const faults = new Faults(OF, { rate: '1Mbit', queue: '2 frames' })
    const drops = (now: number) => send(faults, now, 125).drops
    expect([0, 0, 0, 0, 0.9].map(drops)).toEqual([[], [], [], ['queue'], ['queue']])
    expect([1, 1].map(drops)).toEqual([[], ['queue']])
  })

  test('a queue may be of octets', () => {
    const faults = new Faults(OF, { rate: '1Mbit', queue: '300B' })
    const drops = (octets: number) => send(faults, 0, octets).drops
    expect([1000, 200, 101, 100, 1].map(drops)).toEqual([[], [], ['queue'], [], ['queue']])
  })

  test('1000 frames if nothing is said, and thousands if it is', () => {
    const taken = (queue?: string) =>
      sent({ rate: 8, queue }, 6000, 0).filter(({ drops }) => drops.length === 0).length
    expect(taken()).toBe(1001)
    expect(taken('5000 frames')).toBe(5001)
  })

  test('jitter does not bring frames closer than the rate', () => {
    const jitter = { time: 20, distribution: 'normal' }
    const times = arrivals(sent({ rate: '1Mbit', delay: 50, jitter }, 500, 8))
    for (const [n, at] of times.entries()) {
      if (n > 0) expect(at - (times[n - 1] as number)).toBeGreaterThan(8 - 1e-9)
    }
  })
})

describe('loss', () => {
  test.each([0, 0.01, 0.3, 1])('of %d', (loss) => {
    const lost = share(sent({ loss }, COUNT).map(isLost))
    expect(Math.abs(lost - loss)).toBeLessThanOrEqual(4 * Math.sqrt((loss * (1 - loss)) / COUNT))
  })

  /** How long runs of lost frames are. */
  function runs(lost: readonly boolean[]): number[] {
    const text = lost.map((is) => (is ? 'x' : ' ')).join('')
    return (text.match(/x+/g) ?? []).map(({ length }) => length)
  }

  test('that is tied comes in runs and stays as likely', () => {
    const lost = sent({ loss: { probability: 0.1, correlation: 0.5 } }, COUNT).map(isLost)
    expect(share(lost)).toBeCloseTo(0.1, 1)
    // A run goes on when the next is tied, or is not and is hit itself: 0.55.
    expect(Math.abs(moments(runs(lost)).mean - 1 / 0.45)).toBeLessThan(0.22)
  })

  test('in bursts, by the average and how long they are', () => {
    const lost = sent({ loss: { average: '5%', burst: 4 } }, COUNT).map(isLost)
    expect(Math.abs(share(lost) - 0.05)).toBeLessThan(0.012)
    expect(Math.abs(moments(runs(lost)).mean - 4)).toBeLessThan(0.8)
  })

  test('of Gilbert and Elliott, by all four', () => {
    const loss = { toBad: 0.02, toGood: 0.2, lossBad: 0.5, lossGood: 0.01 }
    const lost = share(sent({ loss }, 5 * COUNT).map(isLost))
    // One frame of eleven in the bad state.
    expect(Math.abs(lost - (0.5 / 11 + 0.1 / 11))).toBeLessThan(0.005)
  })

  test('a medium that was bad is good after the model is set anew', () => {
    const faults = new Faults(OF, { loss: { toBad: 1, toGood: 0 } })
    expect(send(faults, 0).drops).toEqual(['loss'])
    faults.change(0, { delay: 1 })
    expect(send(faults, 0).drops).toEqual(['loss'])
    faults.change(0, { loss: { toBad: 0, toGood: 0 } })
    expect(send(faults, 0).drops).toEqual([])
  })
})

describe('delay and jitter', () => {
  test.each([
    ['uniform', 0, 3 / Math.sqrt(3)],
    ['normal', 0, 3],
    ['pareto', -0.033 * 3, 2.6],
  ])('%s', (distribution, more, deviation) => {
    const jitter = { time: 3, distribution, reorder: true }
    const found = moments(ways(sent({ delay: '20ms', jitter }, COUNT)))
    expect(Math.abs(found.mean - 20 - more)).toBeLessThan(0.09)
    expect(Math.abs(found.deviation - deviation)).toBeLessThan(0.15)
  })

  test('no frame comes before it was sent', () => {
    const jitter = { time: 30, distribution: 'normal', reorder: true }
    const all = ways(sent({ delay: 10, jitter }, 1000))
    expect(Math.min(...all)).toBe(0)
  })

  test('order is kept, unless jitter may change it', () => {
    const ordered = (reorder: boolean) => {
      const times = arrivals(sent({ delay: 10, jitter: { time: 10, reorder } }, 1000))
      return times.every((at, n) => n === 0 || at >= (times[n - 1] as number))
    }
    expect([ordered(false), ordered(true)]).toEqual([true, false])
  })

  test('may be tied to the frame before', () => {
    const jitter = { time: 5, reorder: true, correlation: '50%' }
    const all = ways(sent({ delay: 10, jitter }, COUNT))
    expect(correlation(all.slice(1), all.slice(0, -1))).toBeCloseTo(0.5, 1)
  })
})

describe('reordering', () => {
  const early = (settings: object) =>
    sent({ delay: 10, ...settings }, 1000).flatMap(({ deliveries, entered }, n) =>
      deliveries[0]?.at === entered ? [n] : [],
    )

  test('every so many frames one goes without the delay', () => {
    expect(early({ reorder: { gap: 250 } })).toEqual([249, 499, 749, 999])
  })

  test('each, or each after a gap, may be the one', () => {
    expect(Math.abs(early({ reorder: 0.1 }).length - 100)).toBeLessThan(38)
    const gaps = early({ reorder: { gap: 5, probability: 0.25 } })
    for (const [n, at] of gaps.entries()) {
      expect(at - (gaps[n - 1] ?? -1)).toBeGreaterThanOrEqual(5)
    }
    // On average 4 frames that keep the order, and 4 tries.
    expect(Math.abs(gaps.length - 1000 / 8)).toBeLessThan(25)
  })

  test('or comes later than the others, which need no delay for that', () => {
    const fates = sent({ reorder: { gap: 3, delay: '1.5ms' } }, 6)
    expect(arrivals(fates)).toEqual([0, 1, 3.5, 3, 4, 6.5])
  })
})

describe('duplication and corruption', () => {
  test('a copy comes right behind, and needs its time at the rate', () => {
    const [one] = sent({ duplicate: 1, rate: '8Mbit' }, 1)
    expect(one?.deliveries.map(({ at }) => at)).toEqual([1, 2])
    expect(sent({ duplicate: 1 }, 1)[0]?.deliveries.map(({ at }) => at)).toEqual([0, 0])
  })

  test('as often as it is asked for', () => {
    const copied = share(
      sent({ duplicate: 0.2 }, COUNT).map(({ deliveries }) => deliveries.length > 1),
    )
    expect(Math.abs(copied - 0.2)).toBeLessThan(0.0114)
  })

  test('a copy has its own luck', () => {
    const drops = sent({ duplicate: 1, loss: 0.5 }, COUNT).map((fate) => fate.drops.length)
    for (const [count, expected] of [0.25, 0.5, 0.25].entries()) {
      expect(Math.abs(share(drops.map((found) => found === count)) - expected)).toBeLessThan(0.0142)
    }
  })

  test('one bit of the frame, each as likely', () => {
    const bits = sent({ corrupt: 1 }, COUNT).map(({ deliveries }) => deliveries[0]?.bit ?? -1)
    expect(bits.every((bit) => Number.isInteger(bit) && bit >= 0 && bit < 8000)).toBe(true)
    expect(Math.abs(moments(bits).mean - 3999.5)).toBeLessThan(65)
    expect(
      share(sent({ corrupt: 0.1 }, COUNT).map((f) => f.deliveries[0]?.bit !== -1)),
    ).toBeCloseTo(0.1, 1)
  })
})

describe('changes', () => {
  test('what is under way stays so, and nobody overtakes it', () => {
    const faults = new Faults(OF, { delay: 100 })
    expect(send(faults, 0).deliveries[0]?.at).toBe(100)
    faults.change(1, { delay: 10 })
    expect(send(faults, 1).deliveries[0]?.at).toBe(100)
    expect(send(faults, 95).deliveries[0]?.at).toBe(105)
    faults.change(96, { delay: null })
    expect(faults.settings(96)).toEqual({})
    expect(send(faults, 96).deliveries[0]?.at).toBe(105)
    expect(send(faults, 106).deliveries[0]?.at).toBe(106)
  })

  test('what is not named stays, and a change that is wrong changes nothing', () => {
    const faults = new Faults(OF, { delay: 5, loss: '10%' })
    faults.change(0, { mtu: 1400 })
    const before = { delay: 5, loss: { probability: 0.1 }, mtu: 1400 }
    expect(faults.settings(0)).toEqual(before)
    expect(() => faults.change(0, { mtu: 1, delay: 9 })).toThrow('links.web.ingress.mtu: found 1')
    expect(() => faults.change(0, { delay: null, reorder: '1%' })).toThrow('ingress.reorder')
    expect(faults.settings(0)).toEqual(before)
  })

  test('at times of the clock', () => {
    const faults = new Faults(OF)
    faults.schedule(0, [
      { at: 10, settings: { up: false } },
      { at: 20, settings: { up: true, delay: '5ms' } },
      { at: 20, settings: { mtu: 500 } },
    ])
    const fate = (now: number) => {
      const { deliveries, drops } = send(faults, now, 400)
      return drops[0] ?? deliveries[0]?.at
    }
    expect([0, 9.99, 10, 19, 20, 30].map(fate)).toEqual([0, 9.99, 'down', 'down', 25, 35])
    expect(faults.settings(30)).toEqual({ up: true, delay: 5, mtu: 500 })
  })

  test('what was due before a change does not undo it', () => {
    const faults = new Faults(OF)
    faults.schedule(0, [{ at: 10, settings: { delay: 1 } }])
    faults.change(20, { delay: 7 })
    expect(send(faults, 30).deliveries[0]?.at).toBe(37)
  })

  test('a schedule that is wrong is refused, the one before stays', () => {
    const faults = new Faults(OF)
    faults.schedule(0, [{ at: 10, settings: { delay: 1 } }])
    const refused = (changes: Parameters<Faults['schedule']>[1]) => () =>
      faults.schedule(0, changes)
    expect(
      refused([
        { at: 5, settings: {} },
        { at: 4, settings: {} },
      ]),
    ).toThrow('ascending order')
    expect(refused([{ at: Number.NaN, settings: {} }])).toThrow('ascending order')
    expect(refused([{ at: 5, settings: { loss: 2 } }])).toThrow(
      'links.web.ingress.schedule[0].loss',
    )
    expect(send(faults, 10).deliveries[0]?.at).toBe(11)
  })
})

describe('seeds', () => {
  const all = {
    delay: '10ms',
    jitter: { time: '4ms', distribution: 'normal', correlation: '20%' },
    rate: '9Mbit',
    queue: '20 frames',
    loss: { average: '5%', burst: 3 },
    duplicate: '5%',
    reorder: { probability: '10%', gap: 2 },
    corrupt: { probability: '5%', correlation: '10%' },
  }

  test('the same calls, the same bits: on every engine and in every version', () => {
    const digest = createHash('sha256')
    for (const distribution of ['uniform', 'normal', 'pareto']) {
      digest.update(JSON.stringify(sent({ ...all, jitter: { ...all.jitter, distribution } }, 5000)))
    }
    expect(digest.digest('hex')).toMatchInlineSnapshot(
      `"93c1d4cee8348e8735d630a72b381ff036f49af69c6ee6a7ee7c6681db568058"`,
    )
  })

  test.each([{ seed: 8 }, { link: 'db' }, { direction: 'egress' }])(
    '%j has other luck',
    (other) => {
      const lost = (of: typeof OF) =>
        sent({ loss: 0.5 }, COUNT, 1, of).map((fate) => Number(isLost(fate)))
      expect(Math.abs(correlation(lost(OF), lost({ ...OF, ...other })))).toBeLessThan(0.028)
    },
  )

  test('one more fault does not change whom another hits', () => {
    const hits = (settings: object) => {
      const fates = sent({ loss: 0.2, ...settings }, 2000)
      // Of frames that came through the queue, since nothing else is told of the others.
      return fates.map((fate) => (fate.drops.includes('queue') ? undefined : isLost(fate)))
    }
    const alone = hits({})
    const { loss: _, duplicate: __, ...others } = all
    const beside = hits({ ...others, queue: '1 frame', rate: '7Mbit' })
    expect(beside).toContain(undefined)
    for (const [n, lost] of beside.entries()) if (lost !== undefined) expect(lost).toBe(alone[n])
  })

  test('frames that somebody else counts: those that did not enter leave the others their luck', () => {
    const all = sent({ loss: 0.5 }, 200).map(isLost)
    const faults = new Faults(OF, { loss: 0.5 })
    const odd = all.flatMap((_, n) =>
      n % 2 ? [faults.pass(n, 1000, 14, n + 1).dropped === 1] : [],
    )
    expect(odd).toEqual(all.filter((_, n) => n % 2))
  })

  test('nor does what held before, or another frame size', () => {
    const always = sent({ loss: 0.5 }, 200).map(isLost)
    const faults = new Faults(OF)
    const later = always.map((_, n) => {
      if (n === 100) faults.change(n, { loss: 0.5, corrupt: 0.5 })
      return isLost(send(faults, n, 60 + n))
    })
    expect(later.slice(100)).toEqual(always.slice(100))
  })
})
