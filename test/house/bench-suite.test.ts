// The parts of the suite that need no kernel: the search for a throughput, time of processors, counters,
// what a long run says, figures that are read from the samples of others.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { costReading, costRemarks } from '../../bench/figures/cost.js'
import { groups, onRequest } from '../../bench/figures/index.js'
import { trialOf } from '../../bench/figures/throughput.js'
import { resultOf, withReadings } from '../../bench/lib/figure.js'
import { parseOptions } from '../../bench/lib/options.js'
import { machineTime, metered, processTime } from '../../bench/lib/processor.js'
import { receivedBy } from '../../bench/lib/received.js'
import { searchThroughput, TRIALS_MOST } from '../../bench/lib/search.js'
import { dropsSince, failures, growthOf, soakRemarks } from '../../bench/lib/soak.js'
import { textTable } from '../../bench/lib/table.js'

const SEARCH = { resolution: 1.1, acceptedLoss: 0, attempts: 2, least: 1000 }

/** A device that carries so many frames a second, behind a sender that reaches so many. */
function device(capacity: number, reach = Number.POSITIVE_INFINITY) {
  const rates: number[] = []
  const trial = async (rate: number) => {
    rates.push(rate)
    const sent = Math.min(rate, reach)
    return { rate: sent, offered: sent === rate, loss: Math.max(0, 1 - capacity / sent) }
  }
  return { trial, rates }
}

const capacities = fc.integer({ min: 2000, max: 5_000_000 })
/** How far a guess may be from what is found. */
const misses = fc.double({ min: 0.2, max: 5, noNaN: true })

describe('the search for a throughput (RFC 2544, 26.1)', () => {
  it('ends below what the device carries, and no further than the resolution', async () => {
    await fc.assert(
      fc.asyncProperty(capacities, misses, async (capacity, miss) => {
        const { trial } = device(capacity)
        const guess = Math.max(SEARCH.least, capacity * miss)
        const found = await searchThroughput(trial, trial, { ...SEARCH, guess, attempts: 1 })
        expect(found).toMatchObject({ confirmed: true, bounded: true })
        expect(found.rate).toBeLessThanOrEqual(capacity)
        expect(found.rate).toBeGreaterThanOrEqual(capacity / 1.1 / 1.0001)
      }),
    )
  })

  it('takes a loss that does not come again for none', async () => {
    await fc.assert(
      fc.asyncProperty(capacities, fc.boolean(), async (capacity, first) => {
        const { trial } = device(capacity)
        let spurious = first
        const noisy = async (rate: number) => {
          spurious = !spurious
          const outcome = await trial(rate)
          return spurious ? { ...outcome, loss: Math.max(outcome.loss, 0.001) } : outcome
        }
        const search = { ...SEARCH, guess: capacity * 0.8 }
        const { rate, confirmed } = await searchThroughput(noisy, noisy, search)
        expect(confirmed).toBe(true)
        expect(rate).toBeLessThanOrEqual(capacity)
        expect(rate).toBeGreaterThanOrEqual(capacity / 1.1 / 1.0001)
      }),
    )
  })

  it('never says more than the device carries, and ends, whatever else is lost', async () => {
    const losses = fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true }))
    await fc.assert(
      fc.asyncProperty(capacities, misses, losses, async (capacity, miss, stream) => {
        const { trial, rates } = device(capacity)
        const noisy = async (rate: number) => {
          const outcome = await trial(rate)
          const more = stream.next().value > 0.7 ? 0.01 : 0
          return { ...outcome, loss: Math.max(outcome.loss, more) }
        }
        const guess = Math.max(SEARCH.least, capacity * miss)
        const found = await searchThroughput(noisy, noisy, { ...SEARCH, guess })
        expect(found.rate).toBeLessThanOrEqual(capacity)
        expect(found.trials).toBe(rates.length)
        expect(found.trials).toBeLessThanOrEqual(TRIALS_MOST + SEARCH.attempts)
      }),
    )
  })

  it('accepts as much loss as it is told', async () => {
    const { trial } = device(100_000)
    const search = { ...SEARCH, guess: 90_000, acceptedLoss: 0.5 }
    const { rate } = await searchThroughput(trial, trial, search)
    expect(rate).toBeGreaterThan(180_000)
    expect(rate).toBeLessThanOrEqual(200_000)
  })

  it('says when the sender was the limit', async () => {
    const { trial } = device(1_000_000, 200_000)
    const found = await searchThroughput(trial, trial, { ...SEARCH, guess: 50_000 })
    expect(found).toMatchObject({ confirmed: true, bounded: false })
    expect(found.rate).toBeLessThanOrEqual(200_000)
  })

  it('never takes for carried what a sender that stalls did not send', async () => {
    await fc.assert(
      fc.asyncProperty(
        capacities,
        misses,
        fc.infiniteStream(fc.boolean()),
        async (capacity, miss, stream) => {
          const { trial } = device(capacity)
          const stalling = async (rate: number) => {
            const slow = stream.next().value
            const outcome = await trial(slow ? rate * 0.7 : rate)
            return { ...outcome, offered: !slow }
          }
          const guess = Math.max(SEARCH.least, capacity * miss)
          const { rate } = await searchThroughput(stalling, stalling, { ...SEARCH, guess })
          expect(rate).toBeLessThanOrEqual(capacity)
        },
      ),
    )
  })

  it('falls back on the highest that passed where nothing is confirmed', async () => {
    const { trial } = device(100_000)
    const never = async (rate: number) => ({ rate, offered: true, loss: 1 })
    const search = { ...SEARCH, guess: 80_000, attempts: 1 }
    const found = await searchThroughput(trial, never, search)
    expect(found.confirmed).toBe(false)
    expect(found.rate).toBeLessThanOrEqual(100_000)
  })

  it('goes on below a rate that does not hold for longer', async () => {
    const [short, long] = [device(200_000), device(100_000)]
    const search = { ...SEARCH, guess: 150_000, attempts: 1 }
    const found = await searchThroughput(short.trial, long.trial, search)
    expect(found.confirmed).toBe(true)
    expect(found.rate).toBeLessThanOrEqual(100_000)
  })

  it('gives up where nothing passes', async () => {
    const { trial } = device(10)
    const found = await searchThroughput(trial, trial, { ...SEARCH, guess: 20_000 })
    expect(found).toMatchObject({ rate: 0, confirmed: false })
  })
})

