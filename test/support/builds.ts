/** The four modules that the build makes. Every test of the packet path runs on all of them. */
import { readFileSync } from 'node:fs'
import { describe } from 'vitest'
import type { Build } from '../../src/dataplane/instance.js'

export const builds = ['single', 'shared', 'debug-single', 'debug-shared'] as const
export type BuildName = (typeof builds)[number]

const modules = new Map<BuildName, WebAssembly.Module>()

/** The module of that name, compiled once a file of tests. */
export function moduleOf(name: BuildName): WebAssembly.Module {
  const known = modules.get(name)
  if (known) return known
  const file = new URL(`../../build/${name}.wasm`, import.meta.url)
  const module = new WebAssembly.Module(readFileSync(file))
  modules.set(name, module)
  return module
}

/** Which kind of memory the module imports. */
export function memoryOf(name: BuildName): Build {
  return name.endsWith('shared') ? 'shared' : 'single'
}

/** A group of tests, once for each module. */
export function onEveryBuild(name: string, tests: (build: BuildName) => void): void {
  describe.each(builds)(`${name} [%s]`, (build) => tests(build))
}
