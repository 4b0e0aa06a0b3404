// `linkspan bench`: the bench on a user's machine, as it is. Nothing is installed, and nothing written but
// what was asked for; what cannot be measured here is left out, with what it needs. This is dist/bench/main.js.
import { accessSync, constants, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { hasCommand } from '../scripts/lib/commands.js'
import { groups, onRequest } from './figures/index.js'
import { obstacle } from './lib/figure.js'
import { whyForbidden } from './lib/host.js'
import { expected, linesOn, timeText } from './lib/progress.js'
import { plainTable, textTable } from './lib/table.js'
import { benchTools } from './lib/tools.js'
import { groupTitle } from './report/charts.js'
import { reportPage } from './report/page.js'
import { measureRun, statusOf } from './run.js'

const PAIRS = 7
/** What --quick is: enough to see whether something is wrong, not to compare. */
const QUICK = { pairs: 3, most: 0.5 }

/** Wrong usage: the command line ends with status 2. */
class UsageError extends Error {
  code = 'USAGE'
}

/**
 * @typedef {object} UserOptions as the command line has them
 * @property {string[]} names of groups; where none is named all but those that are measured on request
 * @property {number} [pairs]
 * @property {number} [seconds]
 * @property {boolean} [quick]
 * @property {boolean} [list]
 * @property {string} [json] a file
 * @property {string} [html] a file
 */

/**
 * What is to be measured, and how often.
 *
 * @param {UserOptions} options
 * @throws UsageError that says what there is
 */
export function planOf({ names, pairs, seconds, quick = false }) {
  const known = Object.keys(groups)
  const unknown = names.find((name) => !known.includes(name))
  if (unknown !== undefined) {
    throw new UsageError(`bench: ${unknown}: there is no such group; there are ${known.join(', ')}`)
  }
  if (pairs !== undefined && pairs < 1) throw new UsageError('bench: --pairs: expected 1 or more')
  if (seconds !== undefined && !(seconds > 0)) {
    throw new UsageError('bench: --seconds: expected seconds, more than 0')
  }
  const usually = known.filter((name) => !onRequest.includes(name))
  const plan = { names: names.length > 0 ? [...new Set(names)] : usually }
  const usual = quick ? QUICK : { pairs: PAIRS }
  return { ...plan, ...usual, ...(pairs && { pairs }), ...(seconds && { seconds }) }
}

/** Whether a file can be written is known before minutes have been spent on what goes into it. */
function mustBeWritable(option, file) {
  try {
    accessSync(dirname(resolve(file)), constants.W_OK)
  } catch (error) {
    throw new Error(`bench: ${option} ${file}: ${error.message}`)
  }
}

async function hostOf() {
  const missing = benchTools().filter((command) => !hasCommand(command))
  return { missing, forbidden: await whyForbidden() }
}

/** Groups, what they are, how long they take, and what keeps them from being measured here. */
function listText(plan, host) {
  const rows = plan.names.map((name) => {
    const figures = groups[name]
    const why = [...new Set(figures.map((figure) => obstacle(figure, host)).filter(Boolean))]
    const time = figures.reduce((sum, figure) => sum + expected(figure, plan), 0)
    const when = onRequest.includes(name) ? ', when it is named' : ''
    return [name, groupTitle(name, figures), `about ${timeText(time)}${when}`, why.join('; ')]
  })
  return plainTable(['group', 'what', 'time', 'not here'], rows)
}

/** A line for each reason why something was left out. */
function leftOutText(results) {
  const reasons = new Map()
  for (const { title, error } of results.filter(({ leftOut }) => leftOut)) {
    reasons.set(error, [...(reasons.get(error) ?? []), title])
  }
  return [...reasons].map(([error, titles]) => `${error}: ${titles.join('; ')}`)
}

function write(run, { json, html }) {
  const all = Object.values(run.groups).flat()
  const shown = all.filter(({ leftOut }) => !leftOut)
  if (shown.length > 0) console.log(`${textTable(shown)}\n`)
  for (const { name, notes = [] } of shown) {
    for (const note of notes) console.log(`note: ${name}: ${note}`)
  }
  for (const line of leftOutText(all)) console.log(line)
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(run, null, 2)}\n`)
  if (html !== undefined) writeFileSync(html, reportPage(run))
}

/**
 * @param {UserOptions} options
 * @returns {Promise<number>} the exit status, see statusOf; 1 where nothing at all could be measured
 * @throws UsageError
 */
export async function userBench(options) {
  const plan = planOf(options)
  const host = await hostOf()
  if (options.list) {
    const names = options.names.length > 0 ? plan.names : Object.keys(groups)
    console.log(listText({ ...plan, names }, host))
    return 0
  }
  for (const option of ['json', 'html']) {
    if (options[option] !== undefined) mustBeWritable(`--${option}`, options[option])
  }
  const run = await measureRun(plan, { ...host, lines: linesOn(process.stderr) })
  write(run, options)
  const nothing = Object.values(run.groups).every((list) => list.every(({ leftOut }) => leftOut))
  return nothing && !run.interrupted ? 1 : statusOf(run)
}
