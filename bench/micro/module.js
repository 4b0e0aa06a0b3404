// The kernels (kernels.ts), compiled with the release module's options, over a booted memory.
import { mkdirSync, readFileSync } from 'node:fs'
import { filesBelow, hashOf, isFresh, stamp, unstamp } from '../../scripts/lib/files.js'
import { at } from '../../scripts/lib/house.js'
import { mustNode } from '../../scripts/lib/run.js'
import { dataplane } from '../lib/pipeline/dataplane.js'
import { capacities } from '../lib/pipeline/runner.js'
import { PipelineSwitch } from '../lib/pipeline/switch.js'
import { scatter } from '../lib/random.js'

const output = at('build/bench/kernels.wasm')
const entry = 'bench/micro/kernels.ts'
const STEP = 'bench-kernels'

/** The FDB's entries, and how many keys are looked up in a call. */
export const MACS = 10_000

async function compile() {
  const sources = filesBelow(at('assembly'), (name) => name.endsWith('.ts'))
  const hash = hashOf([at(entry), at('asconfig.json'), ...sources])
  if (!isFresh(STEP, hash, () => [output])) {
    unstamp(STEP)
    mkdirSync(at('build/bench'), { recursive: true })
    const options = ['--config', at('asconfig.json'), '--target', 'single', '--outFile', output]
    await mustNode('bench: kernels', at('node_modules/assemblyscript/bin/asc.js'), [
      ...[at(entry), ...options],
    ])
    stamp(STEP, hash)
  }
  return WebAssembly.compile(readFileSync(output))
}

/** Writes FDB keys: FID, then the MAC's octets, as one little-endian u64 (assembly/bridge/entry.ts). */
function writeKeys(memory, address, first) {
  const view = new DataView(memory.buffer, address, MACS * 8)
  for (let index = 0; index < MACS; index++) {
    view.setUint16(index * 8, 1, true)
    view.setUint16(index * 8 + 2, 0x0200)
    view.setUint32(index * 8 + 4, scatter(first + index))
  }
  return address
}

/**
 * @returns the exports with the kernels, and addresses in the memory: of octets to sum, of keys that
 *   are in the FDB and of as many that are not, of a frame's descriptor
 */
export async function kernels() {
  const rooms = await dataplane()
  const module = await compile()
  const memory = rooms.createMemory(module, 'single', capacities(65_536), [1, 2])
  const { manager, forwarder } = new PipelineSwitch(rooms, { module, memory }, [{ name: 'a' }])
  for (let index = 0; index < MACS; index++) {
    const entryOf = { fid: 1, port: 0, macHigh: 0x0200, macLow: scatter(index), static: true }
    manager.fdb.set(entryOf, 0)
  }
  const octets = forwarder.arena
  const there = writeKeys(memory, octets + (1 << 17), 0)
  const absent = writeKeys(memory, there + MACS * 8, MACS)
  // A descriptor of frame.ts, by itself: a frame of 60 octets that asks for nothing.
  const frame = absent + MACS * 8
  new Uint32Array(memory.buffer, frame, 2).set([frame + 128, 60])
  return { exports: forwarder.exports, forwarder, octets, there, absent, frame }
}
