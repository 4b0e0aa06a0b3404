/** The four modules that the build makes; in a browser test/browser/support/built-modules.ts takes its place. */
import { readFileSync } from 'node:fs'

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
