// Biome over the checkout, and over the masked text of assembly/.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { filesBelow, write } from './files.js'
import { at, HouseError, top } from './house.js'
import { mask, unmask } from './mask.js'
import { run } from './run.js'

const ignoresAssembly = '!assembly'

const binary = () => at('node_modules/@biomejs/biome', packageJsonOf('@biomejs/biome').bin.biome)

const packageJsonOf = (name) =>
  JSON.parse(readFileSync(at('node_modules', name, 'package.json'), 'utf8'))

const assemblyFiles = () => filesBelow(at('assembly'), (name) => name.endsWith('.ts'))

/**
 * Runs `biome check`.
 *
 * @param {{write: boolean, lint: boolean}} options `write`: mend what can be mended; `lint`: with
 *   the rules of biome.json, else formatting and the order of imports only
 * @returns {Promise<{ok: boolean, output: string}[]>} for the checkout and for assembly
 */
export async function biome({ write: mend, lint }) {
  const args = ['check', `--linter-enabled=${lint}`, '--max-diagnostics=30', '--error-on-warnings']
  if (mend) args.push('--write')
  return [await biomeIn(top, args), await biomeOnAssembly(args)]
}

async function biomeIn(folder, args) {
  const { status, output } = await run(process.execPath, [binary(), ...args], { cwd: folder })
  return { ok: status === 0, output }
}

/** Biome sees a copy in which decorators are comments; what it changed goes back unmasked. */
async function biomeOnAssembly(args) {
  const copy = mkdtempSync(join(tmpdir(), 'linkspan-format-'))
  try {
    copyConfig(copy)
    const files = assemblyFiles()
    for (const file of files) copyMasked(file, join(copy, relative(top, file)))
    const result = await biomeIn(copy, [...args, 'assembly'])
    if (args.includes('--write')) for (const file of files) copyBack(copy, file)
    return result
  } finally {
    rmSync(copy, { recursive: true })
  }
}

function copyConfig(copy) {
  const config = JSON.parse(readFileSync(at('biome.json'), 'utf8'))
  if (!config.files.includes.includes(ignoresAssembly)) {
    throw new HouseError(
      `biome.json: files.includes must have "${ignoresAssembly}": see docs/decisions/0003`,
    )
  }
  const includes = config.files.includes.filter((pattern) => pattern !== ignoresAssembly)
  const { $schema, ...rest } = config
  writeFileSync(join(copy, 'biome.json'), JSON.stringify({ ...rest, files: { includes } }))
}

function copyMasked(file, target) {
  mkdirSync(dirname(target), { recursive: true })
  writeFileSync(target, mask(readFileSync(file, 'utf8'), relative(top, file)))
}

const copyBack = (copy, file) =>
  write(file, unmask(readFileSync(join(copy, relative(top, file)), 'utf8')))
