// npm run bench:check: is this tree slower in memory than the one it came from?
import { at, HouseError } from '../../scripts/lib/house.js'
import { run } from '../../scripts/lib/run.js'
import { groups } from '../figures/index.js'
import { format } from '../lib/format.js'
import { Interrupted, onInterrupt } from '../lib/interrupt.js'
import { takePlace } from '../lib/single.js'
import { baseTree, findBase, isUnchangedSince } from './base.js'
import { compareSides, LOSS } from './compare.js'
import { parseCheckOptions } from './options.js'
import { Side } from './side.js'

const say = (text) => console.log(text)

/** What is measured without a kernel's help, and can be repeated. */
const isInMemory = ({ needs, rounds }) => !needs.root && rounds === undefined

const inMemory = Object.fromEntries(
  Object.entries(groups)
    .map(([name, figures]) => [name, figures.filter(isInMemory)])
    .filter(([, figures]) => figures.length > 0),
)

/** Samples of both sides by label, measured in turn; who begins changes from pair to pair. */
async function measureInTurn(sides, pairs, signal) {
  const samples = sides.map(() => ({}))
  for (let pair = 0; pair < pairs; pair++) {
    for (const which of pair % 2 === 0 ? [0, 1] : [1, 0]) {
      signal.throwIfAborted()
      const values = await sides[which].measure()
      for (const [label, value] of Object.entries(values)) {
        samples[which][label] ??= []
        samples[which][label].push(value)
      }
    }
  }
  return samples
}

/** One run of a figure in both trees. @returns {Promise<object[]>} a comparison for each label */
async function runOnce(group, figure, folders, { pairs, signal }) {
  const sides = folders.map((folder) => new Side(folder, group, figure.name))
  try {
    for (const side of sides) await side.ready()
    const [own, base] = await measureInTurn(sides, pairs, signal)
    return Object.keys(own)
      .filter((label) => base[label] !== undefined)
      .map((label) => {
        const name = figure.targets.length > 0 ? figure.title : `${figure.title}: ${label}`
        return { name, label, ...compareSides(figure, own[label], base[label]) }
      })
  } finally {
    for (const side of sides) await side.stop()
  }
}

/** A loss counts when a second run, in new processes, finds it too. */
async function check(group, figure, folders, options) {
  const first = await runOnce(group, figure, folders, options)
  if (!first.some(({ lost }) => lost)) return first
  say(`  ${figure.title}: slower; once more`)
  const second = await runOnce(group, figure, folders, options)
  return first.map((each) => {
    const again = second.find(({ label }) => label === each.label)
    return each.lost ? { ...again, lost: again.lost } : each
  })
}

const line = ({ name, median, min, max, lost }) =>
  `${lost ? 'SLOWER ' : '       '}${format(median)} (${format(min)} to ${format(max)})  ${name}`

async function checkAll(folders, { names, ...options }) {
  const lost = []
  for (const group of names) {
    say(`${group}:`)
    for (const figure of inMemory[group]) {
      for (const each of await check(group, figure, folders, options)) {
        say(line(each))
        if (each.lost) lost.push(each.name)
      }
    }
  }
  return lost
}

/** The exit status: 1 if something is slower, 130 after Ctrl-C. */
export async function benchCheck(args) {
  const options = parseCheckOptions(args, Object.keys(inMemory))
  const leave = await takePlace()
  const { signal, done } = onInterrupt(say)
  try {
    const base = await findBase(options.base)
    const { output } = await run('git', ['log', '-1', '--format=%h %s', base])
    if (await isUnchangedSince(base)) {
      return say(`Nothing that is measured has changed since ${output.trim()}.`) ?? 0
    }
    say(`This tree against ${output.trim()}, as a factor of its speed; the base is built first`)
    const folders = [at('.').replace(/\/$/, ''), await baseTree(base)]
    const lost = await checkAll(folders, { ...options, signal })
    if (lost.length === 0) return say('Nothing is slower.') ?? 0
    throw new HouseError(
      `bench:check: slower by more than ${LOSS * 100} % in two runs: ${lost.join('; ')}`,
    )
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error
    return 130
  } finally {
    done()
    leave()
  }
}
