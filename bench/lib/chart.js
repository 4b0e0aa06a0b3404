// Horizontal bars as SVG: readable in a light and a dark page, with no script and no font of its own.
import { format } from './format.js'

const LABEL = 150
const BAR = 400
const VALUE = 170
const ROW = 26
const THICKNESS = 16
const HEAD = 44
const GROUP = 30
const WIDTH = LABEL + BAR + VALUE

const style = `
  text { font: 13px system-ui, sans-serif; fill: #1f2328 }
  .title { font-weight: 600; font-size: 15px }
  .unit, .group { fill: #59636e }
  .bar { fill: #8c959f } .ours { fill: #1f6feb }
  .spread { stroke: #1f2328; stroke-width: 1.5 }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3 } .unit, .group { fill: #9198a1 }
    .bar { fill: #656c76 } .ours { fill: #4493f8 } .spread { stroke: #e6edf3 }
  }
`

const xml = (text) =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;')

const round = (number) => Number(number.toFixed(1))

/**
 * @typedef {{label: string, median: number, min: number, max: number, ours: boolean}} Bar
 * @param {object} chart
 * @param {string} chart.title
 * @param {string} chart.unit
 * @param {string} chart.note under which unit and direction are explained, e.g. "more is better"
 * @param {{label: string, bars: Bar[]}[]} chart.groups a label of '' for a group that needs none
 * @returns {string} a whole SVG file
 */
export function barChart({ title, unit, note, groups }) {
  const largest = Math.max(...groups.flatMap(({ bars }) => bars.map(({ max }) => max)))
  const scale = (value) => round((value / largest) * BAR)
  const parts = []
  let y = HEAD
  for (const { label, bars } of groups) {
    if (label !== '') {
      parts.push(`<text class="group" x="8" y="${y + 20}">${xml(label)}</text>`)
      y += GROUP
    }
    for (const bar of bars) {
      parts.push(barAt(y, bar, scale))
      y += ROW
    }
  }
  const height = y + 12
  const said = `${title}, ${unit}, ${note}`
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${xml(said)}">
<style>${style}</style>
<text class="title" x="8" y="22">${xml(title)}</text>
<text class="unit" x="${WIDTH - 8}" y="22" text-anchor="end">${xml(unit)}, ${xml(note)}</text>
${parts.join('\n')}
</svg>
`
}

/** A bar as long as the median, with a line from the least to the most that was measured. */
function barAt(y, { label, median, min, max, ours }, scale) {
  const middle = y + THICKNESS / 2
  const [from, to] = [LABEL + scale(min), LABEL + scale(max)]
  return [
    `<text x="${LABEL - 8}" y="${y + 13}" text-anchor="end">${xml(label)}</text>`,
    `<rect class="${ours ? 'ours' : 'bar'}" x="${LABEL}" y="${y}" width="${Math.max(scale(median), 1)}" height="${THICKNESS}" rx="2"/>`,
    `<line class="spread" x1="${from}" x2="${to}" y1="${middle}" y2="${middle}"/>`,
    `<text x="${to + 8}" y="${y + 13}">${format(median)}</text>`,
  ].join('\n')
}
