// npm run bench:profile: where the time of the in-memory figures goes that targets are held against.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { HouseError } from '../../scripts/lib/house.js'
import { groups } from '../figures/index.js'
import { Cleanup } from '../lib/cleanup.js'
import { describeMachine } from '../lib/machine.js'
import { replaceModule } from '../lib/pipeline/dataplane.js'
import { namedModule } from '../lib/place.js'
import { takePlace } from '../lib/single.js'
import { median } from '../lib/statistics.js'
import { publishProfiles, textOf } from './page.js'
import { sharesOf } from './shares.js'

/** What is profiled unless figures are named: one for each way that a target is of. */
const DEFAULTS = [
  ...['pipeline-2-256', 'pipeline-10000-256', 'pipeline-1000000-256'],
  ...['nat-10000', 'nat-1000000', 'nat-new', 'encap-64', 'decap-64'],
]
const SECONDS = 4
/** Between samples, µs. */
const INTERVAL = 200

const known = new Map(
  Object.values(groups).flatMap((list) => list.map((each) => [each.name, each])),
)

function parse(args) {
  const names = args.filter((arg) => arg !== '--publish')
  const unknown = names.find((name) => !known.has(name))
  if (unknown !== undefined) {
    throw new HouseError(
      `bench:profile: ${unknown}: there is no such figure\n` +
        'npm run bench:profile [-- [FIGURE …] [--publish]]\n' +
        `  in memory there are ${[...known.values()]
          .filter(inMemory)
          .map(({ name }) => name)
          .join(', ')}`,
    )
  }
  return { figures: names.length > 0 ? names : DEFAULTS, publish: names.length < args.length }
}

const inMemory = ({ needs, rounds }) => !needs.root && rounds === undefined

/** Repeats what a figure's first contestant does for a while, and has V8 look where it is. */
async function profile(name, context) {
  const { title, seconds, setUp } = known.get(name)
  const { contestants } = await setUp({ seconds, ...context })
  const { measure } = contestants.find((each) => !each.derived)
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.setSamplingInterval', { interval: INTERVAL })
  await measure()
  await session.post('Profiler.start')
  const values = []
  const end = performance.now() + SECONDS * 1000
  while (performance.now() < end) values.push((await measure()).value)
  const { profile: found } = await session.post('Profiler.stop')
  session.disconnect()
  return { name, title, rate: median(values), shares: sharesOf(found) }
}

/** @param {string[]} args @returns {Promise<number>} the exit status */
export async function benchProfile(args) {
  const { figures, publish } = parse(args)
  const leave = await takePlace()
  const cleanup = new Cleanup()
  try {
    const folder = mkdtempSync(join(tmpdir(), 'linkspan-profile-'))
    cleanup.add(() => rmSync(folder, { recursive: true }))
    await replaceModule(await WebAssembly.compile(readFileSync(await namedModule())))
    const profiles = []
    for (const name of figures) {
      // Without a C compiler: the twins are not looked at.
      const found = await profile(name, { folder, cleanup, missing: ['cc'] })
      profiles.push(found)
      console.log(textOf(found))
    }
    if (publish) {
      publishProfiles({
        date: new Date().toISOString(),
        machine: await describeMachine(),
        profiles,
      })
    }
    return 0
  } finally {
    await cleanup.run()
    leave()
  }
}
