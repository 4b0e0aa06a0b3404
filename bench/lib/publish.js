// Measured JSON → docs/benchmarks/*.json and *.svg, and the part of docs/benchmarks.md between marks.
// What was measured before and not now stays. The README has a picture of the ratios with peers.
import { readFileSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { filesBelow, write } from '../../scripts/lib/files.js'
import { at, HouseError } from '../../scripts/lib/house.js'
import { groups as figureGroups } from '../figures/index.js'
import { chartOf, ratiosChart, titles } from '../report/charts.js'
import { markdownTable } from './table.js'

const PAGE = 'docs/benchmarks.md'
const MARKS = {
  begin: '<!-- measured: written by npm run bench -- publish -->',
  end: '<!-- end of what is measured -->',
}

/** The text between the marks of a page. */
export function measuredSection(published) {
  const all = Object.entries(published)
  const results = all.flatMap(([, { figures }]) => figures)
  const machines = new Map(
    all.map(([, { machine, date }]) => [JSON.stringify(machine), { machine, date }]),
  )
  const charts = all
    .filter(([name]) => titles[name])
    .map(([name]) => `![${titles[name]}](benchmarks/${name}.svg)`)
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

/** What was measured on, when and by what. */
export function machineText({ machine, date }) {
  const { processor, processors, memoryGiB, system, node, compiler, compilerFlags } = machine
  const peers = [machine.iperf3, machine.openvswitch, machine.vde].filter(Boolean).join('; ')
  return (
    `Measured ${date.slice(0, 10)} on ${processors} x ${processor}, ${memoryGiB} GiB, ${system}, ` +
    `Node ${node}; ${peers}; C by ${compiler} with \`${compilerFlags}\`.`
  )
}

/** Replaces what stands between marks in the text of a page, which is named where they are not there. */
export function replaceBetween(name, page, { begin, end }, section) {
  const [before, rest] = page.split(begin)
  const after = rest?.split(end)[1]
  if (after === undefined) throw new HouseError(`${name}: the marks are not there`)
  return `${before}${begin}\n\n${section}\n\n${end}${after}`
}

export const replaceMeasured = (page, section) => replaceBetween(PAGE, page, MARKS, section)

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
  }
  draw()
  return left
}

/**
 * The pictures of what is published.
 *
 * @param {Record<string, {figures: object[]}>} published
 * @returns {Record<string, string>} SVG by the name of its file
 */
export function pictures(published) {
  const drawn = Object.entries(published).filter(([name]) => titles[name])
  const own = drawn.map(([name, { figures }]) => [`${name}.svg`, chartOf(titles[name], figures)])
  const beside = [
    ['TCP, one stream', published.tcp?.figures[0]],
    ['minimum frames', published.frames?.figures[0]],
  ].filter(([, figure]) => figure)
  const ratios = [['peers.svg', ratiosChart('Linkspan beside others, TAP to TAP', beside)]]
  return Object.fromEntries([...own, ...(beside.length > 0 ? ratios : [])])
}

/** Draws what is published anew, and writes the table. */
export function draw() {
  const published = readPublished()
  for (const [name, svg] of Object.entries(pictures(published))) {
    write(at('docs/benchmarks', name), svg)
  }
  const page = at(PAGE)
  writeFileSync(page, replaceMeasured(readFileSync(page, 'utf8'), measuredSection(published)))
}

/** All that is published, in the order in which it is measured. */
export function readPublished() {
  const names = Object.keys(figureGroups)
  const files = filesBelow(at('docs/benchmarks'), (file) => file.endsWith('.json'))
  const found = files.map((file) => [
    basename(file, '.json'),
    JSON.parse(readFileSync(file, 'utf8')),
  ])
  const rank = ([name]) => (names.includes(name) ? names.indexOf(name) : names.length)
  return Object.fromEntries(found.sort((a, b) => rank(a) - rank(b)))
}
