// Which source files need a daemon's packages: devDependencies that the command line brings bundled.
//
// The library must not load them: whoever writes a unit test wants a switch, not a web server. So
// none of the ways into the library may reach one, however far away.
import { builtinModules } from 'node:module'
import { relative } from 'node:path'
import { at, HouseError, packageJson } from './house.js'
import { importGraph } from './imports.js'

/** The ways into the library, and what is loaded by path: they do without. */
const entries = ['index.ts', 'node.ts', 'testing/', 'vitest.ts', 'worker/']
const packageOf = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')

const isBuiltin = (specifier) => specifier.startsWith('node:') || builtinModules.includes(specifier)

/**
 * The absolute paths of the command line's own files and of all that need a package which is no
 * dependency.
 *
 * @throws HouseError when a file that has to stay by itself needs such a package, with the way to it
 */
export function daemonFiles(folder = at('src')) {
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
