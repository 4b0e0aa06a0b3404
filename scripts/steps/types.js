// src/ → dist/**/*.d.ts, checked. The JavaScript is made by the step after it.
import { rmSync } from 'node:fs'
import { relative } from 'node:path'
import { checkImports } from '../check-imports.js'
import { filesBelow } from '../lib/files.js'
import { at } from '../lib/house.js'
import { mustNode } from '../lib/run.js'

const isType = (name) => name.endsWith('.d.ts')
const sources = () => filesBelow(at('src'), (name) => name.endsWith('.ts'))
const emitted = () =>
  sources()
    .filter((file) => !isType(file))
    .map((file) => at('dist', relative(at('src'), file).replace(/\.ts$/, '.d.ts')))

/** Removes what is not a source's any more, so that a package never carries a removed file. */
function prune() {
  const keep = new Set(emitted())
  for (const file of filesBelow(at('dist'), isType)) if (!keep.has(file)) rmSync(file)
}

export const types = {
  name: 'types',
  needs: ['wasm'],
  inputs: () => [at('tsconfig.json'), ...sources()],
  outputs: emitted,
  async run() {
    checkImports()
    const tsc = at('node_modules/typescript/bin/tsc')
    await mustNode('src: tsc', tsc, ['-p', at('tsconfig.json'), '--pretty', 'false'])
    prune()
    return `${emitted().length} files → dist`
  },
}
