// npm run bench: measures, prints a table, writes JSON and a report, and what is published.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { at, HouseError, top } from '../scripts/lib/house.js'
import { groups, onRequest } from './figures/index.js'
import { whyForbidden } from './lib/host.js'
import { parseOptions } from './lib/options.js'
import { linesOn } from './lib/progress.js'
import { draw, publish } from './lib/publish.js'
import { textTable } from './lib/table.js'
import { reportPage } from './report/page.js'
import { measureRun, statusOf } from './run.js'

const say = (text) => console.log(text)

/** The JSON of a run that was. @throws HouseError when it cannot be read */
function readRunFile(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch (error) {
    throw new HouseError(`bench: --report ${file}: ${error.message}`)
  }
}

/** Writes the report of a file beside it. @returns the report's name */
function writeReport(file, run) {
  const page = `${file.replace(/\.json$/, '')}.html`
  writeFileSync(page, reportPage(run))
  return page
}

function writeResults(run, options) {
  const all = Object.values(run.groups).flat()
  const file = at('bench/results', `${run.date.replaceAll(':', '-')}.json`)
  mkdirSync(at('bench/results'), { recursive: true })
  writeFileSync(file, `${JSON.stringify(run, null, 2)}\n`)
  say(`\n${textTable(all)}\n`)
  for (const { name, notes = [] } of all) for (const note of notes) say(`note: ${name}: ${note}`)
  say(`All samples: ${relative(top, file)}`)
  say(`The report: ${relative(top, writeReport(file, run))}`)
  if (!options.publish) return
  for (const left of publish(run.groups, run)) say(`not published: ${left}`)
  say('Published: docs/benchmarks.md')
}

/**
 * @param {string[]} args
 * @param {() => Promise<string[]>} prepare makes ready what is measured, and returns the commands that this
 *   machine does not have; for a report of an old run it is not called
 * @returns {Promise<number>} the exit status, see statusOf
 */
export async function bench(args, prepare) {
  const options = parseOptions(args, Object.keys(groups), onRequest)
  if (options.report !== undefined) {
    const file = resolve(options.report)
    say(`The report: ${writeReport(file, readRunFile(file))}`)
    return 0
  }
  if (options.draw) {
    draw()
    return 0
  }
  const missing = await prepare()
  const forbidden = await whyForbidden()
  const run = await measureRun(options, { missing, forbidden, lines: linesOn(process.stderr) })
  writeResults(run, options)
  return statusOf(run)
}
