// The report of a run: one page of HTML that needs nothing else, neither a network nor a script.
import { HEADS, rowsOf } from '../lib/table.js'
import { groupCharts, groupTitle } from './charts.js'
import { anchorOf, figureSection } from './figure.js'
import { html, raw, table } from './html.js'
import { readRun } from './run.js'
import { style } from './style.js'

const names = {
  processor: 'Processor',
  processors: 'Processors',
  memoryGiB: 'Memory, GiB',
  system: 'System',
  node: 'Node',
  linkspan: 'Linkspan',
  openvswitch: 'Open vSwitch',
  vde: 'VDE',
  compiler: 'C compiler',
  compilerFlags: 'C compiled with',
  commit: 'Commit',
}

const nameOf = (key) => names[key] ?? key

/** What was measured on, and how; all that the run says of it. */
function machinePart({ machine, load, loadAfter, pairs }) {
  const own = Object.entries(machine).map(([key, value]) => [nameOf(key), value])
  const said = [
    ...own,
    ...(load === null ? [] : [['Load before', load.toFixed(2)]]),
    ...(loadAfter === null ? [] : [['Load after', loadAfter.toFixed(2)]]),
    ...(pairs === null ? [] : [['Rounds', pairs]]),
  ]
  return html`<dl>${said.map(([key, value]) => html`<dt>${key}</dt><dd>${value}</dd>`)}</dl>`
}

/** Why something was not measured is said where its figure stands: here is room for a word. */
const shortVerdict = ({ error }, text) =>
  error === undefined ? text : /^not measured/.test(error) ? 'not measured' : 'failed'

/** "met" in green; what was missed in amber, which is no failure: machines differ. */
function verdictCell(text) {
  const kind = /^(met|missed)\b/.exec(text)?.[1]
  return kind ? html`<span class="verdict ${kind}">${text}</span>` : text
}

function summaryPart(groups) {
  const rows = groups.flatMap(([group, results]) =>
    results.flatMap((result) =>
      rowsOf([result]).map(([title, ...cells]) => [
        html`<a href="#${anchorOf(group, result)}">${title}</a>`,
        ...cells.slice(0, -1),
        verdictCell(shortVerdict(result, cells.at(-1))),
      ]),
    ),
  )
  return table(HEADS, rows)
}

/** How many targets were met, missed, and could not be looked at. */
function countsOf(groups) {
  const results = groups.flatMap(([, list]) => list)
  const verdicts = results
    .flatMap(({ comparisons }) => comparisons)
    .filter(({ target }) => target.atLeast !== undefined || target.atMost !== undefined)
    .map(({ met }) => (met === null ? 'not measured' : met ? 'met' : 'missed'))
  const count = (which) => verdicts.filter((verdict) => verdict === which).length
  const left = results.filter(({ error }) => error !== undefined).length
  const said = ['met', 'missed', 'not measured'].map((which) => `${count(which)} ${which}`)
  const without = left === 0 ? '' : ` Figures that were not measured: ${left}.`
  return `Targets: ${said.join(', ')}.${without}`
}

function groupSection([name, results]) {
  const alone = results.length === 1
  return html`<h2 id="group.${name}">${groupTitle(name, results)}</h2>
${groupCharts(results).map(raw)}
${results.map((result) => figureSection(name, result, alone))}`
}

const HOW = `All contestants run at once, idle but for the one that is measured; they are measured in turn,
round by round. A ratio is taken within a round, and the median of the ratios is what a target is held
against. Only ratios carry over to another machine. A bar is a median; the line on it goes from the least
to the most that was measured.`

/**
 * @param {unknown} json a run, as it is written beside the report
 * @returns {string} a whole page
 * @throws HouseError when that is no run
 */
export function reportPage(json) {
  const run = readRun(json)
  const groups = run.groups.filter(([, results]) => results.length > 0)
  const date = run.date.slice(0, 19).replace('T', ' ')
  const links = groups.map(
    ([name, results]) => html`<li><a href="#group.${name}">${groupTitle(name, results)}</a></li>`,
  )
  return `<!doctype html>
${html`<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Linkspan bench, ${date}</title>
<style>${raw(style)}</style></head><body>
<header><h1>Linkspan bench</h1>
<p class="soft">${date} UTC${run.interrupted ? ', interrupted: what was measured until then' : ''}</p>
${machinePart(run)}</header>
<main><p><strong>${countsOf(groups)}</strong></p>
<p class="method">${HOW}</p>
${groups.length > 1 && html`<nav><ul>${links}</ul></nav>`}
${summaryPart(groups)}
${groups.map(groupSection)}
</main></body></html>`}
`
}