describe('a trial', () => {
  const sender = { frames: 1000, refused: 0, framesPerSecond: 998, framesPerSecondWanted: 1000 }
  const receiver = { lost: 0, kernelDrops: 0 }

  it('passes what arrives at the rate that was asked for', () => {
    expect(trialOf({ sender, receiver })).toEqual({ rate: 998, offered: true, loss: 0 })
  })

  it('holds what found the queue full against the switch, though it was sent again', () => {
    const full = { ...sender, refused: 10, framesPerSecond: 500 }
    expect(trialOf({ sender: full, receiver })).toMatchObject({ offered: true, loss: 0.01 })
  })

  it('does not hold what the receiver had no room for against the switch', () => {
    const trial = trialOf({ sender, receiver: { lost: 30, kernelDrops: 20 } })
    expect(trial.loss).toBe(0.01)
  })

  it('says nothing where the sender fell behind by itself', () => {
    const slow = { ...sender, framesPerSecond: 900 }
    expect(trialOf({ sender: slow, receiver })).toMatchObject({ offered: false, loss: 0 })
  })
})

describe('time of processors', () => {
  const stat = [
    'cpu  100 20 300 4000 50 6 70 800 90 10',
    'cpu0 50 10 150 2000 25 3 35 400 45 5',
    'intr 1 2 3',
  ].join('\n')

  it('of the machine: what worked, not what waited or was taken', () => {
    expect(machineTime(stat)).toBeCloseTo((100 + 20 + 300 + 6 + 70) / 100)
  })

  it('of a process, whatever it is called', () => {
    const rest = '1 42 42 0 -1 4194560 1 2 3 4 250 50 7 8 20 0 3 0 100 1 1'
    expect(processTime(`42 (node) S ${rest}`)).toBe(3)
    expect(processTime(`42 (a) b (c) 9) S ${rest}`)).toBe(3)
  })

  it.runIf(process.platform === 'linux')('of this process, by what Linux says', async () => {
    const work = async () => {
      const end = process.cpuUsage().user + 50_000
      while (process.cpuUsage().user < end);
      return 'done'
    }
    const { result, machine, own } = await metered([process.pid], work)
    expect(result).toBe('done')
    expect(Math.min(own, machine)).toBeGreaterThan(0)
  })

  it('is not known of a process that is gone', async () => {
    const { own } = await metered([2 ** 30], async () => {})
    expect(own).toBeNaN()
  })
})

describe('counters of an interface', () => {
  const text = [
    'Inter-|   Receive                                                |  Transmit',
    ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs',
    '    lo:       0       0    0    0    0     0          0         0        0       0    0',
    ' bn-aa:77 99 0 0 0 0 0 0 5 6 0',
    '  bn-a: 1234567   89012    0    0    0     0          0         0        5       6    0',
  ].join('\n')

  it('are read as /proc/net/dev has them', () => {
    expect([receivedBy(text, 'bn-a'), receivedBy(text, 'bn-aa')]).toEqual([89_012, 99])
    expect(receivedBy(text, 'bn-b')).toBeNaN()
  })
})

