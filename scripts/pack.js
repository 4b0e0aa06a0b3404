// Runs before `npm pack` and `npm publish`: builds what is packed and checks what will be in it.
import { cpSync, existsSync } from 'node:fs'
import { at, HouseError, isMain, main, packageJson } from './lib/house.js'
import { must } from './lib/run.js'
import { setup } from './setup.js'

/** Everything in the package lies below or is one of these. */
const allowed = [
  ...[/^dist\//, /^native\/prebuilds\/linux-\w+\/linkspan\.node$/],
  // What `linkspan bench` compares with, compiled where it is run.
  /^bench\/reference\/[\w/-]+\.[ch]$/,
  // What README.md refers to.
  ...[/^docs\/.*\.(md|svg)$/, /^examples\/(?!browser\/dist\/)/],
  ...[/^package\.json$/, /^README\.md$/, /^CHANGELOG\.md$/, /^LICENSE$/],
]

/** What `linkspan bench` loads and compiles by path. */
const benchFiles = [
  ...['dist/bench/main.js', 'dist/bench/rooms.js', 'dist/bench/kernels.wasm'],
  ...['bench/reference/host.h', 'bench/reference/pipeline/main.c'],
]
const texts = ['README.md', 'LICENSE', 'CHANGELOG.md', 'docs/testing.md', 'examples/retry.test.js']

/** Scripts that npm would run where the package is installed: a user needs no compiler. */
const installScripts = ['preinstall', 'install', 'postinstall', 'prepare']

/** The files that package.json promises: entry points, their types, commands. */
function promised({ bin, exports: entries }) {
  const targets = Object.values(entries).flatMap((entry) =>
    typeof entry === 'string' ? entry : Object.values(entry),
  )
  return [...targets, ...Object.values(bin)].map((path) => path.replace(/^\.\//, ''))
}

/**
 * What is wrong with a package of these files, as sentences.
 *
 * @param {string[]} files paths in the package
 * @param {object} manifest its package.json
 * @param {{prebuilt: string[]}} expected addons that must be in it
 */
export function packageProblems(files, manifest, { prebuilt }) {
  const wanted = [...promised(manifest), ...benchFiles, ...prebuilt, ...texts]
  return [
    ...wanted.filter((path) => !files.includes(path)).map((path) => `${path} is missing`),
    ...files
      .filter((path) => !allowed.some((pattern) => pattern.test(path)))
      .map((path) => `${path} does not belong into it`),
    ...installScripts
      .filter((name) => manifest.scripts?.[name])
      .map((name) => `package.json has the script "${name}", which npm runs at users' machines`),
  ]
}

/** npm's own answer to what it would pack. */
async function packedFiles() {
  const json = await must('npm pack --dry-run', 'npm', [
    ...['pack', '--dry-run', '--json', '--ignore-scripts', '--loglevel=silent'],
  ])
  const [{ files }] = JSON.parse(json.slice(json.indexOf('[')))
  return files.map(({ path }) => path)
}

/** The kernels of `linkspan bench micro`: users have no compiler for them. */
async function kernels() {
  const { kernelModule } = await import('../bench/lib/place.js')
  cpSync(await kernelModule(), at('dist/bench/kernels.wasm'))
}

async function pack() {
  setup()
  const [{ build }, { prebuild }] = await Promise.all([
    import('./build.js'),
    import('./prebuilds.js'),
  ])
  await build()
  await Promise.all([prebuild(), kernels()])
  const prebuilt = [`native/prebuilds/linux-${process.arch}/linkspan.node`]
  const files = await packedFiles()
  const problems = packageProblems(files, packageJson(), { prebuilt })
  // npm makes an addon of every package with this file at its top, with a compiler, on installation.
  if (existsSync(at('binding.gyp'))) {
    problems.push('binding.gyp lies at the top: npm would compile at users’ machines')
  }
  if (problems.length > 0)
    throw new HouseError(`The package is not right:\n  ${problems.join('\n  ')}`)
  console.error(`pack: ${files.length} files, as they should be`)
}

if (isMain(import.meta)) await main(pack)
