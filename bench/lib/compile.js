// The C programs of bench/reference, compiled for this very machine: what V8 does with the module.
import { mkdirSync } from 'node:fs'
import { filesBelow, hashOf, isFresh, stamp, unstamp } from '../../scripts/lib/files.js'
import { at } from '../../scripts/lib/house.js'
import { must } from '../../scripts/lib/run.js'

/** -fno-strict-aliasing: the twin looks at one memory as words of several sizes, as the module does. */
export const flags = [
  ...['-O3', '-march=native', '-fno-strict-aliasing', '-Wall', '-Wextra'],
  // As JavaScript does: a product is rounded before something is added to it.
  '-ffp-contract=off',
]

const programs = {
  pump: [
    'pump/flood.c',
    'pump/first.c',
    'pump/flows.c',
    'pump/lab.c',
    'pump/latency.c',
    'pump/main.c',
  ],
  'tap-relay': ['tap-relay.c'],
  'vxlan-relay': ['vxlan-relay/decapsulate.c', 'vxlan-relay/encapsulate.c', 'vxlan-relay/main.c'],
  pipeline: ['pipeline/main.c'],
  nat: ['nat/main.c'],
}

/**
 * Compiles a program if its sources changed.
 *
 * @param {keyof programs} name
 * @returns {Promise<string>} its path
 */
export async function compiled(name) {
  const output = at('build/bench', name)
  const sources = filesBelow(at('bench/reference'), (file) => /\.[ch]$/.test(file))
  const hash = hashOf(sources, [process.arch, ...flags])
  const step = `bench-${name}`
  if (isFresh(step, hash, () => [output])) return output
  unstamp(step)
  mkdirSync(at('build/bench'), { recursive: true })
  const files = programs[name].map((file) => at('bench/reference', file))
  await must(`bench: cc ${name}`, 'cc', [...flags, '-o', output, ...files])
  stamp(step, hash)
  return output
}
