import { readFileSync } from 'node:fs'
import asc from 'assemblyscript/asc'
import { describe, expect, it } from 'vitest'
import { allocatorProblems } from '../../scripts/check-allocator.js'
import { at } from '../../scripts/lib/house.js'

/** Compiles AssemblyScript with the options of a target of ours. */
async function compile(source: string, target: string): Promise<Uint8Array> {
  const { entries, ...options } = JSON.parse(readFileSync(at('asconfig.json'), 'utf8'))
  expect(entries).toEqual(['assembly/index.ts'])
  const files: Record<string, string> = {
    'entry.ts': source,
    'asconfig.json': JSON.stringify(options),
  }
  const written = new Map<string, string | Uint8Array>()
  const { error, stderr } = await asc.main(
    ['entry.ts', '--target', target, '--outFile', 'out.wasm'],
    {
      readFile: (name) => files[name] ?? null,
      writeFile: (name, contents) => void written.set(name, contents),
      listFiles: () => [],
    },
  )
  expect(error, stderr.toString()).toBeNull()
  return written.get('out.wasm') as Uint8Array
}

const array =
  'function deep(n: u32): u32 {\n  const a = new Array<u32>(n)\n  return a[0]\n}\n' +
  'export function process(n: u32): u32 {\n  return deep(n)\n}\n'

describe('the check for allocators', () => {
  it.each(['single', 'shared', 'debug-single', 'debug-shared'])(
    'passes our %s build',
    async (name) => {
      expect(await allocatorProblems(readFileSync(at('build', `${name}.wasm`)))).toEqual([])
    },
  )

  it('fails an array, however the compiler inlined the allocator', async () => {
    const problems = await allocatorProblems(await compile(array, 'single'))
    expect(problems).toContainEqual(expect.stringContaining('grows its memory'))
    expect(problems).toContainEqual(expect.stringContaining('mutable global'))
  })

  it('names the way to the allocator in a debug build', async () => {
    const problems = await allocatorProblems(await compile(array, 'debug-single'))
    expect(problems).toContainEqual(
      expect.stringMatching(/entry\/process → entry\/deep → ~lib\/array\/Array<u32>#constructor$/),
    )
  })

  it('fails a class instance', async () => {
    const source = 'class P { x: u32 = 1 }\nexport function f(): P { return new P() }\n'
    expect(await allocatorProblems(await compile(source, 'single'))).not.toEqual([])
  })

  it('fails state in a global: instances would not share it', async () => {
    const source = 'let count: u32 = 0\nexport function f(): u32 { return ++count }\n'
    const problems = await allocatorProblems(await compile(source, 'shared'))
    expect(problems).toEqual([expect.stringContaining('mutable global')])
  })

  it('fails an import besides the memory', async () => {
    const source =
      '@external("env", "now")\ndeclare function now(): f64\nexport function f(): f64 { return now() }\n'
    const problems = await allocatorProblems(await compile(source, 'single'))
    expect(problems).toEqual([expect.stringContaining('imports function env.now')])
  })

  it('does not take the bytes of a string for code', async () => {
    const text = '(memory.grow\\n(memory.grow'
    const source = `export function f(): usize { return changetype<usize>("${text}") }\n`
    expect(await allocatorProblems(await compile(source, 'single'))).toEqual([])
  })
})
