/**
 * The project `browser` of vitest: tests that run in Chromium, without a window. The suites of test/conformance
 * and those of the lab are the ones that Node runs.
 */
import { fileURLToPath } from 'node:url'
import { playwright } from '@vitest/browser-playwright'
import type { TestProjectInlineConfiguration } from 'vitest/config'
import { launchOptions } from '../../scripts/lib/chromium.js'

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url))

export const browserProject = (
  shared: TestProjectInlineConfiguration['test'],
): TestProjectInlineConfiguration => ({
  resolve: {
    alias: [
      { find: /^.*\/built-modules\.js$/, replacement: here('support/built-modules.ts') },
      { find: /^.*\/device-kinds\.js$/, replacement: here('support/device-kinds.ts') },
    ],
  },
  // What is found while tests run reloads the page that they run in.
  optimizeDeps: { include: ['fast-check', 'ip-num', 'zod'] },
  test: {
    ...shared,
    name: 'browser',
    include: [
      'test/conformance/**/*.test.ts',
      'test/unit/{tcp,testing}-*.test.ts',
      'test/unit/switch{,-errors,-inspect,-mirror,-router}.test.ts',
      'test/unit/trace-{explain,router}.test.ts',
    ],
    // Of Node: its files and processes, its unhandled rejections, its realms, its timers and sockets; and the
    // detour of devices that need a kernel.
    exclude: [
      'test/unit/testing-{close,docs,immediates,package,realm,threads,timers,timers-later}.test.ts',
      'test/unit/testing-node-*.test.ts',
      'test/conformance/detour.test.ts',
    ],
    sequence: { groupOrder: 2 },
    browser: {
      enabled: true,
      provider: playwright({ launchOptions: launchOptions() }),
      instances: [{ browser: 'chromium' }],
      headless: true,
      screenshotFailures: false,
      // One page for all files: none leaves anything behind, and each would load the same modules.
      isolate: false,
      api: { host: '127.0.0.1' },
    },
  },
})
