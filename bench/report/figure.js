// A figure's part of the report.
import { format } from '../lib/format.js'
import { figureCharts } from './charts.js'
import { html, prose, raw, table } from './html.js'

const DIRECTION = { more: 'more is better', less: 'less is better' }

/** What the place of a figure in the page is called. */
export const anchorOf = (group, { name }) => `${group}.${name}`.replace(/[^\w.-]/g, '-')

const numbers = ({ count, median, min, max }) => [
  ...[format(median), format(min), format(max)],
  ...[median === 0 ? '' : `${Math.round(((max - min) / Math.abs(median)) * 100)} %`, String(count)],
]

/** Every contestant, and every ratio that was taken. */
function comparisonsTable({ unit, contestants, comparisons }) {
  const labelOf = (name) => contestants.find((one) => one.name === name)?.label ?? name
  const plain = contestants.map((contestant) => {
    return [`${contestant.label}, ${unit}`, ...numbers(contestant)]
  })
  const taken = comparisons
    .filter(({ to, measured }) => to !== null && measured !== null)
    .map(({ of, to, as, measured }) => {
      const what = as === 'time' ? 'as times' : 'as a ratio'
      const pairs = { ...measured, count: measured.count ?? '' }
      return [`${labelOf(of)} beside ${labelOf(to)}, ${what}`, ...numbers(pairs)]
    })
  const heads = ['', 'median', 'least', 'most', 'spread', 'measured']
  return table(heads, [...plain, ...taken], { numbers: true })
}

/** Medians of what samples have beside their value. */
function fieldsTable({ contestants }) {
  const names = [...new Set(contestants.flatMap(({ fields }) => fields.map(({ name }) => name)))]
  if (names.length === 0) return ''
  const rows = contestants.map(({ label, fields }) => {
    const medianOf = (name) => fields.find((field) => field.name === name)?.median
    return [label, ...names.map((name) => shown(medianOf(name)))]
  })
  return html`<p class="soft">Measured with it (medians):</p>
${table(['', ...names], rows, { numbers: true })}`
}

const shown = (value) => (value === undefined ? '' : format(value))

/** All samples, a row a round. */
function samplesTable({ contestants, unit }) {
  const columns = contestants.flatMap(({ label, samples, fields }) => [
    { head: `${label}, ${unit}`, values: samples.map(({ value }) => value) },
    ...fields.map(({ name }) => ({
      head: `${label}, ${name}`,
      values: samples.map((sample) => sample[name]),
    })),
  ])
  const rounds = Math.max(...columns.map(({ values }) => values.length))
  const rows = Array.from({ length: rounds }, (_, at) => {
    return [String(at + 1), ...columns.map(({ values }) => shown(values[at]))]
  })
  const heads = ['round', ...columns.map(({ head }) => head)]
  return html`<details><summary>All samples</summary>${table(heads, rows, { numbers: true })}</details>`
}

function measuredPart(result) {
  if (result.contestants.length === 0) return html`<p class="left">Nothing was measured.</p>`
  return html`${figureCharts(result).map(raw)}
${comparisonsTable(result)}
${fieldsTable(result)}
${samplesTable(result)}`
}

/**
 * @param {string} group
 * @param {object} result as readRun has it
 * @param {boolean} alone it is all that its group has: the group's heading is its own
 */
export function figureSection(group, result, alone) {
  const { title, method, notes, unit, better, complete, error, seconds } = result
  const often = seconds === undefined ? '' : `; ${seconds} s a measurement`
  const body =
    error === undefined
      ? html`<p class="soft">${unit}, ${DIRECTION[better]}${often}${complete ? '' : '; interrupted'}</p>
${measuredPart(result)}`
      : html`<p class="left">${error}</p>`
  return html`<section id="${anchorOf(group, result)}">
${alone ? '' : html`<h3>${title}</h3>`}
${method && html`<p class="method">${prose(method)}</p>`}
${body}
${notes.length > 0 && html`<ul>${notes.map((note) => html`<li>${prose(note)}</li>`)}</ul>`}
</section>`
}
