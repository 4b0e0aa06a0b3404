/**
 * `linkspan/vitest`: the lab's matchers in vitest's `expect`. Importing it is all: in a test, or once for all in
 * a file of `setupFiles`. Other runners take `matchers` of `linkspan/testing`.
 */
import { expect } from 'vitest'
import { type LabMatchers, matchers } from '../testing/index.js'

declare module 'vitest' {
  // biome-ignore lint/suspicious/noExplicitAny: it has to be declared as vitest does.
  interface Matchers<T = any> extends LabMatchers {}
}

expect.extend(matchers)

export type { LabMatchers }
export { matchers }
