// src/ → dist/, as ECMAScript modules with types. The command line is bundled by the step after it.
import { rmSync } from 'node:fs'
import { dirname, relative } from 'node:path'
import { checkImports } from '../check-imports.js'
import { bundledFiles } from '../lib/bundled.js'
import { filesBelow } from '../lib/files.js'
import { at } from '../lib/house.js'
import { mustNode } from '../lib/run.js'

const sources = () => filesBelow(at('src'), (name) => name.endsWith('.ts'))

/** What one source file becomes in dist/. */
const emittedOf = (file) =>
  ['.js', '.js.map', '.d.ts'].map((end) =>
    at('dist', relative(at('src'), file).replace(/\.ts$/, end)),
  )

/** What dist/ keeps: not what is bundled, which would look for packages that nobody installed. */
function kept() {
  const bundled = bundledFiles()
  return sources()
    .filter((file) => !file.endsWith('.d.ts') && !bundled.has(file))
    .flatMap(emittedOf)
}

/** Removes what is not a source's any more, so that a package never carries a removed file. */
function prune() {
  const keep = new Set(kept())
  for (const file of filesBelow(at('dist'))) if (!keep.has(file)) rmSync(file)
}

export const typescript = {
  name: 'ts',
  needs: ['wasm'],
  inputs: () => [at('tsconfig.json'), ...sources()],
  outputs: kept,
  async run() {
    checkImports()
    const tsc = at('node_modules/typescript/bin/tsc')
    await mustNode('src: tsc', tsc, [
      '-p',
      at('tsconfig.json'),
      '--inlineSources',
      '--pretty',
      'false',
    ])
    prune()
    return `${sources().length} files → ${relative(dirname(at('dist')), at('dist'))}`
  },
}
