// What place.js is in the package: what could be built beforehand is there, C programs are compiled where
// there is a compiler, into a folder of this run that goes with it. Nothing is written beside the package.
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { at, HouseError } from '../../scripts/lib/house.js'
import { compile } from './cc.js'

let folder
const programs = new Map()

function ownFolder() {
  if (folder !== undefined) return folder
  folder = mkdtempSync(join(tmpdir(), 'linkspan-bench-c-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}

async function compileOnce(options) {
  const output = join(ownFolder(), options.name)
  await compile({ ...options, output })
  return output
}

/** Compiles a C program, once. @returns {Promise<string>} its path */
export function program(options) {
  const made = programs.get(options.name) ?? compileOnce(options)
  programs.set(options.name, made)
  return made
}

/** The module namespace of lib/pipeline/rooms.ts: an entry of its own, one folder deep as this is. */
export const loadRooms = () => import(new URL('../bench/rooms.js', import.meta.url).href)

/** The kernels of the micro benchmark, as scripts/pack.js has put them there. */
export async function kernelModule() {
  const path = at('dist/bench/kernels.wasm')
  if (existsSync(path)) return path
  const why = 'the kernels are in the package only; in a checkout: npm run bench'
  throw Object.assign(new HouseError(why), { leftOut: true })
}

/** Whatever repository the package is installed in, it is not ours. */
export const commit = async () => null
