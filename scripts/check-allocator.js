// Proves that a module cannot allocate: the packet path works in memory that was laid out at start.
//
// A module that passes has nothing an allocator could be made of, whatever the compiler inlined:
//   no memory.grow, so the only memory is the one that was handed in;
//   no mutable global, so there is no bump pointer, and no state that instances do not share;
//   one import, env.memory, so nobody else can be asked, and abort (which takes strings) is absent.
// A debug build keeps the names of its functions: there a runtime function is named as such, with
// the way from an export to it, which is what a person needs to mend it.
import { readFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { at, HouseError, isMain, main, top } from './lib/house.js'

/** AssemblyScript's runtime: allocation, reference counting, garbage collection, strings and arrays. */
const runtime = /^~lib\/(rt|array|arraybuffer|map|set|string|staticarray|typedarray|util\/string)\b/

/**
 * What is wrong with a module, as sentences; none when it cannot allocate.
 *
 * @param {Uint8Array} bytes a WebAssembly module
 * @returns {Promise<string[]>}
 */
export async function allocatorProblems(bytes) {
  const { default: binaryen } = await import('binaryen')
  const module = binaryen.readBinary(bytes)
  const text = module.emitText()
  module.dispose()
  return [...new Set([...importProblems(bytes), ...textProblems(text)])]
}

function importProblems(bytes) {
  return WebAssembly.Module.imports(new WebAssembly.Module(bytes))
    .filter(({ module, name }) => module !== 'env' || name !== 'memory')
    .map(({ kind, module, name }) => `imports ${kind} ${module}.${name}; only env.memory may be`)
}

/** Binaryen prints one node a line, and a data segment, which may hold any text, on one of its own. */
function textProblems(text) {
  const problems = []
  const graph = new Map()
  let current
  for (const line of text.split('\n')) {
    const [, node] = /^\s*\(([\w.]+)/.exec(line) ?? []
    const [, name] = /^\s*\([\w.]+ \$("[^"]*"|[^\s()]+)/.exec(line) ?? []
    if (node === 'global' && line.includes('(mut ')) problems.push(`has the mutable global ${name}`)
    if (node === 'func') {
      current = name
      graph.set(current, [])
    }
    if (node === 'call' || node === 'return_call') graph.get(current).push(name)
    if (node === 'memory.grow') problems.push(`grows its memory in function ${current}`)
  }
  const exports = [...text.matchAll(/^ \(export "[^"]*" \(func \$([^\s()]+)\)\)/gm)].map(
    ([, f]) => f,
  )
  return [...problems, ...runtimeProblems(graph, exports)]
}

/** Each runtime function that code of ours calls; what those call in turn would only be noise. */
function runtimeProblems(graph, exports) {
  const ways = [...waysFrom(exports, graph).values()]
  return ways
    .filter((way) => runtime.test(way.at(-1)) && !runtime.test(way.at(-2) ?? ''))
    .map((way) => `reaches the runtime by ${way.join(' → ')}`)
}

/** The shortest way from an export to each function, breadth first. */
function waysFrom(exports, graph) {
  const ways = new Map(exports.map((name) => [name, [name]]))
  for (const [name, way] of ways) {
    for (const callee of graph.get(name) ?? []) {
      if (!ways.has(callee)) ways.set(callee, [...way, callee])
    }
  }
  return ways
}

/** @throws HouseError naming every file that could allocate, and how */
export async function checkAllocator(files) {
  const found = []
  for (const file of files) {
    const problems = await allocatorProblems(readFileSync(file))
    found.push(...problems.map((problem) => `${relative(top, file)}: ${problem}`))
  }
  if (found.length === 0) return
  throw new HouseError(
    `The packet path must not be able to allocate:\n  ${found.join('\n  ')}\n` +
      'Use static memory and load/store; no classes, arrays, strings or closures (STYLE.md, docs/decisions).',
  )
}

if (isMain(import.meta)) {
  await main(() => {
    const given = process.argv.slice(2)
    const builds = ['debug-single', 'debug-shared', 'single', 'shared']
    const files = given.map((file) => resolve(file))
    return checkAllocator(files.length ? files : builds.map((name) => at('build', `${name}.wasm`)))
  })
}
