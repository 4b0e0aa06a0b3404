// Horizontal bars: as long as the median, with a line from the least to the most that was measured.
import { format } from '../lib/format.js'
import { round, svg, textAt, widthOf } from './svg.js'

const LABEL = 150
const BAR = 400
const VALUE = 170
const ROW = 26
const THICKNESS = 16
const HEAD = 44
const GROUP = 30

/**
 * @typedef {{label: string, median: number, min: number, max: number, ours: boolean}} Bar
 * @param {object} chart
 * @param {string} chart.title '' where it stands below a heading
 * @param {string} chart.unit
 * @param {string} chart.note in which direction it is better
 * @param {{label: string, bars: Bar[]}[]} chart.groups a label of '' for a group that needs none
 * @param {boolean} [inPage] see svg
 * @returns {string} SVG
 */
export function barChart({ title, unit, note, groups }, inPage) {
  const bars = groups.flatMap((group) => group.bars)
  const largest = Math.max(...bars.map(({ max }) => max)) || 1
  const left = Math.max(LABEL, ...bars.map(({ label }) => widthOf(label) + 16))
  const scale = (value) => round((Math.max(value, 0) / largest) * BAR)
  const width = left + BAR + VALUE
  const explained = `${unit}, ${note}`
  const tall = widthOf(title) + widthOf(explained) > width - 32
  const parts = [
    ...(title === '' ? [] : [textAt(title, { className: 'title', x: 8, y: 22 })]),
    title === ''
      ? textAt(explained, { className: 'unit', x: left, y: 22 })
      : textAt(explained, { className: 'unit', x: width - 8, y: tall ? 42 : 22, end: true }),
  ]
  let y = tall ? HEAD + 20 : HEAD
  for (const { label, bars: list } of groups) {
    if (label !== '') {
      parts.push(textAt(label, { className: 'group', x: 8, y: y + 20 }))
      y += GROUP
    }
    for (const bar of list) {
      parts.push(barAt(left, y, bar, scale))
      y += ROW
    }
  }
  const said = [title, unit, note].filter(Boolean).join(', ')
  return svg({ width, height: y + 12, said, parts, inPage })
}

function barAt(left, y, { label, median, min, max, ours }, scale) {
  const middle = y + THICKNESS / 2
  const [from, to] = [left + scale(min), left + scale(max)]
  return [
    textAt(label, { className: '', x: left - 8, y: y + 13, end: true }),
    `<rect class="${ours ? 'ours' : 'bar'}" x="${left}" y="${y}" width="${Math.max(scale(median), 1)}" height="${THICKNESS}" rx="2"/>`,
    `<line class="spread" x1="${from}" x2="${to}" y1="${middle}" y2="${middle}"/>`,
    textAt(format(median), { className: '', x: to + 8, y: y + 13 }),
  ].join('\n')
}
