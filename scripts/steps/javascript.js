// src/ → dist/*.js: a bundle with an entry for each way in, and chunks that the entries share.
//
// What is bundled loads in a fraction of the time: zod and ip-num alone are a hundred files, and a
// switch should forward before it has read them. There is one copy of every module in a process, so an
// error of `linkspan` is an instance of the class that `linkspan/node` exports.
//
// The daemon's packages are CommonJS and call `require`, which a module lacks; they are bundled by
// themselves into dist/vendor/, so that the library's own chunks stay free of Node.
import { chmodSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { daemonFiles } from '../lib/daemon.js'
import { filesBelow, write } from '../lib/files.js'
import { at, HouseError, top } from '../lib/house.js'

/** Ways in. All but the first two lie one folder deep, as the chunks do: paths relative to a file,
 * such as that of the addon, then hold wherever the file's code ends up. Those of a group share chunks.
 * A file costs about a millisecond to find and load: so the command line is one, and `up` and the
 * worker, which should be quick, share nothing with others. */
const commands =
  'api apply capture check demo edit generate generate-memory generate-run generate-thread impair port-edit raw show trace'.split(
    ' ',
  )
const groups = [
  {
    index: 'src/index.ts',
    node: 'src/node.ts',
    'testing/index': 'src/testing/index.ts',
    'vitest/index': 'src/vitest/index.ts',
    'testing/node': 'src/testing/node/index.ts',
    'config/json-schema': 'src/config/json-schema.ts',
    'control/api': 'src/control/api/index.ts',
    'bench/rooms': 'bench/lib/pipeline/rooms.ts',
    ...Object.fromEntries(commands.map((name) => [`cli/${name}`, `src/cli/${name}.ts`])),
  },
  { 'cli/linkspan': 'src/cli/linkspan.ts' },
  { 'cli/begin': 'src/cli/begin.ts' },
  { 'worker/main': 'src/worker/main.ts' },
  { 'detour/main': 'src/detour/main.ts' },
  { 'bench/main': 'bench/user.js', 'bench/worker': 'bench/lib/pipeline/worker.js' },
]
const entries = Object.assign({}, ...groups)
/** Packages that only some commands need, each in a bundle of its own in dist/vendor/. */
const daemonPackages = ['commander', 'fastify', 'pino', 'prom-client']
const external = ['piscina', 'node-gyp-build', 'vitest']
/** `up` brings piscina along, two files instead of 25; the library has it as a dependency. */
const ownPiscina = 'cli/begin'
const piscinaThread = './piscina-thread.cjs'
/** What piscina's threads load is CommonJS: src/worker/door.ts says why. */
const door = at('dist/worker/door.cjs')

const licenses = at('dist/THIRD-PARTY-LICENSES.txt')
const command = at('dist/cli/linkspan.js')
const isScript = (name) => /\.c?js(\.map)?$/.test(name)
const common = {
  absWorkingDir: top,
  outdir: at('dist'),
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'node20',
  // Names stay readable; what is not there need not be parsed at every start.
  minifyWhitespace: true,
  minifySyntax: true,
  // Node prints the line of an error that nobody catches.
  lineLimit: 160,
  metafile: true,
  legalComments: 'none',
  logLevel: 'silent',
}

/** Imports of a daemon's package go to its bundle; chunks and entries that need one lie beside it. */
const vendored = {
  name: 'vendored',
  setup(build) {
    const filter = new RegExp(`^(${daemonPackages.join('|')})$`)
    build.onResolve({ filter }, ({ path }) => ({ path: `../vendor/${path}.js`, external: true }))
  },
}

/** In the package the bench has what it would build in the checkout, and benchmark.js from dist/vendor/. */
const packagedBench = {
  name: 'packaged-bench',
  setup(build) {
    const path = '../vendor/benchmark.js'
    build.onResolve({ filter: /^benchmark$/ }, () => ({ path, external: true }))
    build.onResolve({ filter: /\/place\.js$/ }, ({ path: place, resolveDir }) =>
      join(resolveDir, place) === at('bench/lib/place.js')
        ? { path: at('bench/lib/place-package.js') }
        : undefined,
    )
  },
}

/**
 * benchmark.js looks for lodash and platform with a `require` of its own, which no bundler follows: they are
 * handed to it.
 */
const benchmarkEntry = `
import base from 'benchmark'
import _ from 'lodash'
import platform from 'platform'
export default base.runInContext({ _, platform })
`

/** What the command line loads when it knows which command it is: entries beside it. */
const separate = {
  name: 'separate',
  setup(build) {
    build.onResolve({ filter: /^\.\// }, ({ path, importer, kind }) => {
      const target = relative(at('src'), join(dirname(importer), path)).replace(/\.js$/, '')
      return kind === 'dynamic-import' && target in entries ? { path, external: true } : undefined
    })
  },
}

/**
 * ip-num makes address ranges when it is loaded, the private and the documentation ones among them,
 * which takes longer than all else at a start of the library. They are made when asked for here.
 */
const withoutRanges = {
  name: 'without-ranges',
  setup(build) {
    const file = /ip-num\/dist\/src\/IPNumber\.js$/
    const range =
      /^(IPv[46])\.(\w+_RANGES?) = (\[?\s*IPRange_\d\.IPv[46]CidrRange\.fromCidr\([^;]*);$/gm
    build.onLoad({ filter: file }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      const contents = text.replace(
        range,
        'Object.defineProperty($1, "$2", { get: () => $3, configurable: true, enumerable: true });',
      )
      if (!/^IPv[46]\.\w+ = .*fromCidr/m.test(contents) && contents !== text) return { contents }
      throw new HouseError(
        `${path} makes its ranges in another way than before: look at withoutRanges`,
      )
    })
  },
}

/** Imports of piscina go to its bundle. */
const vendoredPiscina = {
  name: 'vendored-piscina',
  setup(build) {
    const path = '../vendor/piscina.js'
    build.onResolve({ filter: /^piscina$/ }, () => ({ path, external: true }))
  },
}

/** The script of piscina's threads, which it looks for beside itself, has a name of its own there. */
const threadOfPiscina = {
  name: 'thread-of-piscina',
  setup(build) {
    build.onLoad({ filter: /piscina\/dist\/index\.js$/ }, ({ path }) => {
      const text = readFileSync(path, 'utf8')
      const contents = text.replace(
        "(0, node_path_1.resolve)(__dirname, 'worker.js')",
        `require.resolve('${piscinaThread}')`,
      )
      if (contents !== text) return { contents }
      throw new HouseError(
        `${path} starts its threads in another way than before: look at threadOfPiscina`,
      )
    })
  },
}

async function bundle(options) {
  const { build } = await import('esbuild')
  return build({ ...common, ...options }).catch((error) => {
    throw new HouseError(`bundle: ${error.message}`)
  })
}

const ours = (group) =>
  bundle({
    entryPoints: Object.entries(group).map(([out, path]) => ({ out, in: at(path) })),
    chunkNames: 'chunks/[name]-[hash]',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    external: ['node:*', ...external],
    plugins: [
      ...[vendored, separate, withoutRanges, packagedBench],
      ...(ownPiscina in group ? [vendoredPiscina] : []),
    ],
    sourcemap: true,
  })

const requireOfBundle = {
  js:
    "import { createRequire as createRequireOfBundle } from 'node:module'\n" +
    'const require = createRequireOfBundle(import.meta.url)',
}

const theirs = () =>
  bundle({
    entryPoints: [...daemonPackages, 'piscina'].map((name) => ({
      out: `vendor/${name}`,
      in: name,
    })),
    external: [piscinaThread],
    plugins: [threadOfPiscina],
    chunkNames: 'vendor/[name]-[hash]',
    platform: 'node',
    banner: requireOfBundle,
  })

const benchmark = () =>
  bundle({
    stdin: { contents: benchmarkEntry, resolveDir: top },
    outdir: undefined,
    outfile: at('dist/vendor/benchmark.js'),
    splitting: false,
    platform: 'node',
    minifyIdentifiers: true,
    banner: requireOfBundle,
  })

const threads = () =>
  bundle({
    entryPoints: [at('node_modules/piscina/dist/worker.js')],
    outdir: undefined,
    outfile: at('dist/vendor', piscinaThread),
    splitting: false,
    format: 'cjs',
    platform: 'node',
    external: ['@napi-rs/nice'], // of those who set a niceness, which we do not
  })

const doorOfWorker = () =>
  bundle({
    entryPoints: [at('src/worker/door.ts')],
    outdir: undefined,
    outfile: door,
    splitting: false,
    format: 'cjs',
    platform: 'node',
    external: ['./main.js'],
  })

/** The licences of the packages in the bundles: they ask to be passed on with the code. */
function collectLicenses(inputs) {
  const packages = inputs.map((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0])
  const folders = [...new Set(packages.filter(Boolean))].sort()
  write(licenses, folders.map(licenseOf).join(`\n${'-'.repeat(80)}\n\n`))
  return folders.length
}

function licenseOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(at(folder, 'package.json'), 'utf8'))
  const file = readdirSync(at(folder)).find((entryName) => /^licen[cs]e/i.test(entryName))
  const text = file ? readFileSync(at(folder, file), 'utf8') : `License: ${license}\n`
  return `${name} ${version}\n\n${text}`
}

export const javascript = {
  name: 'js',
  needs: ['types'],
  inputs: () => [
    ...[at('package.json'), at('package-lock.json')],
    ...filesBelow(at('src'), (name) => name.endsWith('.ts')),
    ...filesBelow(at('bench'), (name) => /\.[jt]s$/.test(name)),
  ],
  outputs: () => [...Object.keys(entries).map((name) => at('dist', `${name}.js`)), door, licenses],
  async run() {
    daemonFiles() // throws where the library would need one of the daemon's packages
    for (const file of filesBelow(at('dist'), isScript)) rmSync(file)
    // Of an earlier `npm pack`, which makes them anew: these would be of another dataplane.
    rmSync(at('dist/bench/kernels.wasm'), { force: true })
    const made = await Promise.all([
      ...groups.map(ours),
      doorOfWorker(),
      theirs(),
      benchmark(),
      threads(),
    ])
    const inputs = [...new Set(made.flatMap(({ metafile }) => Object.keys(metafile.inputs)))]
    const packages = collectLicenses(inputs)
    chmodSync(command, 0o755)
    return `${inputs.length} files, ${packages} packages → dist`
  },
}
