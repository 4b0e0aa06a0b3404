import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { browserProject } from './test/browser/project.js'

/** No test measures time: these end what hangs, also on a machine that does other things too. */
const shared = { testTimeout: 60_000, hookTimeout: 60_000 }
const processors = availableParallelism()

export default defineConfig({
  test: {
    passWithNoTests: false,
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: ['test/**/*.test.ts', 'examples/**/*.test.js'],
          exclude: ['test/e2e/**', 'test/browser/**'],
          maxWorkers: processors,
        },
      },
      {
        test: {
          ...shared,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          // These share one kernel and have switches, peers and senders beside them: two files at a
          // time, whatever the machine, and none while the others run.
          maxWorkers: Math.min(2, processors),
          sequence: { groupOrder: 1 },
        },
      },
      browserProject(shared),
    ],
  },
})
