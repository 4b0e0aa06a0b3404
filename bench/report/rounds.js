// Every sample by round, a row a contestant: has the machine drifted, was there an outlier? A row's
// middle is the contestant's own median, and all rows have one scale, so that they can be compared.
import { format } from '../lib/format.js'
import { median } from '../lib/statistics.js'
import { colour, escaped, round, svg, textAt, widthOf } from './svg.js'

const LABEL = 150
const PLOT = 400
const VALUE = 170
const ROW = 40
const HEAD = 34
/** Half of what a row's dots may take, and the least that a row is tall for: 5 % either way. */
const REACH = 15
const LEAST = 0.05

const percent = (ratio) => `${ratio > 0 ? '+' : ''}${Math.round(ratio * 100)} %`

/**
 * @param {{label: string, unit: string, values: number[]}[]} rows
 * @param {boolean} [inPage] see svg
 */
export function roundsChart(rows, inPage) {
  const drifts = rows.map(({ values }) => driftOf(values))
  const most = Math.max(LEAST, ...drifts.flat().map(Math.abs))
  const left = Math.max(LABEL, ...rows.map(({ label }) => widthOf(label) + 16))
  const rounds = Math.max(...rows.map(({ values }) => values.length))
  const step = PLOT / Math.max(rounds, 1)
  const width = left + PLOT + VALUE
  const parts = [
    textAt('each measurement, in its order, beside the contestant’s median', {
      ...{ className: 'unit', x: left, y: 20 },
    }),
  ]
  for (const [index, row] of rows.entries()) {
    const place = { left, y: HEAD + index * ROW, step, scale: REACH / most, index }
    parts.push(rowAt(row, drifts[index], place))
  }
  const said = 'Each measurement by round'
  return svg({ width, height: HEAD + rows.length * ROW + 8, said, parts, inPage })
}

/** How far each value is from their median, as a share of it. */
function driftOf(values) {
  const middle = median(values)
  return values.map((value) => (middle === 0 ? 0 : value / middle - 1))
}

function rowAt({ label, unit, values }, drift, { left, y, step, scale, index }) {
  const middle = y + ROW / 2
  const points = drift.map((ratio, at) => [
    round(left + (at + 0.5) * step),
    round(middle - ratio * scale),
  ])
  const dots = points.map(([cx, cy], at) => {
    const said = `round ${at + 1}: ${format(values[at])} ${unit} (${percent(drift[at])})`
    return `<circle class="dot" cx="${cx}" cy="${cy}" r="3.5"><title>${escaped(said)}</title></circle>`
  })
  const [least, largest] = [Math.min(...drift), Math.max(...drift)]
  return [
    textAt(label, { className: '', x: left - 8, y: middle + 4, end: true }),
    `<line class="middle" x1="${left}" x2="${left + PLOT}" y1="${middle}" y2="${middle}"/>`,
    `<g class="${colour(index)}"><polyline class="line" points="${points.map((point) => point.join(',')).join(' ')}"/>`,
    ...[...dots, '</g>'],
    textAt(`${percent(least)} to ${percent(largest)}`, {
      ...{ className: 'tick', x: left + PLOT + 8, y: middle + 4 },
    }),
  ].join('\n')
}
