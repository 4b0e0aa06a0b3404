import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { at } from '../../scripts/lib/house.js'

// Where a process ends while `require` links an ES module, Node aborts it: src/worker/door.ts.
test('what a worker’s thread requires is no ES module', () => {
  const script = `console.log(typeof require(${JSON.stringify(at('dist/worker/door.cjs'))}).default)`
  const output = execFileSync(process.execPath, ['--no-experimental-require-module', '-e', script])
  expect(String(output)).toBe('function\n')
})
