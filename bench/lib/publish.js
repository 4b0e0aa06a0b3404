// Measured JSON → docs/benchmarks/*.json and *.svg, and the part of docs/benchmarks.md between marks.
// What was measured before and not now stays.
import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { filesBelow, write } from '../../scripts/lib/files.js'
import { at, HouseError } from '../../scripts/lib/house.js'
import { groups as figureGroups } from '../figures/index.js'
import { barChart } from './chart.js'
import { markdownTable } from './table.js'

const BEGIN = '<!-- measured: written by npm run bench -- publish -->'
const END = '<!-- end of what is measured -->'

const OURS = ['linkspan', 'shared', 'features', 'nat', 'many', 'vxlan', 'tunnel']

/** What a chart shows: groups whose figures have something to stand beside. */
const chartTitles = {
  tcp: 'TAP to TAP, TCP, one stream',
  frames: 'TAP to TAP, minimum frames',
  latency: 'TAP to TAP, request and response',
  pipeline: 'In memory, 64 B frames, one worker',
  nat: 'Through the router in memory, 64 B frames, one worker',
  routed: 'TAP to TAP, TCP, one stream through NAT',
  setup: 'TAP to TAP, new flows through NAT',
  'vxlan-tcp': 'VXLAN between two hosts, TCP, one stream',
  'vxlan-latency': 'VXLAN between two hosts, request and response',
  overlay: 'Into a tunnel and out of it, in memory, one worker',
  rules: 'Filter in memory, new flows',
}

/** The chart of a group's results, as far as they are in the unit of the first. */
export function chartOf(title, results) {
  const [{ unit, better }] = results
  const note = better === 'more' ? 'more is better' : 'less is better'
  const shown = results.filter((result) => result.unit === unit)
  const groups = shown.map((result) => ({
    label: shown.length === 1 ? '' : result.title.replace(/^.*?in memory, 64 B, /i, ''),
    bars: result.contestants.map(({ name, label, median, min, max }) => {
      return { label, median, min, max, ours: OURS.includes(name) }
    }),
  }))
  return barChart({ title, unit, note, groups })
}

/** The text between the marks of a page. */
export function measuredSection(published) {
  const all = Object.entries(published)
  const results = all.flatMap(([, { figures }]) => figures)
  const machines = new Map(
    all.map(([, { machine, date }]) => [JSON.stringify(machine), { machine, date }]),
  )
  const charts = all
    .filter(([name]) => chartTitles[name])
    .map(([name]) => `![${chartTitles[name]}](benchmarks/${name}.svg)`)
  const methods = new Map(results.map(({ title, method }) => [method, title]))
  const notes = results.flatMap(({ title, notes: said = [] }) => said.map((note) => [note, title]))
  return [
    ...new Set([...machines.values()].map(machineText)),
    ...[markdownTable(results), ...charts],
    ...(notes.length > 0 ? ['Seen beside:', notes.map(noteText).join('\n')] : []),
    ...['What exactly is measured:', [...methods].map(methodText).join('\n')],
  ].join('\n\n')
}

const methodText = ([method, title]) =>
  `- **${title.replace(/, ([\d,]+ (MACs|flows)|IPv[46]).*/, '')}**: ${method}`

const noteText = ([note, title]) => `- **${title}**: ${note}.`

function machineText({ machine, date }) {
  const { processor, processors, memoryGiB, system, node, compiler, compilerFlags } = machine
  const peers = [machine.iperf3, machine.openvswitch, machine.vde].filter(Boolean).join('; ')
  return (
    `Measured ${date.slice(0, 10)} on ${processors} x ${processor}, ${memoryGiB} GiB, ${system}, ` +
    `Node ${node}; ${peers}; C by ${compiler} with \`${compilerFlags}\`.`
  )
}

/** Replaces what stands between the marks. */
export function replaceMeasured(page, section) {
  const [before, rest] = page.split(BEGIN)
  const after = rest?.split(END)[1]
  if (after === undefined) throw new HouseError('docs/benchmarks.md: the marks are not there')
  return `${before}${BEGIN}\n\n${section}\n\n${END}${after}`
}

/**
 * Publishes the groups of a run that were measured whole.
 *
 * @param {Record<string, object[]>} groups results by group
 * @returns {string[]} the groups that were left out, and why
 */
export function publish(groups, { machine, date }) {
  const left = []
  for (const [name, figures] of Object.entries(groups)) {
    const unfit = figures.find(({ error, complete }) => error !== undefined || !complete)
    if (unfit) {
      left.push(`${name}: ${unfit.error ?? 'interrupted'}`)
      continue
    }
    const json = JSON.stringify({ date, machine, figures }, null, 2)
    write(at('docs/benchmarks', `${name}.json`), `${json}\n`)
    const title = chartTitles[name]
    if (title) write(at('docs/benchmarks', `${name}.svg`), chartOf(title, figures))
  }
  const page = at('docs/benchmarks.md')
  const section = measuredSection(readPublished())
  writeFileSync(page, replaceMeasured(readFileSync(page, 'utf8'), section))
  return left
}

/** All that is published, in the order in which it is measured. */
function readPublished() {
  const names = Object.keys(figureGroups)
  const files = filesBelow(at('docs/benchmarks'), (file) => file.endsWith('.json'))
  const found = files.map((file) => [
    basename(file, '.json'),
    JSON.parse(readFileSync(file, 'utf8')),
  ])
  const rank = ([name]) => (names.includes(name) ? names.indexOf(name) : names.length)
  return Object.fromEntries(found.sort((a, b) => rank(a) - rank(b)))
}
