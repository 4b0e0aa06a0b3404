// One figure of one tree, in a process of its own that measures when it is told to.
//
//   serve.js GROUP NAME SECONDS    then over IPC: 'measure' → { values }, one for each contestant
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { groups } from '../figures/index.js'
import { Cleanup } from '../lib/cleanup.js'

const [group, name] = process.argv.slice(2)
const figure = groups[group].find((each) => each.name === name)
const cleanup = new Cleanup()
const folder = mkdtempSync(join(tmpdir(), 'linkspan-check-'))
cleanup.add(() => rmSync(folder, { recursive: true }))

/**
 * The tree's own, which a target is for; what stands beside it is the same in both trees. What is worked out
 * of others has no more to say, and is mostly noise where they are nearly the same.
 */
function own({ contestants }) {
  const names = new Set(figure.targets.map(({ of }) => of))
  return contestants.filter(
    ({ name, derived }) => !derived && (names.size === 0 || names.has(name)),
  )
}

async function end() {
  process.off('disconnect', end)
  await cleanup.run()
  process.exit()
}

// Ctrl-C is the other process's to handle: this one goes when it does.
process.on('SIGINT', () => {})
process.on('disconnect', end)
try {
  const context = { folder, cleanup, seconds: figure.seconds, signal: new AbortController().signal }
  const contestants = own(await figure.setUp({ ...context, missing: [], say: () => {} }))
  const measure = async () => {
    const values = {}
    for (const each of contestants) values[each.label] = (await each.measure()).value
    return values
  }
  process.on('message', async () => {
    try {
      process.send({ values: await measure() })
    } catch (error) {
      process.send({ error: error.message })
    }
  })
  process.send({ ready: true })
} catch (error) {
  process.send({ error: error.message })
}
