// src/cli/linkspan.ts and all that only it needs → dist/cli/linkspan.js, one file.
import { chmodSync, existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { bundledFiles } from '../lib/bundled.js'
import { filesBelow, write } from '../lib/files.js'
import { at, HouseError, packageJson, top } from '../lib/house.js'

const entry = at('src/cli/linkspan.ts')
const output = at('dist/cli/linkspan.js')
const licenses = at('dist/cli/THIRD-PARTY-LICENSES.txt')

/** CommonJS packages in the bundle call `require`, which a module does not have. */
const banner =
  "import { createRequire as createRequireOfBundle } from 'node:module'\n" +
  'const require = createRequireOfBundle(import.meta.url)'

/** Leaves imports of our own files that are not bundled as they are, seen from the bundle. */
function keepOwnFiles(bundled) {
  return {
    name: 'keep-own-files',
    setup(build) {
      build.onResolve({ filter: /^\./ }, ({ importer, path }) => {
        if (!importer.startsWith(at('src'))) return undefined
        const target = resolve(dirname(importer), path)
        const source = target.replace(/\.js$/, '.ts')
        if (bundled.has(source)) return { path: source }
        const emitted = at('dist', relative(at('src'), target))
        return {
          path: `./${relative(dirname(output), emitted)}`.replace('./../', '../'),
          external: true,
        }
      })
    },
  }
}

async function bundle() {
  const { build } = await import('esbuild')
  const { metafile } = await build({
    entryPoints: [entry],
    outfile: output,
    absWorkingDir: top,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    banner: { js: banner },
    external: Object.keys(packageJson().dependencies),
    plugins: [keepOwnFiles(bundledFiles())],
    metafile: true,
    legalComments: 'none',
    logLevel: 'silent',
  }).catch((error) => {
    throw new HouseError(`cli: ${error.message}`)
  })
  return Object.keys(metafile.inputs)
}

/** The licences of the packages in the bundle: they ask to be passed on with the code. */
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

export const cli = {
  name: 'cli',
  needs: ['ts'],
  inputs: () => [
    ...[at('package.json'), at('package-lock.json')],
    ...filesBelow(at('src'), (name) => name.endsWith('.ts')),
  ],
  outputs: () => [output, licenses],
  async run() {
    if (!existsSync(entry))
      throw new HouseError('src/cli/linkspan.ts, the command line, is not there')
    const inputs = await bundle()
    const packages = collectLicenses(inputs)
    chmodSync(output, 0o755)
    return `${inputs.length} files, ${packages} packages → dist/cli/linkspan.js`
  },
}
