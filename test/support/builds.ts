/** Every test of the packet path runs on all modules that there are where it runs. */
import { describe } from 'vitest'
import type { Build } from '../../src/dataplane/instance.js'
import { type BuildName, builds } from './built-modules.js'

export { type BuildName, builds, moduleOf } from './built-modules.js'

/** Which kind of memory the module imports. */
export function memoryOf(name: BuildName): Build {
  return name.endsWith('shared') ? 'shared' : 'single'
}

/** A group of tests, once for each module. */
export function onEveryBuild(name: string, tests: (build: BuildName) => void): void {
  describe.each(builds)(`${name} [%s]`, (build) => tests(build))
}
