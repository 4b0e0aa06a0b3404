/** Programs that use the built library, as a user of the package writes them. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defer } from './cleanup.js'
import { uniqueName } from './netns.js'
import { type Program, start } from './process.js'

const build = fileURLToPath(new URL('../../build', import.meta.url))

/**
 * Runs an ECMAScript module with `config` as a global, behind another command if one is given. It
 * lies inside the package, so that it may import `linkspan/node`.
 */
export function startScript(
  source: string,
  config: unknown,
  through: readonly string[] = [],
): Program {
  const directory = `${build}/${uniqueName()}`
  mkdirSync(directory, { recursive: true })
  defer(() => rmSync(directory, { recursive: true, force: true }))
  const file = `${directory}/script.mjs`
  writeFileSync(file, `globalThis.config = ${JSON.stringify(config)}\n${source}`)
  return start([...through, process.execPath, file])
}
