// Where the time goes: of samples that V8 took, those below the module's entries count.
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { replaceProfiles, sectionOf } from '../../bench/profile/page.js'
import { nameOf, sharesOf } from '../../bench/profile/shares.js'
import { at } from '../../scripts/lib/house.js'

const node = (
  id: number,
  functionName: string,
  children: number[] = [],
  url = 'wasm://wasm/1',
) => ({
  id,
  callFrame: { functionName, url, scriptId: '1', lineNumber: 0, columnNumber: 0 },
  children,
})

test('shares are of the time for bursts, without what functions call', () => {
  const nodes = [
    node(1, '(root)', [2, 6], ''),
    node(2, 'run', [3], 'file:///bench.js'),
    node(3, 'assembly/pipeline/process', [4, 5]),
    node(4, 'assembly/gateway/shortcut/run<u32>'),
    node(5, 'assembly/door/receive'),
    node(6, 'assembly/door/receive'),
  ]
  const samples = [1, 2, 3, 4, 4, 4, 5, 6, 6, 6, 6, 2]
  expect(sharesOf({ nodes, samples, startTime: 0, endTime: 1 })).toEqual([
    { name: 'gateway/shortcut run', share: 0.6 },
    { name: 'pipeline process', share: 0.2 },
    { name: 'door receive', share: 0.2 },
  ])
})

test('a function is named by its file and its name', () => {
  expect(nameOf('assembly/nat/leave/begin')).toBe('nat/leave begin')
  expect(nameOf('assembly/gateway/way/approachWays<u32>')).toBe('gateway/way approachWays')
  expect(nameOf('main')).toBe('main')
})

test('docs/limits.md has the profiles of docs/limits/profiles.json', () => {
  const page = readFileSync(at('docs/limits.md'), 'utf8')
  const measured = JSON.parse(readFileSync(at('docs/limits/profiles.json'), 'utf8'))
  expect(replaceProfiles(page, sectionOf(measured))).toBe(page)
})
