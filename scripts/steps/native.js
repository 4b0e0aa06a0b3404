// native/ → native/build/Release/*.node. Linux only: elsewhere the library works without.
import { existsSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { filesBelow } from '../lib/files.js'
import { at, HouseError, top } from '../lib/house.js'
import { mustNode } from '../lib/run.js'

const sources = () =>
  filesBelow(
    at('native'),
    (name) => /\.(c|h|gyp|gypi)$/.test(name) && !/^(build|prebuilds)\//.test(name),
  )
const addons = () => filesBelow(at('native/build/Release'), (name) => /^[^/]+\.node$/.test(name))

/**
 * The environment for node-gyp: Node's headers from the disk when they are there. Otherwise node-gyp
 * fetches them. Node-API does not change with Node's version, so the system's headers do as well.
 */
export function gypEnvironment() {
  const near = dirname(dirname(process.execPath))
  const nodedir = [process.env.npm_config_nodedir, near, '/usr'].find(
    (folder) => folder && existsSync(join(folder, 'include/node/node_api.h')),
  )
  return { ...process.env, ...(nodedir && { npm_config_nodedir: nodedir }) }
}

export const native = {
  name: 'native',
  needs: [],
  inputs: sources,
  outputs: () => [at('native/build/Release')],
  salt: () => [process.platform, process.arch],
  async run() {
    if (process.platform !== 'linux') return 'left out, the addon is for Linux'
    if (!existsSync(at('native/binding.gyp')))
      throw new HouseError('native/binding.gyp is not there')
    const gyp = at('node_modules/node-gyp/bin/node-gyp.js')
    const options = { cwd: at('native'), env: gypEnvironment() }
    await mustNode('native: node-gyp', gyp, ['rebuild', '--silent'], options)
    if (addons().length === 0)
      throw new HouseError('native: node-gyp made no addon in build/Release')
    return addons()
      .map((file) => relative(top, file))
      .join(', ')
  },
}
