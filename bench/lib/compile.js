// The C programs of bench/reference, compiled for this very machine: what V8 does with the module.
import { program } from './place.js'

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
 * A program, compiled.
 *
 * @param {keyof programs} name
 * @returns {Promise<string>} its path
 */
export const compiled = (name) => program({ name, files: programs[name], flags })

/** Why a contestant in C is not measured on this machine, as a note; or undefined. */
export const withoutCompiler = (label, { missing }) =>
  missing.includes('cc')
    ? `${label}: no C compiler here; on Debian or Ubuntu: apt-get install gcc libc6-dev`
    : undefined
