import { relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { assembly, importProblems, src } from '../../scripts/check-imports.js'
import { importsOf } from '../../scripts/lib/imports.js'
import { tree } from './tree.js'

interface Problem {
  file: string
  line: number
  specifier: string
  rule: string
}

/** `file:line specifier` of every problem found in a tree of these files. */
function problemsIn(files: Record<string, string>): string[] {
  const folder = tree(files)
  return importProblems(folder).map(
    ({ file, line, specifier }: Problem) => `${relative(folder, file)}:${line} ${specifier}`,
  )
}

describe('reading imports', () => {
  const specifiers = (text: string): string[] =>
    importsOf(text).map(({ specifier }: { specifier: string }) => specifier)

  it.each([
    ["import a from './a.js'", './a.js'],
    ["import { a, type B } from './a.js'", './a.js'],
    ["import type { A } from './a.js'", './a.js'],
    ["import * as a from './a.js'", './a.js'],
    ["import './a.js'", './a.js'],
    ["export * from './a.js'", './a.js'],
    ["export { a as default } from './a.js'", './a.js'],
    ["const a = await import('./a.js')", './a.js'],
    ["type A = import('./a.js').A", './a.js'],
    ["import {\n  a,\n} from './a.js'", './a.js'],
    ["@inline\nexport function f(): void {}\nimport { a } from './a'", './a'],
    ["const r = x / 2 / 3\nimport a from './a.js'", './a.js'],
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the text is code
    ["const t = `${{ a: `}` }.a} import 'x'`\nimport a from './a.js'", './a.js'],
  ])('finds %j', (text, specifier) => {
    expect(specifiers(text)).toEqual([specifier])
  })

  it.each([
    "// import a from './a.js'",
    "/* import './a.js' */",
    `const s = "import './a.js'"`,
    "const t = `import './a.js'`",
    "const r = /import '.\\/a.js'/",
    'const url = import.meta.url',
    "export const from = 'a'",
    "x.import('./a.js')",
  ])('does not take %j for one', (text) => {
    expect(specifiers(text)).toEqual([])
  })
})

describe('the direction of imports in src', () => {
  it('allows the way down, the own room, error and types of config', () => {
    const files = {
      'src/cli/up.ts': "import '../control/switch.js'\nimport './print.js'",
      'src/cli/print.ts': '',
      'src/control/switch.ts': "import '../worker/pool.js'\nimport '../config/schema.js'",
      'src/worker/pool.ts':
        "import type { Config } from '../config/types.js'\nimport '../device/tap.js'",
      'src/device/tap.ts': "import '../config/address.js'\nimport '../dataplane/abi.js'",
      'src/dataplane/abi.ts': "import '../error.js'",
      'src/config/schema.ts': "import '../error.js'\nimport './types.js'",
      'src/testing/host.ts': "import '../device/memory.js'\nimport '../dataplane/abi.js'",
    }
    expect(problemsIn(files)).toEqual([])
  })

  it.each([
    ['src/dataplane/abi.ts', '../device/tap.js'],
    ['src/worker/pool.ts', '../config/schema.js'],
    ['src/device/tap.ts', '../worker/pool.js'],
    ['src/worker/pool.ts', '../control/switch.js'],
    ['src/control/switch.ts', '../cli/up.js'],
    ['src/config/schema.ts', '../dataplane/abi.js'],
    ['src/testing/host.ts', '../device/tap.js'],
    ['src/testing/host.ts', '../control/switch.js'],
    ['src/cli/up.ts', '../../assembly/drop.js'],
  ])('%s may not import %s', (file, specifier) => {
    // What also has to run in a browser is told so besides.
    expect([...new Set(problemsIn({ [file]: `\nimport '${specifier}'` }))]).toEqual([
      `${file}:2 ${specifier}`,
    ])
  })

  it('counts a dynamic import and a type import like any other', () => {
    const text = "import type { A } from '../worker/a.js'\nvoid import('../worker/b.js')"
    const found = problemsIn({ 'src/device/tap.ts': text })
    expect(found).toEqual([
      'src/device/tap.ts:1 ../worker/a.js',
      'src/device/tap.ts:2 ../worker/b.js',
    ])
  })

  it('asks for a place in the table for a new room', () => {
    const folder = tree({ 'src/extra/a.ts': "import '../error.js'" })
    expect(importProblems(folder)).toMatchObject([{ rule: expect.stringContaining('src/extra') }])
  })

  it('keeps what the browser reaches free of Node, kernel devices and other packages', () => {
    const files = {
      'src/index.ts': "import './dataplane/a.js'\nimport './device/tap.js'",
      'src/dataplane/a.ts': "import './b.js'\nimport 'zod'\nimport type { X } from 'node:net'",
      'src/dataplane/b.ts': "import 'node:fs'\nimport 'fs'\nimport 'piscina'",
      'src/dataplane/node-only.ts': "import 'node:fs'",
      'src/device/tap.ts': '',
      'src/packet/capture/a.ts': "import 'node:fs'",
    }
    expect(problemsIn(files)).toEqual([
      'src/index.ts:2 ./device/tap.js',
      'src/packet/capture/a.ts:1 node:fs',
      'src/dataplane/b.ts:1 node:fs',
      'src/dataplane/b.ts:2 fs',
      'src/dataplane/b.ts:3 piscina',
    ])
  })
})

describe('the direction of imports in assembly', () => {
  it('allows the way down and the own room', () => {
    const files = {
      'assembly/index.ts': "export { process } from './pipeline'",
      'assembly/pipeline.ts': "import { learn } from './bridge/learn'\nimport { F } from './frame'",
      'assembly/bridge/learn.ts': "import { find } from '../table/hash'\nimport './entry'",
      'assembly/bridge/entry.ts': '',
      'assembly/frame.ts': "import { A } from './memory'",
    }
    expect(problemsIn(files)).toEqual([])
  })

  it.each([
    ['assembly/bridge/learn.ts', '../nat/rules'],
    ['assembly/bridge/learn.ts', '../pipeline'],
    ['assembly/table/hash.ts', '../bridge/entry'],
    ['assembly/table/hash.ts', '../wire/ethernet'],
    ['assembly/wire/ethernet.ts', '../table/hash'],
    ['assembly/memory.ts', './drop'],
    ['assembly/drop.ts', './memory'],
  ])('%s may not import %s', (file, specifier) => {
    const text = `import { x } from '${specifier}'`
    expect(problemsIn({ [file]: text })).toEqual([`${file}:1 ${specifier}`])
  })
})

it.each([
  ['src', src],
  ['assembly', assembly],
])('the table of %s has no circle', (_, table) => {
  const below = table as Record<string, string[]>
  const reach = (room: string): Set<string> => {
    const reached = new Set<string>()
    const waiting = [room]
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for (const lower of below[next.split('/')[0] ?? ''] ?? []) {
        if (lower.startsWith('types of') || reached.has(lower)) continue
        reached.add(lower)
        waiting.push(lower)
      }
    }
    return reached
  }
  for (const room of Object.keys(below)) expect([...reach(room)]).not.toContain(room)
})
