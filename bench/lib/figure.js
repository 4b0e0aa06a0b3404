// A figure: what is measured, and what becomes of it.
import { alternate } from './alternate.js'
import { Cleanup } from './cleanup.js'
import { format } from './format.js'
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
 * @property {number} [rounds] where repeating makes no difference
 * @property {Target[]} targets
 * @property {(context: object) => Promise<{contestants: import('./alternate.js').Contestant[],
 *   notes?: string[], check?: () => Promise<void>}>} setUp `check`: proves, after all rounds, that
 *   the contestants did the same
 * @property {(samples: Map<string, object[]>) => string[]} [remarks]
 */

/** Why the figure cannot be measured on this machine, or undefined. */
export function obstacle({ needs }, { missing, root }) {
  if (needs.root && !root) return 'needs root: network namespaces and TAPs'
  const absent = (needs.commands ?? []).filter((command) => missing.includes(command))
  return absent.length > 0 ? `needs ${absent.join(', ')}` : undefined
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
  const seconds = context.seconds ?? figure.seconds
  try {
    const own = { ...context, cleanup, seconds }
    const { contestants, notes = [], check } = await figure.setUp(own)
    const rounds = figure.rounds ?? context.pairs
    const total = rounds * contestants.length
    let done = 0
    const onSample = (contestant, { value }) => {
      done++
      context.say(
        `${figure.name} ${done}/${total}: ${contestant.label} ${format(value)} ${figure.unit}`,
      )
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
  const { name, title, unit, better, method, seconds, targets } = figure
  const values = (which) => (samples.get(which) ?? []).map(({ value }) => value)
  return {
    ...{ name, title, unit, better, method, seconds, complete, notes },
    contestants: contestants
      .filter((contestant) => values(contestant.name).length > 0)
      .map(({ name: which, label }) => ({
        ...{ name: which, label, ...summarize(values(which)) },
        samples: samples.get(which),
      })),
    comparisons: targets.map((target) => compare(target, values)),
  }
}

/** A target beside what was measured; `measured` is null when nothing was. */
function compare({ of, to, as, ...target }, values) {
  const [ours, theirs] = [values(of), to === undefined ? [] : values(to)]
  const list = to === undefined ? ours : as === 'time' ? ratios(theirs, ours) : ratios(ours, theirs)
  const measured = list.length > 0 ? summarize(list) : null
  const bounded = target.atLeast !== undefined || target.atMost !== undefined
  const met = measured !== null && bounded ? reaches(measured.median, target) : null
  return { of, to: to ?? null, as: as ?? null, target, measured, met }
}
