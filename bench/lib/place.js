// What is made ready in another way in the checkout than in the package: here it is built from the sources.
// In dist/bench/main.js place-package.js stands in for this file (scripts/steps/javascript.js). What lies at
// the same place in both, dist/cli/linkspan.js and bench/reference, is found by `at` of scripts/lib/house.js.
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { threadId } from 'node:worker_threads'
import { filesBelow, hashOf, isFresh, stamp, unstamp } from '../../scripts/lib/files.js'
import { at, HouseError, top } from '../../scripts/lib/house.js'
import { mustNode, run } from '../../scripts/lib/run.js'
import { compile } from './cc.js'

/** Compiles a C program if its sources changed. @returns {Promise<string>} its path */
export async function program({ name, files, flags }) {
  const output = at('build/bench', name)
  const sources = filesBelow(at('bench/reference'), (file) => /\.[ch]$/.test(file))
  const hash = hashOf(sources, [process.arch, ...flags])
  const step = `bench-${name}`
  if (isFresh(step, hash, () => [output])) return output
  unstamp(step)
  mkdirSync(at('build/bench'), { recursive: true })
  await compile({ name, files, flags, output })
  stamp(step, hash)
  return output
}

/** As deep below the top as src/device, from where the addon is looked for by a relative path. */
const rooms = at('build/bench/dataplane.js')

/** The module namespace of lib/pipeline/rooms.ts. */
export async function loadRooms() {
  const { outputFiles } = await bundleRooms({ write: false })
  mkdirSync(at('build/bench'), { recursive: true })
  // Threads load it at the same time: none finds half of what another writes.
  const own = `${rooms}.${process.pid}-${threadId}`
  writeFileSync(own, outputFiles[0].contents)
  renameSync(own, rooms)
  return import(pathToFileURL(rooms).href)
}

/** The files of the checkout that are in it, by their paths from the top. */
export async function sourcesOfRooms() {
  const { metafile } = await bundleRooms({ write: false, metafile: true })
  return Object.keys(metafile.inputs)
}

async function bundleRooms(options) {
  const { build } = await import('esbuild')
  return build({
    absWorkingDir: top,
    entryPoints: [at('bench/lib/pipeline/rooms.ts')],
    outfile: rooms,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'silent',
    ...options,
  }).catch((error) => {
    throw new HouseError(`bench: ${error.message}`)
  })
}

/** Compiles the kernels of the micro benchmark if they changed. @returns {Promise<string>} the module's path */
export const kernelModule = () => compiled('kernels', at('bench/micro/kernels.ts'), 'single')

/** The release module with the names of its functions, for profiles. @returns {Promise<string>} its path */
export const namedModule = () => compiled('named', at('assembly/index.ts'), 'shared', ['--debug'])

/** Compiles AssemblyScript with the options of a target if it changed. */
async function compiled(name, entry, target, more = []) {
  const output = at('build/bench', `${name}.wasm`)
  const step = `bench-${name}`
  const sources = filesBelow(at('assembly'), (file) => file.endsWith('.ts'))
  const hash = hashOf([entry, at('asconfig.json'), ...sources], more)
  if (isFresh(step, hash, () => [output])) return output
  unstamp(step)
  mkdirSync(at('build/bench'), { recursive: true })
  const options = [
    '--config',
    at('asconfig.json'),
    '--target',
    target,
    '--outFile',
    output,
    ...more,
  ]
  const asc = at('node_modules/assemblyscript/bin/asc.js')
  await mustNode(`bench: ${name}`, asc, [entry, ...options])
  stamp(step, hash)
  return output
}

/** The commit that is measured; null where there is no git. */
export async function commit() {
  const args = ['-C', at('.'), 'describe', '--always', '--dirty', '--abbrev=10']
  const { status, output } = await run('git', args).catch(() => ({ status: 1, output: '' }))
  return status === 0 ? output.trim() : null
}
