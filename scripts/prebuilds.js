// Compiles the addon for packaging: native/prebuilds/linux-ARCH/linkspan.node, where node-gyp-build
// looks when nothing was compiled in place. One binary serves every version of Node (Node-API).
import { cpSync, rmSync } from 'node:fs'
import { join, relative } from 'node:path'
import { filesBelow } from './lib/files.js'
import { at, HouseError, isMain, main } from './lib/house.js'
import { mustNode } from './lib/run.js'
import { setup } from './setup.js'

const sources = () =>
  filesBelow(at('native'), (name) => !name.includes('/') && /\.(c|h|gyp|json)$/.test(name))

/** Builds a copy, so that the addon in native/build, which may be running, stays as it is. */
export async function prebuild() {
  if (process.platform !== 'linux') throw new HouseError('prebuilds: the addon is for Linux')
  const { gypEnvironment } = await import('./steps/native.js')
  const copy = at('build/prebuild')
  rmSync(copy, { recursive: true, force: true })
  try {
    for (const file of sources()) cpSync(file, join(copy, relative(at('native'), file)))
    const script = at('node_modules/prebuildify/bin.js')
    const what = ['--napi', '--strip', '--target', process.versions.node, '--name', 'linkspan']
    const env = { ...gypEnvironment(), PREBUILD_NODE_GYP: at('node_modules/.bin/node-gyp') }
    await mustNode('prebuilds', script, [...what, '--cwd', copy, '--out', at('native')], { env })
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

if (isMain(import.meta)) {
  await main(() => {
    setup()
    return prebuild()
  })
}
