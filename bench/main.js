// The bench: measures the figures one after the other, prints them as a table, writes JSON.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { at, HouseError, top } from '../scripts/lib/house.js'
import { groups } from './figures/index.js'
import { Cleanup } from './lib/cleanup.js'
import { measureFigure, obstacle } from './lib/figure.js'
import { Interrupted, onInterrupt } from './lib/interrupt.js'
import { describeMachine } from './lib/machine.js'
import { parseOptions } from './lib/options.js'
import { Peers } from './lib/peers/index.js'
import { publish } from './lib/publish.js'
import { takePlace } from './lib/single.js'
import { textTable } from './lib/table.js'

const say = (text) => console.log(text)

/** A figure's result; what went wrong is one too, so that the others are still measured. */
async function attempt(figure, context) {
  const why = obstacle(figure, context)
  const base = { name: figure.name, title: figure.title, complete: false }
  if (why !== undefined) return { ...base, error: `not measured: ${why}` }
  try {
    return await measureFigure(figure, context)
  } catch (error) {
    if (error instanceof Interrupted) return { ...base, error: 'not measured: interrupted' }
    if (!(error instanceof HouseError)) throw error
    say(`${figure.name}: ${error.message}`)
    return { ...base, error: 'failed, see above' }
  }
}

/** What the machine does besides is measured too. */
function warnIfBusy() {
  const [load] = loadavg()
  if (load < cpus().length / 4) return
  say(`The machine is busy (load ${load.toFixed(1)}): expect less, and a wide spread.`)
}

/** Measures the named groups. @returns {Promise<Record<string, object[]>>} results by group */
async function measureAll(names, context) {
  const results = {}
  for (const [index, name] of names.entries()) {
    if (context.signal.aborted) break
    const then = names.slice(index + 1)
    say(`\n${name}${then.length > 0 ? `; then ${then.join(', ')}` : '; the last'}`)
    results[name] = []
    for (const figure of groups[name]) {
      if (context.signal.aborted) break
      results[name].push(await attempt(figure, context))
    }
  }
  return results
}

function report(results, head, options) {
  const all = Object.values(results).flat()
  const file = at('bench/results', `${head.date.replaceAll(':', '-')}.json`)
  mkdirSync(at('bench/results'), { recursive: true })
  writeFileSync(file, `${JSON.stringify({ ...head, groups: results }, null, 2)}\n`)
  say(`\n${textTable(all)}\n`)
  for (const { name, notes = [] } of all) for (const note of notes) say(`note: ${name}: ${note}`)
  say(`All samples: ${relative(top, file)}`)
  if (!options.publish) return
  for (const left of publish(results, head)) say(`not published: ${left}`)
  say('Published: docs/benchmarks.md')
}

/**
 * @param {string[]} args
 * @param {string[]} missing commands that this machine does not have
 * @returns {Promise<number>} the exit status: 1 if a figure could not be measured, 130 after Ctrl-C;
 *   a target that was missed is no failure, machines differ
 */
export async function bench(args, missing) {
  const options = parseOptions(args, Object.keys(groups))
  const leave = await takePlace()
  const cleanup = new Cleanup()
  const { signal, done } = onInterrupt(say)
  try {
    const folder = mkdtempSync(join(tmpdir(), 'linkspan-bench-'))
    cleanup.add(() => rmSync(folder, { recursive: true }))
    const peers = new Peers({ folder, cleanup, signal, missing })
    const { pairs, seconds } = options
    const own = { folder, cleanup, signal, missing, peers, pairs, seconds, say }
    const date = new Date().toISOString()
    const head = { date, machine: await describeMachine(), load: loadavg()[0], pairs }
    warnIfBusy()
    const results = await measureAll(options.names, { ...own, root: process.getuid?.() === 0 })
    report(results, head, options)
    const failed = Object.values(results).some((list) => list.some(({ error }) => error))
    return signal.aborted ? 130 : Number(failed)
  } finally {
    for (const failure of await cleanup.run()) say(`cleaning up: ${failure.message}`)
    done()
    leave()
  }
}
