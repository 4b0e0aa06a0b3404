// The rooms of src/ that the in-memory figures drive. They are no part of the package's public face,
// so they are bundled from the sources here.
import { pathToFileURL } from 'node:url'
import { at, HouseError } from '../../../scripts/lib/house.js'

const entry = `
export { MemoryDirectory } from './control/directory/memory.js'
export { Forwarder } from './dataplane/forwarder.js'
export { createMemory, memorySize } from './dataplane/instance.js'
export { Manager } from './dataplane/manager.js'
export { sharedModule } from './dataplane/shared.js'
export { singleModule } from './dataplane/single.js'
export { Topology } from './dataplane/topology.js'
export { TUNNEL_OFFLOADS } from './dataplane/tunnel-record.js'
export { nextFrame } from './device/io.js'
export { loadNative } from './device/native.js'
`

/** As deep below the top as src/device, from where the addon is looked for by a relative path. */
const output = at('build/bench/dataplane.js')

let loaded

/** The module namespace of `entry`. */
export function dataplane() {
  loaded ??= load()
  return loaded
}

async function load() {
  const { build } = await import('esbuild')
  await build({
    stdin: { contents: entry, resolveDir: at('src'), loader: 'ts' },
    outfile: output,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    logLevel: 'silent',
  }).catch((error) => {
    throw new HouseError(`bench: ${error.message}`)
  })
  return import(pathToFileURL(output).href)
}
