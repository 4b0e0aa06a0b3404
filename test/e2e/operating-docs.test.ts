/** Pages of the docs: every command in them is run, in its order, and what it shows is what is printed. */
import { expect, test } from 'vitest'
import { fits } from '../support/doc-commands.js'
import { runPage } from '../support/doc-page.js'

test('fits: spaces aside, … is anything, and all the rest counts', () => {
  expect(fits('a   1  x\n', 'a 1 x\n')).toBe(true)
  expect(fits('a 1 x\n', 'a … x\n')).toBe(true)
  expect(fits('a\nb\nc\n', 'a\n…\n')).toBe(true)
  expect(fits('a\nb\nc\n', 'a\n…\nc\n')).toBe(true)
  expect(fits('a 2 x\n', 'a 1 x\n')).toBe(false)
  expect(fits('a\nb\n', 'a\n')).toBe(false)
  expect(fits('a.b\n', 'a+b\n')).toBe(false)
})

test('docs/operating.md', { timeout: 300_000 }, async () => {
  // So that there is something to see.
  const meanwhile = 'ip netns exec web ping -q -i 0.2 10.55.0.3'
  await runPage('docs/operating.md', { least: 80, meanwhile })
})

test('docs/router.md', { timeout: 120_000 }, async () => {
  await runPage('docs/router.md', { least: 15 })
})

test('docs/nat.md', { timeout: 120_000 }, async () => {
  const serve = "require('http').createServer((_, r) => r.end('hello\\n')).listen(80)"
  const meanwhile = `ip netns exec web ${process.execPath} -e "${serve}"`
  await runPage('docs/nat.md', { least: 25, meanwhile })
})

test('docs/overlay.md', { timeout: 120_000 }, async () => {
  const meanwhile = 'ip netns exec web ping -q -i 0.2 10.55.0.3'
  await runPage('docs/overlay.md', { least: 30, meanwhile })
})

test('docs/generate.md', { timeout: 120_000 }, async () => {
  await runPage('docs/generate.md', { least: 10 })
})

test('docs/impair.md', { timeout: 120_000 }, async () => {
  const meanwhile = 'ip netns exec web ping -q -i 0.2 10.55.0.3'
  await runPage('docs/impair.md', { least: 20, meanwhile })
})
