// A run: the figures one after the other, and what became of them, as it goes into JSON.
import { mkdtempSync, rmSync } from 'node:fs'
import { cpus, loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { HouseError } from '../scripts/lib/house.js'
import { groups } from './figures/index.js'
import { Cleanup } from './lib/cleanup.js'
import { measureFigure, obstacle, withReadings } from './lib/figure.js'
import { Interrupted, onInterrupt } from './lib/interrupt.js'
import { describeMachine } from './lib/machine.js'
import { Peers } from './lib/peers/index.js'
import { Progress } from './lib/progress.js'
import { takePlace } from './lib/single.js'

/** A figure's result; what went wrong is one too, so that the others are still measured. */
async function attempt(figure, context) {
  const why = obstacle(figure, context)
  const base = { name: figure.name, title: figure.title, complete: false }
  // Here is nothing wrong: this machine cannot.
  if (why !== undefined) return { ...base, error: `not measured: ${why}`, leftOut: true }
  context.progress.begin(figure)
  try {
    return await measureFigure(figure, context)
  } catch (error) {
    if (error instanceof Interrupted) return { ...base, error: 'not measured: interrupted' }
    if (error.leftOut) return { ...base, error: `not measured: ${error.message}`, leftOut: true }
    // Anything else is a bug of a figure, which the others need not pay for.
    context.say(`${figure.name}: ${error instanceof HouseError ? error.message : error.stack}`)
    return { ...base, error: `failed: ${error.message}` }
  } finally {
    context.progress.end()
  }
}

/** What the machine does besides is measured too. */
function warnIfBusy(say) {
  const [load] = loadavg()
  if (load < cpus().length / 4) return
  say(`The machine is busy (load ${load.toFixed(1)}): expect less, and a wide spread.`)
}

/** Measures the named groups. @returns {Promise<Record<string, object[]>>} results by group */
async function measureAll(names, context) {
  const results = {}
  for (const name of names) {
    if (context.signal.aborted) break
    results[name] = []
    for (const figure of groups[name]) {
      if (context.signal.aborted) break
      results[name].push(...withReadings(figure, await attempt(figure, context)))
    }
  }
  return results
}

/**
 * Measures.
 *
 * @param {object} plan
 * @param {string[]} plan.names of groups
 * @param {number} plan.pairs
 * @param {number} [plan.seconds] of one measurement, whatever the figure says
 * @param {number} [plan.most] seconds of one measurement
 * @param {object} host
 * @param {string[]} host.missing commands that this machine does not have
 * @param {string} [host.forbidden] why no namespaces and TAPs can be made here
 * @param {ReturnType<import('./lib/progress.js').linesOn>} host.lines takes what is said meanwhile
 * @returns {Promise<object>} the run; `interrupted` when Ctrl-C has ended it, and then what was measured
 *   until then
 */
export async function measureRun(plan, { lines, ...host }) {
  const { names, pairs } = plan
  const { say } = lines
  const leave = await takePlace()
  const cleanup = new Cleanup()
  const { signal, done } = onInterrupt(say)
  try {
    const folder = mkdtempSync(join(tmpdir(), 'linkspan-bench-'))
    cleanup.add(() => rmSync(folder, { recursive: true }))
    const own = { ...host, folder, cleanup, signal }
    const figures = names.flatMap((name) => groups[name])
    const possible = figures.filter((figure) => obstacle(figure, host) === undefined)
    const progress = new Progress(possible, plan, lines.progress)
    const context = { ...own, ...plan, say, progress, peers: new Peers(own) }
    const date = new Date().toISOString()
    const head = { date, machine: await describeMachine(), load: loadavg()[0], pairs }
    warnIfBusy(say)
    const results = await measureAll(names, context)
    return { ...head, loadAfter: loadavg()[0], interrupted: signal.aborted, groups: results }
  } finally {
    for (const failure of await cleanup.run()) say(`cleaning up: ${failure.message}`)
    lines.end()
    done()
    leave()
  }
}

/**
 * The exit status of a run: 130 after Ctrl-C, 1 when something that could have been measured failed; a target
 * that was missed is no failure, machines differ.
 */
export function statusOf({ interrupted, groups: results }) {
  if (interrupted) return 130
  const failed = ({ error, leftOut }) => error !== undefined && !leftOut
  return Object.values(results).some((list) => list.some(failed)) ? 1 : 0
}