describe('a long run', () => {
  const look = (memory: number, descriptors: number) => ({ memory, descriptors })
  const MIB = 2 ** 20

  it('is held against what the first slice left, not against the start', () => {
    const growth = growthOf([look(50, 30), look(100, 34), look(105, 34), look(109, 34)])
    expect(growth).toEqual({ memoryGrowth: 1.09, descriptorGrowth: 0 })
    expect(failures(growth)).toEqual([])
  })

  it('fails when memory or descriptors grow', () => {
    const growth = growthOf([look(50, 30), look(100, 34), look(105, 34), look(120, 36)])
    expect(failures(growth)).toHaveLength(2)
    expect(failures(growth).every((text) => text.startsWith('FAILED'))).toBe(true)
  })

  it('counts what was dropped since, most first', () => {
    const drop = (reason: string, frames: number) => ({ port: 'a', reason, frames })
    const before = [drop('same-port', 5), drop('over-mtu', 2)]
    const after = [drop('same-port', 5), drop('over-mtu', 4), drop('flow-limit', 9)]
    expect(dropsSince(before, after)).toEqual([drop('flow-limit', 9), drop('over-mtu', 2)])
  })

  it('says what was beside', () => {
    const said = soakRemarks({
      slices: [{ forward: 1, backward: 2 }],
      looks: [look(50 * MIB, 30), look(60 * MIB, 31), look(61 * MIB, 31)],
      drops: [{ port: 'a', reason: 'flow-limit', frames: 9 }],
      frames: { sent: 1000, lost: 3 },
      connections: 2000,
      slice: 10,
      ...{ memoryGrowth: 61 / 60, descriptorGrowth: 0 },
    }).join('\n')
    for (const part of [
      '1 + 2',
      '50 MiB, 60 MiB, 61 MiB',
      '30, 31, 31',
      '3 of 1000',
      'a flow-limit 9',
    ]) {
      expect(said).toContain(part)
    }
    expect(said).not.toContain('FAILED')
  })
})

describe('what else samples show', () => {
  const figure = {
    ...{ name: 'tcp', title: 'TCP', unit: 'Gbit/s', better: 'more', method: '', seconds: 1 },
    targets: [],
    readings: [costReading('tcp', 'TCP', 'linkspan', ['c', 'bridge'])],
  }
  const contestants = ['linkspan', 'c', 'bridge'].map((name) => {
    return { name, label: name, measure: () => ({ value: 0 }) }
  })
  const samples = new Map([
    ['linkspan', [{ value: 8, cost: 0.2, ownCost: 0.1 }]],
    ['c', [{ value: 9, cost: 0.4, ownCost: 0.2 }]],
    ['bridge', [{ value: 10 }]],
  ])
  const result = resultOf(figure, contestants, samples, { complete: true, notes: [] })

  it('is a result of its own, without those that do not show it', () => {
    const [same, cost] = withReadings(figure, result)
    expect(same).toBe(result)
    expect(cost.contestants.map(({ name }: { name: string }) => name)).toEqual(['linkspan', 'c'])
    expect(cost.comparisons[0]).toMatchObject({ measured: { median: 0.5 }, met: null })
    expect(textTable([cost])).toContain('c 0.4 s/Gbit')
  })

  it('is nothing of a figure that failed', () => {
    const failed = { name: 'tcp', title: 'TCP', complete: false, error: 'failed' }
    expect(withReadings(figure, failed)).toEqual([failed])
  })

  it('has the part of the processes that there are', () => {
    expect(costRemarks(samples)).toEqual(['s/Gbit of their own processes: linkspan 0.1, c 0.2'])
    expect(costRemarks(new Map())).toEqual([])
  })
})

describe('figures', () => {
  const all = Object.values(groups).flat()

  it('have names and titles of their own, readings too', () => {
    const every = all.flatMap((figure) => [figure, ...(figure.readings ?? [])])
    for (const key of ['name', 'title'] as const) {
      const list = every.map((figure) => figure[key])
      expect(new Set(list).size).toBe(list.length)
    }
  })

  it('that take long are measured when they are named', () => {
    const names = Object.keys(groups)
    expect(onRequest.every((name) => names.includes(name))).toBe(true)
    expect(parseOptions([], names, onRequest).names).not.toContain('soak')
    expect(parseOptions(['soak'], names, onRequest).names).toEqual(['soak'])
    expect(() => parseOptions(['nonsense'], names, onRequest)).toThrow(
      /all of them .* but matrix, soak/,
    )
  })
})
