/** The pages of docs/ about the lab, and others as far as they are JavaScript: every block of code is run. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as vitest from 'vitest'
import * as library from '../../src/index.js'
import * as testing from '../../src/testing/index.js'
import * as matchers from '../../src/vitest/index.js'
import { blocksOf } from '../support/doc-commands.js'

const { expect, test } = vitest
const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
/** Beside docs/testing.md; testing-node.md and testing-browser.md have tests of their own. */
const pages = ['testing', 'testing-seeing', 'testing-snapshots', 'recording', 'overlay']
const blocks = [
  ...pages.flatMap((page) => blocksOf(read(`docs/${page}.md`), 'js')),
  ...blocksOf(read('README.md'), 'js').filter((block) => block.includes('linkspan/testing')),
]

/** What a block may import. Its own `test` is collected, not nested. */
async function run(block: string): Promise<void> {
  const tests: (() => unknown)[] = []
  const modules: Record<string, unknown> = {
    linkspan: library,
    'linkspan/testing': testing,
    'linkspan/vitest': matchers,
    vitest: { ...vitest, test: (_: string, body: () => unknown) => tests.push(body) },
    'node:assert/strict': await import('node:assert/strict'),
    'node:fs/promises': await import('node:fs/promises'),
  }
  const load = (name: string) => {
    expect(modules, `import of ${name}`).toHaveProperty([name])
    return modules[name]
  }
  const body = block
    .replace(/^import (\w+) from '([^']+)'$/gm, "const $1 = load('$2').default")
    .replace(/^import ('[^']+')$/gm, 'load($1)')
    .replace(/^import (\{[^}]*\}) from '([^']+)'$/gm, "const $1 = load('$2')")
    // Node 20 has no `await using`.
    .replace(/await using (\w+) = (.*)$/gm, 'const $1 = closing(await ($2))')
  const opened: { close(): unknown }[] = []
  const closing = <T extends { close(): unknown }>(one: T): T => {
    opened.push(one)
    return one
  }
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor
  await AsyncFunction('load', 'closing', body)(load, closing)
  for (const each of tests) await each()
  for (const each of opened) await each.close()
}

test('there are blocks, in the README too', () => {
  expect(blocks.length).toBeGreaterThanOrEqual(6)
})

test.each(blocks.map((block, index) => [index + 1, block] as const))(
  'block %i',
  async (_, block) => {
    const [before, directory] = [process.cwd(), mkdtempSync(join(tmpdir(), 'linkspan-docs-'))]
    try {
      // Workers of vitest may not change directory.
      await run(block.replace(/'(lab\.\w+)'/g, (_, name) => JSON.stringify(join(directory, name))))
    } finally {
      expect(process.cwd()).toBe(before)
      rmSync(directory, { recursive: true })
    }
  },
)
