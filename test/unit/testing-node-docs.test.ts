/** docs/testing-node.md: every block of code is run, as a module of its own, on the package. */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { at } from '../../scripts/lib/house.js'
import { blocksOf } from '../support/doc-commands.js'

const blocks = blocksOf(readFileSync(at('docs/testing-node.md'), 'utf8'), 'js')

test('there are blocks', () => {
  expect(blocks.length).toBeGreaterThanOrEqual(3)
})

test.each(blocks.map((block, index) => [index + 1, block] as const))('block %i', (_, block) => {
  const done = `${block}\nconsole.log('to its end')`
  const run = ['--input-type=module', '-e', done]
  expect(execFileSync(process.execPath, run, { cwd: at('.'), encoding: 'utf8' })).toBe(
    'to its end\n',
  )
})
