// The pictures of results, for the report and for the docs.
import { barChart } from './bars.js'
import { lineChart } from './lines.js'
import { roundsChart } from './rounds.js'
import {
  byUnit,
  commonTitle,
  commonWords,
  isMeasured,
  isOurs,
  linesOf,
  noteOf,
  ownTitle,
  percentilesOf,
  seriesOf,
} from './series.js'

/** How groups are called that their figures' titles do not name, or would name at too great a length. */
export const titles = {
  tcp: 'TAP to TAP, TCP, one stream',
  frames: 'TAP to TAP, as many frames as it takes',
  throughput: 'TAP to TAP, frames without loss (RFC 2544)',
  'load-latency': 'TAP to TAP, one way under load, 99th percentile',
  'many-flows': 'Through NAT, minimum frames, by number of flows',
  'many-macs': 'TAP to TAP, minimum frames, by number of MACs',
  'many-ports': 'TAP to TAP, minimum frames, by number of ports',
  workers: 'In memory, two workers at once',
  matrix: 'In memory, by length of frames and number of entries',
  soak: 'For long: TCP both ways, small frames and connections',
  latency: 'TAP to TAP, request and response',
  pipeline: 'In memory, 64 B frames, one worker',
  nat: 'Through the router in memory, 64 B frames, one worker',
  routed: 'TAP to TAP, TCP, one stream through NAT',
  setup: 'TAP to TAP, new flows through NAT',
  'vxlan-tcp': 'VXLAN between two hosts, TCP, one stream',
  'vxlan-latency': 'VXLAN between two hosts, request and response',
  overlay: 'Into a tunnel and out of it, in memory, one worker',
  rules: 'Filter in memory, new flows',
  lab: 'In a lab of linkspan/testing',
}

/** What a group is called. */
export function groupTitle(name, results) {
  return titles[name] ?? (commonWords(results.map(({ title }) => title)) || name)
}

/** A group of bars for each result; labels have what is not common to all. */
function groupsOf(results) {
  const common = commonTitle(results.map(({ title }) => title))
  return results.map((result) => ({
    label: results.length === 1 ? '' : ownTitle(result, common),
    bars: result.contestants.map(({ name, label, median, min, max }) => {
      return { label, median, min, max, ours: isOurs(result, name) }
    }),
  }))
}

/** Bars of a group's results, as far as they are in the unit of the first: a file of its own. */
export function chartOf(title, results) {
  const [shown] = byUnit(results.filter(isMeasured))
  return bars(title, shown, false)
}

/**
 * How many times as fast Linkspan is as its peers, by the ratios of figures that have been taken: a file of
 * its own.
 *
 * @param {string} title
 * @param {[label: string, result: object][]} figures
 */
export function ratiosChart(title, figures) {
  const groups = figures.map(([label, { contestants, comparisons }]) => ({
    label,
    bars: comparisons
      .filter(({ to, measured }) => to !== null && measured !== null)
      .map(({ to, measured: { median, min, max } }) => {
        const peer = contestants.find(({ name }) => name === to)
        return { label: `beside ${peer?.label ?? to}`, median, min, max, ours: true }
      }),
  }))
  return barChart({ title, unit: 'times as fast', note: 'more is better', groups }, false)
}

function bars(title, results, inPage) {
  const [first] = results
  const chart = { title, unit: first.unit, note: noteOf(first), groups: groupsOf(results) }
  return barChart(chart, inPage)
}

/** What a series has on its axis: the words after its number, as in "MACs" of "#, # MACs, bursts of 256". */
function axisOf(title) {
  const part = title.split(', ').find((text) => text.includes('#'))
  return part.replace(/^.*?#\s*/, '') || part.replace('#', '').trim()
}

function lines(series) {
  const [{ result }] = series.results
  // A variant says too little by itself: its chart stands below the group's heading.
  const title = result.variant === undefined ? series.title.replaceAll('#', '…') : ''
  const chart = { title, axis: axisOf(series.title) }
  const own = { unit: result.unit, note: noteOf(result), lines: linesOf(series) }
  return own.lines.length > 0 ? [lineChart({ ...chart, ...own }, true)] : []
}

/** Pictures of a whole group, for its place in a page: lines where something grows, else bars. */
export function groupCharts(results) {
  return byUnit(results.filter(isMeasured)).flatMap((list) => {
    if (list.length < 2) return []
    const series = seriesOf(list)
    const inSeries = new Set(series.flatMap((one) => one.results.map(({ result }) => result)))
    const rest = list.filter((result) => !inSeries.has(result))
    const alone = series.length > 0 ? 0 : 1
    return [...series.flatMap(lines), ...(rest.length > alone ? [bars('', rest, true)] : [])]
  })
}

/** Pictures of one figure: its bars, its samples by round, its percentiles where it has some. */
export function figureCharts(result) {
  if (!isMeasured(result)) return []
  const rows = result.contestants.map(({ label, samples }) => {
    return { label, unit: result.unit, values: samples.map(({ value }) => value) }
  })
  const percentiles = percentilesOf(result)
  const own = { title: '', unit: result.unit, note: noteOf(result), axis: 'percentile' }
  return [
    bars('', [result], true),
    ...(rows.some(({ values }) => values.length > 1) ? [roundsChart(rows, true)] : []),
    ...(percentiles ? [lineChart({ ...own, ...percentiles }, true)] : []),
  ]
}
