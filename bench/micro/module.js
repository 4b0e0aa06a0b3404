// The kernels (kernels.ts), compiled with the release module's options, over a booted memory.
import { readFileSync } from 'node:fs'
import { dataplane } from '../lib/pipeline/dataplane.js'
import { capacities } from '../lib/pipeline/runner.js'
import { PipelineSwitch } from '../lib/pipeline/switch.js'
import { kernelModule } from '../lib/place.js'
import { scatter } from '../lib/random.js'
import { MSS, SEGMENTS, superFrame } from './super-frame.js'

/** The FDB's entries, and how many keys are looked up in a call. */
export const MACS = 10_000

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
 * Writes a TCP super-frame with its descriptor (assembly/frame.ts) at `address`, splits it, and lays its
 * segments down behind it as an arena has them, with descriptors.
 *
 * @returns the addresses of the super-frame's descriptor and of those of the segments, and how many
 */
function layOutSegments({ nextFrame }, { exports, memory }, address) {
  const view = new DataView(memory.buffer)
  const bytes = new Uint8Array(memory.buffer)
  const describe = (at, start, length) => {
    bytes.fill(0, at, at + 64)
    view.setUint32(at, start, true)
    view.setUint32(at + 4, length, true)
  }
  const start = nextFrame(address + 64)
  const { headers, octets } = superFrame(SEGMENTS * MSS)
  bytes.set(octets, start)
  describe(address, start, octets.length)
  // l3, l4, EtherType, headers; partial checksum, TCP over IPv4, size of a segment; the field's offset.
  for (const [index, word] of [14, 34, 0x0800, headers, 0x0101, MSS, 16].entries()) {
    view.setUint16(address + 12 + 2 * index, word, true)
  }
  const segments = exports.splits(address, 1)
  const descriptors = (start + octets.length + 63) & -64
  let end = descriptors + segments * 64
  for (let index = 0; index < segments; index++) {
    const entry = exports.transmit(0) + 32 * index
    const [head, headLength, body, bodyLength] = new Uint32Array(memory.buffer, entry, 4)
    const at = nextFrame(end)
    bytes.copyWithin(at - 12, head, head + headLength)
    bytes.copyWithin(at - 12 + headLength, body, body + bodyLength)
    end = at - 12 + headLength + bodyLength
    describe(descriptors + index * 64, at, end - at)
  }
  return { whole: address, descriptors, segments }
}

/**
 * @returns the exports with the kernels, and addresses in the memory: of octets to sum, of keys that
 *   are in the FDB and of as many that are not, of the descriptors of a frame and of one with a TCP segment, and
 *   see layOutSegments
 */
export async function kernels() {
  const rooms = await dataplane()
  const module = await WebAssembly.compile(readFileSync(await kernelModule()))
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
  const { exports } = forwarder
  const cut = layOutSegments(rooms, forwarder, (frame + 1024) & -64)
  const segment = frame + 64
  new Uint8Array(memory.buffer).copyWithin(segment, cut.descriptors, cut.descriptors + 8)
  return { exports, forwarder, octets, there, absent, frame, segment, cut }
}
