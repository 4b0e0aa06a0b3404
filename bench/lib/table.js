// Results as a table: for a terminal, and for docs/benchmarks.md.
import { format } from './format.js'

export const HEADS = ['figure', 'measured', 'beside', 'ratio or value', 'target', 'verdict']

/** One row a comparison; a figure without a target has one for each contestant. */
export function rowsOf(results) {
  return results.flatMap((result) => {
    if (result.error !== undefined) return [[result.title, '', '', '', '', result.error]]
    return result.comparisons.length > 0
      ? result.comparisons.map((comparison) => comparisonRow(result, comparison))
      : result.contestants.map((contestant) => plainRow(result, contestant))
  })
}

const find = ({ contestants }, name) => contestants.find((contestant) => contestant.name === name)

const withUnit = (contestant, { unit }) => `${format(contestant.median)} ${unit}`

const spread = ({ median, min, max }) => `${format(median)} (${format(min)} to ${format(max)})`

function targetText({ atLeast, atMost }, unit) {
  if (atLeast === undefined && atMost === undefined) return ''
  const bound = atLeast === undefined ? `≤ ${format(atMost)}` : `≥ ${format(atLeast)}`
  return `${bound} ${unit}`
}

function comparisonRow(result, { of, to, as, target, measured, met }) {
  const unit = to === null ? result.unit : as === 'time' ? 'x the time' : 'x'
  const [ours, theirs] = [find(result, of), find(result, to)]
  return [
    result.title,
    ours ? `${whoOf(result, ours)}${withUnit(ours, result)}` : '',
    theirs ? `${theirs.label} ${withUnit(theirs, result)}` : (to ?? ''),
    measured ? spread(measured) : '',
    targetText(target, unit),
    measured !== null && met === null ? '' : verdict(met, result),
  ]
}

/** Where targets are of several contestants it is said of which. */
function whoOf({ comparisons }, { label }) {
  const several = comparisons.some(({ of }) => of !== comparisons[0].of)
  return several ? `${label} ` : ''
}

function verdict(met, { complete }) {
  if (met === null) return 'not measured'
  return `${met ? 'met' : 'missed'}${complete ? '' : ' so far, interrupted'}`
}

function plainRow(result, contestant) {
  return [
    `${result.title}: ${contestant.label}`,
    withUnit(contestant, result),
    '',
    spread(contestant),
    '',
    '',
  ]
}

/** For a terminal: columns padded to their widest cell. */
export const textTable = (results) => plainTable(HEADS, rowsOf(results).map(shortened))

/** What went wrong may take many lines to tell. */
const LONGEST = 100
const shortened = (row) =>
  row.map((cell) => (cell.length > LONGEST ? `${cell.slice(0, LONGEST)}…` : cell))

/** Any rows of texts, likewise. */
export function plainTable(heads, rows) {
  const all = [heads, ...rows]
  const widths = heads.map((_, column) => Math.max(...all.map((row) => row[column].length)))
  const line = (row) => row.map((cell, column) => cell.padEnd(widths[column])).join('  ')
  const rule = widths.map((width) => '─'.repeat(width)).join('──')
  const [first, ...body] = all.map((row) => line(row).trimEnd())
  return [first, rule, ...body].join('\n')
}

/** For Markdown. A bar in a cell would end it. */
export function markdownTable(results) {
  const line = (row) => `| ${row.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`
  const rule = `|${HEADS.map(() => '---').join('|')}|`
  return [line(HEADS), rule, ...rowsOf(results).map(line)].join('\n')
}
