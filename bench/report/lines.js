// Lines: the same contestants over sizes, rates or percentiles.
import { format } from '../lib/format.js'
import { scaleOf } from './axis.js'
import { colour, escaped, round, svg, textAt, widthOf } from './svg.js'

const LEFT = 80
const PLOT = 480
const TALL = 240
/** Room for ranges left of the first place and right of the last. */
const ASIDE = 20
const HEAD = 44
const FOOT = 48
/** The least distance of two names at the ends of their lines. */
const APART = 16

/**
 * @typedef {{x: number, median: number, min: number, max: number}} Point
 * @param {object} chart
 * @param {string} chart.title '' where it stands below a heading
 * @param {string} chart.unit
 * @param {string} chart.note in which direction it is better
 * @param {string} chart.axis what x is
 * @param {string[]} [chart.names] of x = 0, 1, 2…, where x is no number
 * @param {{label: string, points: Point[]}[]} chart.lines at least one, of at least one point each
 * @param {boolean} [inPage] see svg
 */
export function lineChart({ title, unit, note, axis, names, lines }, inPage) {
  const points = lines.flatMap((line) => line.points)
  const x = scaleOf(points.map((point) => point.x))
  const y = scaleOf(
    points.flatMap(({ min, max }) => [min, max]),
    { zero: true },
  )
  const right = Math.max(...lines.map(({ label }) => widthOf(label))) + 40
  const place = {
    x: (value) => round(LEFT + ASIDE + x.at(value) * (PLOT - 2 * ASIDE)),
    y: (value) => round(HEAD + (1 - y.at(value)) * TALL),
  }
  const width = LEFT + PLOT + right
  const explained = `${unit}, ${note}${y.logarithmic ? ', logarithmic' : ''}`
  const shown = [...new Set(points.map((point) => point.x))].sort((a, b) => a - b)
  const parts = [
    ...(title === '' ? [] : [textAt(title, { className: 'title', x: 8, y: 22 })]),
    title === ''
      ? textAt(explained, { className: 'unit', x: LEFT, y: 22 })
      : textAt(explained, { className: 'unit', x: LEFT + PLOT, y: 22, end: true }),
    ...y.ticks.map((tick) => gridAt(place.y(tick), tick)),
    ...ticksOf(shown, names, place),
    textAt(axis, { className: 'unit', x: LEFT + PLOT / 2, y: HEAD + TALL + 40, middle: true }),
    ...lines.map((line, index) => {
      // Ranges stand side by side: over each other they could not be told apart.
      const aside = (index - (lines.length - 1) / 2) * 7
      return lineAt(line, index, { place, unit, nameOf: named(names), aside })
    }),
    ...endsOf(lines, place),
  ]
  const said = [title, unit, note].filter(Boolean).join(', ')
  return svg({ width, height: HEAD + TALL + FOOT, said, parts, inPage })
}

const named = (names) => (x) => names?.[x] ?? format(x)

const gridAt = (y, tick) =>
  [
    `<line class="grid" x1="${LEFT}" x2="${LEFT + PLOT}" y1="${y}" y2="${y}"/>`,
    textAt(format(tick), { className: 'tick', x: LEFT - 10, y: y + 4, end: true }),
  ].join('\n')

/** Below the axis, each where it was measured, unless there is no room for it. */
function ticksOf(shown, names, place) {
  let free = Number.NEGATIVE_INFINITY
  return shown.flatMap((value) => {
    const text = named(names)(value)
    const at = place.x(value)
    if (at - widthOf(text) / 2 < free) return []
    free = at + widthOf(text) / 2 + 6
    return [textAt(text, { className: 'tick', x: at, y: HEAD + TALL + 20, middle: true })]
  })
}

function lineAt({ label, points }, index, { place, unit, nameOf, aside }) {
  const sorted = [...points].sort((a, b) => a.x - b.x)
  const way = sorted.map((point) => `${place.x(point.x)},${place.y(point.median)}`).join(' ')
  const marks = sorted.map((point) => {
    const [x, y] = [place.x(point.x), place.y(point.median)]
    const { median, min, max } = point
    const said = `${label}, ${nameOf(point.x)}: ${format(median)} ${unit} (${format(min)} to ${format(max)})`
    return [
      `<line class="range" x1="${x + aside}" x2="${x + aside}" y1="${place.y(min)}" y2="${place.y(max)}"/>`,
      `<circle class="dot" cx="${x}" cy="${y}" r="4"><title>${escaped(said)}</title></circle>`,
    ].join('\n')
  })
  return `<g class="${colour(index)}"><polyline class="line" points="${way}"/>\n${marks.join('\n')}</g>`
}

/** Names stand where the lines end, moved apart where these are close. */
function endsOf(lines, place) {
  const ends = lines.map(({ label, points }, index) => {
    const last = points.reduce((a, b) => (b.x > a.x ? b : a))
    return { label, index, x: place.x(last.x), y: place.y(last.median) }
  })
  ends.sort((a, b) => a.y - b.y)
  const room = HEAD + TALL
  for (const [at, end] of ends.entries()) {
    const before = ends[at - 1]
    if (before) end.y = Math.max(end.y, before.y + APART)
  }
  for (let at = ends.length - 1; at >= 0; at--) {
    const limit = at === ends.length - 1 ? room : ends[at + 1].y - APART
    ends[at].y = Math.min(ends[at].y, limit)
  }
  return ends.map(({ label, index, y }) =>
    textAt(label, { className: `name ${colour(index)}`, x: LEFT + PLOT + 12, y: y + 4 }),
  )
}
