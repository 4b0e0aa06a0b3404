// A figure: what is measured, and what becomes of it.
import { howToGet } from '../../scripts/lib/commands.js'
import { alternate } from './alternate.js'
import { Cleanup } from './cleanup.js'
import { ratios, reaches, summarize } from './statistics.js'

/**
 * @typedef {object} Target
 * @property {string} of a contestant
 * @property {string} [to] another: then the target is for the ratio of the two, else for the value
 * @property {'time'} [as] the ratio of times, where values are rates
 * @property {number} [atLeast] without either bound the ratio is shown, and nothing is held against it
 * @property {number} [atMost]
 *
 * @typedef {object} Figure
 * @property {string} name
 * @property {string} title
 * @property {string} unit
 * @property {'more' | 'less'} better
 * @property {string} method what exactly is measured, for the report
 * @property {{root?: boolean, commands?: string[]}} needs
 * @property {number} [seconds] of one measurement, unless told
 * @property {number} [takes] measurements that one of a contestant is made of, about; one if left out
 * @property {number} [rounds] at most, where more would take long or make no difference
 * @property {Target[]} targets
 * @property {(context: object) => Promise<{contestants: import('./alternate.js').Contestant[],
 *   notes?: string[], check?: () => Promise<void>}>} setUp `check`: proves, after all rounds, that
 *   the contestants did the same
 * @property {(samples: Map<string, object[]>) => string[]} [remarks]
 * @property {string} [variant] what tells it from others of its group, short, e.g. "512 B"
 * @property {Reading[]} [readings] what else its samples show
 *
 * @typedef {object} Reading a figure that is not measured for itself: another field of the samples
 * @property {string} name
 * @property {string} title
 * @property {string} unit
 * @property {'more' | 'less'} better
 * @property {string} method
 * @property {string} field of the samples; contestants that do not have it are left out
 * @property {Target[]} targets
 * @property {string} [variant]
 */

/**
 * Why the figure cannot be measured on this machine, and what to do; or undefined.
 *
 * @param {Pick<Figure, 'needs'>} figure
 * @param {{missing: string[], forbidden?: string}} host see bench/run.js
 */
export function obstacle({ needs }, { missing, forbidden }) {
  if (needs.root && forbidden !== undefined) return forbidden
  const absent = (needs.commands ?? []).filter((command) => missing.includes(command))
  return absent.length > 0 ? `needs ${absent.join(', ')}${howToGet(absent)}` : undefined
}

/**
 * Seconds of one measurement; undefined for a figure that takes as long as it takes.
 *
 * @param {Pick<Figure, 'seconds' | 'needs'>} figure
 * @param {{seconds?: number, most?: number}} plan
 */
export function secondsOf({ seconds, needs }, { seconds: told, most = Number.POSITIVE_INFINITY }) {
  if (told === undefined && seconds === undefined) return undefined
  const wanted = told ?? Math.min(seconds, most)
  // iperf3 counts whole seconds, and 0 is for ever.
  return needs.commands?.includes('iperf3') ? Math.max(1, Math.round(wanted)) : wanted
}

/**
 * Measures a figure.
 *
 * @param {Figure} figure
 * @param {object} context see bench/main.js
 * @returns {Promise<object>} its result, as it goes into JSON
 */
export async function measureFigure(figure, context) {
  const cleanup = new Cleanup()
  const seconds = secondsOf(figure, context)
  try {
    const own = { ...context, cleanup, seconds }
    const { contestants, notes = [], check } = await figure.setUp(own)
    const rounds = Math.min(figure.rounds ?? context.pairs, context.pairs)
    const total = rounds * contestants.length
    let done = 0
    const onSample = ({ label }, { value }) => {
      done++
      context.progress.sampled({ label, value, unit: figure.unit, done, total })
    }
    const { samples, complete } = await alternate(contestants, { ...context, rounds, onSample })
    if (complete) await check?.()
    const remarks = [...notes, ...(figure.remarks?.(samples) ?? [])]
    return resultOf({ ...figure, seconds }, contestants, samples, { complete, notes: remarks })
  } finally {
    for (const failure of await cleanup.run()) context.say(`cleaning up: ${failure.message}`)
  }
}

/** The result of a figure from its samples: pure. */
export function resultOf(figure, contestants, samples, { complete, notes }) {
  const { name, title, variant, unit, better, method, seconds, targets } = figure
  const values = (which) => (samples.get(which) ?? []).map(({ value }) => value)
  return {
    ...{ name, title, variant, unit, better, method, seconds, complete, notes },
    contestants: contestants
      .filter((contestant) => values(contestant.name).length > 0)
      .map(({ name: which, label }) => ({
        ...{ name: which, label, ...summarize(values(which)) },
        samples: samples.get(which),
      })),
    comparisons: targets.map((target) => compare(target, values)),
  }
}

/**
 * A result, and behind it what else its samples show, each a result of its own: pure.
 *
 * @param {{readings?: Reading[]}} figure
 * @param {any} result of it; one that failed has nothing else to show
 * @returns {any[]}
 */
export function withReadings({ readings = [] }, result) {
  if (result.error !== undefined) return [result]
  const { contestants, complete, seconds } = result
  const others = readings.map((reading) => {
    const pick = (samples) =>
      samples.filter((sample) => Number.isFinite(sample[reading.field])).map(toValue(reading.field))
    const samples = new Map(contestants.map(({ name, samples: all }) => [name, pick(all)]))
    return resultOf({ ...reading, seconds }, contestants, samples, { complete, notes: [] })
  })
  return [result, ...others]
}

const toValue = (field) => (sample) => ({ value: sample[field] })

/** A target beside what was measured; `measured` is null when nothing was. */
function compare({ of, to, as, ...target }, values) {
  const [ours, theirs] = [values(of), to === undefined ? [] : values(to)]
  const list = to === undefined ? ours : as === 'time' ? ratios(theirs, ours) : ratios(ours, theirs)
  const measured = list.length > 0 ? summarize(list) : null
  const bounded = target.atLeast !== undefined || target.atMost !== undefined
  const met = measured !== null && bounded ? reaches(measured.median, target) : null
  return { of, to: to ?? null, as: as ?? null, target, measured, met }
}
