/** What a browser loads of the package needs nothing that only Node has. */
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { expect, test } from 'vitest'
import { at, packageJson } from '../../scripts/lib/house.js'
import { importsOf } from '../../scripts/lib/imports.js'
import { run } from '../../scripts/lib/run.js'

/** The ways into the package that a browser may take. */
const entries = ['.', './testing'].map((name) => packageJson().exports[name].default)

/** Modules that a file of the built package loads, however far, which are no files of it. */
function foreign(entry: string): string[] {
  const files = new Set([at(entry)])
  const found: string[] = []
  for (const file of files) {
    for (const { specifier } of importsOf(readFileSync(file, 'utf8'))) {
      if (specifier.startsWith('.')) files.add(join(dirname(file), specifier))
      else found.push(`${relative(at('.'), file)}: ${specifier}`)
    }
  }
  expect(files.size).toBeGreaterThan(5)
  return found
}

test.each(entries)('%s is built of its own files only: no module of Node, no package', (entry) => {
  expect(foreign(entry)).toEqual([])
})

test('the way into Node would not pass', () => {
  expect(foreign(packageJson().exports['./node'].default)).toContainEqual(
    expect.stringContaining('node:'),
  )
})

test('source and declarations hold where there are no types of Node', async () => {
  const tsc = at('node_modules/typescript/bin/tsc')
  const { output } = await run(process.execPath, [
    tsc,
    '-p',
    at('test/browser'),
    '--pretty',
    'false',
  ])
  // Of this one types are asked for, and nothing is run.
  const errors = output.split('\n').filter((line) => !line.startsWith('src/device/native.ts'))
  expect(errors.filter(Boolean)).toEqual([])
}, 120_000)
