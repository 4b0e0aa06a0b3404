// Fails when an import runs against the direction in which the rooms depend on each other.
import { builtinModules } from 'node:module'
import { join, relative, sep } from 'node:path'
import { at, HouseError, isMain, main, top } from './lib/house.js'
import { importGraph } from './lib/imports.js'

/** What runs a packet path, and what tells of it. */
const control = [
  'inspect',
  'recording',
  'detour',
  'worker',
  'device',
  'dataplane',
  'packet',
  'config',
  'error',
]

/** What lies below the daemon's entry. */
const daemon = ['index', 'switch', 'control', ...control]

/**
 * src: room → what it may import besides itself. A room is a folder or a file; `device/memory` means
 * whatever lies below that name or begins with it. What is not listed has no place yet: give it
 * one, as low as it can be.
 */
export const src = {
  cli: ['node', 'generate', ...daemon],
  node: daemon,
  index: [
    'switch',
    'control',
    'inspect',
    'recording',
    'device',
    'dataplane',
    'types of memento',
    'packet',
    'config',
    'error',
  ],
  switch: [
    'inspect',
    'recording',
    'worker',
    'device',
    'dataplane',
    'memento',
    'packet',
    'config',
    'error',
  ],
  control,
  inspect: ['dataplane', 'packet', 'config', 'error'],
  detour: ['worker', 'device', 'dataplane', 'impair', 'packet', 'config', 'error'],
  worker: ['recording', 'device', 'dataplane', 'types of memento', 'types of config', 'error'],
  recording: ['dataplane', 'types of config', 'error'],
  device: ['dataplane', 'types of memento', 'packet', 'config', 'error'],
  dataplane: ['types of memento', 'config', 'error'],
  generate: ['packet', 'config', 'error'],
  packet: ['config', 'error'],
  vitest: ['testing', 'types of config', 'error'],
  testing: [
    'switch',
    'recording',
    'packet',
    'device/memory',
    'dataplane',
    'impair',
    'memento',
    'config',
    'error',
  ],
  impair: ['types of memento', 'config', 'error'],
  memento: ['config', 'error'],
  config: ['error'],
  error: ['types of config'],
}

/** assembly, from the top: a room may import all that lies lower, never its siblings. */
export const assembly = inLayers([
  ['index'],
  ['pipeline', 'time', 'boot', 'layout'],
  ['shortcut', 'underlay', 'act'],
  ['gateway'],
  ['firewall'],
  ['capture', 'door'],
  ['egress'],
  ['bridge', 'router', 'nat', 'filter', 'overlay', 'offload'],
  ['flow'],
  ['packet'],
  ['table', 'wire'],
  ['change'],
  ['tunnel'],
  ['flood'],
  ['frame', 'config', 'transmit', 'event', 'meter'],
  ['counter'],
  ['memory', 'drop', 'sort', 'used'],
  ['size'],
])

/** What has to run in a browser, src/index.ts above all, may reach however far: nothing of Node, of
 * packages these only, and no device that needs a kernel. */
const browser = {
  entries: [
    'index',
    'testing',
    'vitest',
    'impair',
    'packet',
    'device/pcap/memory',
    'device/pcap/replay',
  ],
  packages: ['ip-num', 'zod'],
  /** Of a room besides: who imports it has that package. */
  peers: { vitest: 'vitest' },
  /** Of those entries, what is Node's own and reached by none of the others. */
  but: ['testing/node'],
  noDevices: ['device/tap', 'device/packet', 'device/unix', 'device/udp'],
}

const trees = { src, assembly }

function inLayers(layers) {
  const below = (depth) => layers.slice(depth + 1).flat()
  return Object.fromEntries(
    layers.flatMap((layer, depth) => layer.map((room) => [room, below(depth)])),
  )
}

/** `device/tap/open` of `<top>/src/device/tap/open.ts`, or of `.js` when no such file is there. */
const nameIn = (folder, file) =>
  relative(folder, file)
    .split(sep)
    .join('/')
    .replace(/\.[jt]s$/, '')
const roomOf = (name) => name.split('/')[0]
const isIn = (name, entry) =>
  name === entry || name.startsWith(`${entry}/`) || name.startsWith(`${entry}-`)

/** Why `from` may not import `to`, or undefined when it may. */
function objection(tree, from, to, typeOnly) {
  const room = roomOf(from)
  if (room === roomOf(to)) return undefined
  const allowed = trees[tree][room]
  if (!allowed) return `${tree}/${room} is not in the table of rooms of scripts/check-imports.js`
  const fits = (entry) => isIn(to, typeOnly ? entry.replace(/^types of /, '') : entry)
  return allowed.some(fits)
    ? undefined
    : `${room} may import ${allowed.join(', ') || 'nothing'} only`
}

/** Every import of a tree that the table does not allow. */
function directionProblems(tree, folder, graph) {
  return [...graph].flatMap(([file, imports]) =>
    imports.flatMap(({ specifier, line, typeOnly, target }) => {
      if (!target) return []
      const to = nameIn(folder, target)
      const rule = to.startsWith('../')
        ? `${tree}/ imports nothing from outside itself`
        : objection(tree, nameIn(folder, file), to, typeOnly)
      return rule ? [{ file, line, specifier, rule }] : []
    }),
  )
}

/** What the browser's entries reach and a browser does not have; types are gone by then. */
function browserProblems(folder, graph) {
  const isAmong = (file, entries) => entries.some((entry) => isIn(nameIn(folder, file), entry))
  const isEntry = (file) => isAmong(file, browser.entries) && !isAmong(file, browser.but)
  const reached = new Set([...graph.keys()].filter(isEntry))
  const problems = []
  for (const file of reached) {
    for (const { specifier, line, typeOnly, target } of graph.get(file) ?? []) {
      if (typeOnly) continue
      if (specifier === browser.peers[roomOf(nameIn(folder, file))]) continue
      const rule = browserObjection(specifier, target && nameIn(folder, target))
      if (rule) problems.push({ file, line, specifier, rule })
      else if (target) reached.add(target)
    }
  }
  return problems
}

function browserObjection(specifier, name) {
  const reach = `this file has to run in a browser, with ${browser.entries.join(', ')}:`
  if (!name) {
    if (browser.packages.includes(specifier.split('/')[0])) return undefined
    const isNode = specifier.startsWith('node:') || builtinModules.includes(specifier)
    return `${reach} no ${isNode ? 'module of Node' : `package but ${browser.packages.join(', ')}`}`
  }
  const needsKernel = browser.noDevices.some((device) => isIn(name, device))
  return needsKernel ? `${reach} no device but memory and pcap` : undefined
}

/**
 * Checks a checkout.
 *
 * @param {string} folder what holds `src` and `assembly`
 * @returns {{file: string, line: number, specifier: string, rule: string}[]} `file` is absolute
 */
export function importProblems(folder) {
  return Object.keys(trees).flatMap((tree) => {
    const path = join(folder, tree)
    const graph = importGraph(path)
    const problems = directionProblems(tree, path, graph)
    return tree === 'src' ? [...problems, ...browserProblems(path, graph)] : problems
  })
}

/** @throws HouseError with a line for every import that runs the wrong way */
export function checkImports(folder = top) {
  const lines = importProblems(folder).map(
    ({ file, line, specifier, rule }) =>
      `${relative(folder, file)}:${line}: import of ${specifier}: ${rule}`,
  )
  if (lines.length > 0) throw new HouseError(lines.join('\n'))
}

if (isMain(import.meta)) await main(() => checkImports(at('.')))
