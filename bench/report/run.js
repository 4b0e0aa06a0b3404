// A run's JSON as a report needs it. It may be old, of another version, or edited by hand: what a picture
// cannot be made of is left out here, so that nothing behind this has to ask.
import { HouseError } from '../../scripts/lib/house.js'
import { summarize } from '../lib/statistics.js'

const isObject = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const listOf = (value) => (Array.isArray(value) ? value.filter(isObject) : [])
const textOf = (value) => (typeof value === 'string' ? value : '')
const numbersIn = (sample) =>
  Object.fromEntries(Object.entries(sample).filter(([, value]) => Number.isFinite(value)))

/** Of each number that samples have beside their value, in the order in which they first come. */
function fieldsOf(samples) {
  const names = [...new Set(samples.flatMap((sample) => Object.keys(sample)))]
  return names
    .filter((name) => name !== 'value')
    .map((name) => {
      const values = samples.map((sample) => sample[name]).filter(Number.isFinite)
      return { name, ...summarize(values) }
    })
}

function contestantOf({ name, label, samples }) {
  const usable = listOf(samples)
    .map(numbersIn)
    .filter(({ value }) => value !== undefined)
  if (usable.length === 0) return []
  const values = usable.map(({ value }) => value)
  const own = { name: textOf(name), label: textOf(label) || textOf(name) }
  return [{ ...own, ...summarize(values), samples: usable, fields: fieldsOf(usable) }]
}

function comparisonOf({ of, to, as, target, measured, met }) {
  const bounds = isObject(target) ? numbersIn(target) : {}
  const whole =
    isObject(measured) && ['median', 'min', 'max'].every((key) => Number.isFinite(measured[key]))
  return {
    ...{ of: textOf(of), to: to === null ? null : textOf(to), as: as ?? null, target: bounds },
    ...{ measured: whole ? measured : null, met: whole && typeof met === 'boolean' ? met : null },
  }
}

function resultOf(result) {
  const { name, title, variant, unit, better, method, seconds, complete, notes, error } = result
  return {
    ...{ name: textOf(name), title: textOf(title) || textOf(name), unit: textOf(unit) },
    ...{ better: better === 'less' ? 'less' : 'more', method: textOf(method) },
    ...(Number.isFinite(seconds) && { seconds }),
    ...(textOf(variant) !== '' && { variant }),
    ...{ complete: complete === true, notes: Array.isArray(notes) ? notes.map(String) : [] },
    ...(typeof error === 'string' && { error }),
    contestants: listOf(result.contestants).flatMap(contestantOf),
    comparisons: listOf(result.comparisons).map(comparisonOf),
  }
}

/**
 * @typedef {import('../lib/statistics.js').Summary} Summary
 * @typedef {Summary & {name: string, label: string, samples: Record<string, number>[],
 *   fields: (Summary & {name: string})[]}} Contestant
 * @typedef {{name: string, title: string, variant?: string, unit: string, better: 'more' | 'less', method: string,
 *   seconds?: number, complete: boolean, notes: string[], error?: string, contestants: Contestant[],
 *   comparisons: {of: string, to: string | null, as: unknown, target: {atLeast?: number, atMost?: number},
 *   measured: Summary | null, met: boolean | null}[]}} Result
 *
 * @param {unknown} json as `npm run bench` writes it
 * @returns {{date: string, machine: Record<string, string | number>, load: number | null,
 *   loadAfter: number | null, pairs: number | null, interrupted: boolean, groups: [name: string, results: Result[]][]}}
 * @throws HouseError when it is nothing of the kind
 */
export function readRun(json) {
  if (!isObject(json) || !isObject(json.groups)) {
    throw new HouseError('bench: a report is made of the JSON of a run: this has no "groups"')
  }
  const machine = isObject(json.machine) ? json.machine : {}
  const said = Object.entries(machine).filter(([, value]) =>
    ['string', 'number'].includes(typeof value),
  )
  return {
    date: textOf(json.date),
    machine: Object.fromEntries(said),
    load: Number.isFinite(json.load) ? json.load : null,
    loadAfter: Number.isFinite(json.loadAfter) ? json.loadAfter : null,
    pairs: Number.isFinite(json.pairs) ? json.pairs : null,
    interrupted: json.interrupted === true,
    groups: Object.entries(json.groups).map(([name, list]) => [name, listOf(list).map(resultOf)]),
  }
}
