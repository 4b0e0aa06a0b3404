/** The one module that a browser has: the `single` build, inlined into the package. */
import { singleModule } from '../../../src/dataplane/single.js'
import type { BuildName } from '../../support/built-modules.js'

export type { BuildName }
export const builds: readonly BuildName[] = ['single']

const single = await singleModule()

export function moduleOf(name: BuildName): WebAssembly.Module {
  if (name === 'single') return single
  throw new Error(`${name}: a browser has the "single" build only`)
}
