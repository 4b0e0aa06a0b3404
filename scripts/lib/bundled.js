// Which source files go into the bundle of the command line, and which stay files of their own.
//
// The library must not make its users install a daemon's packages: those are devDependencies, and
// whatever needs one of them, however far away, is part of the bundle. All else stays a file in
// dist/, loaded once whoever imports it: the worker pool loads its worker by path, and errors keep
// their class.
import { builtinModules } from 'node:module'
import { relative } from 'node:path'
import { at, HouseError, packageJson } from './house.js'
import { importGraph } from './imports.js'

/** Files that a user of the package imports, or that are loaded by path: they cannot be bundled. */
const entries = ['index.ts', 'node.ts', 'testing/', 'vitest.ts', 'worker/']
const packageOf = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

const isBuiltin = (specifier) => specifier.startsWith('node:') || builtinModules.includes(specifier)

/**
 * The absolute paths of the files to bundle: the command line's own, and all that needs a package
 * which is no dependency.
 *
 * @throws HouseError when a file that has to stay by itself needs such a package, with the way to it
 */
export function bundledFiles(folder = at('src')) {
  const graph = importGraph(folder)
  const why = waysToUnlisted(graph, Object.keys(packageJson().dependencies))
  const isEntry = (file) => entries.some((entry) => relative(folder, file).startsWith(entry))
  const stuck = [...why].find(([file]) => isEntry(file))
  if (stuck) {
    const way = stuck[1].map((file) => (graph.has(file) ? `src/${relative(folder, file)}` : file))
    throw new HouseError(
      `${way.join(' → ')}: the package has no such dependency, so its users could not load this. ` +
        'Import it from the command line only, or make it a dependency.',
    )
  }
  const own = [...graph.keys()].filter((file) => file.startsWith(`${folder}/cli/`))
  return new Set([...own, ...why.keys()])
}

/** file → the way from it to a package that is no dependency, for every file that has one. */
function waysToUnlisted(graph, dependencies) {
  const unlisted = (imports) =>
    imports.find(({ specifier, target }) => {
      return !target && !isBuiltin(specifier) && !dependencies.includes(packageOf(specifier))
    })
  const ways = new Map()
  for (const [file, imports] of graph) {
    const direct = unlisted(imports)
    if (direct) ways.set(file, [file, direct.specifier])
  }
  for (const [reached, way] of ways) {
    for (const [file, imports] of graph) {
      if (ways.has(file) || !imports.some(({ target }) => target === reached)) continue
      ways.set(file, [file, ...way])
    }
  }
  return ways
}
