/** What of the dataplane's memory is state, and a hash over it: equal runs have it equal. */
import { BURST_MAX, READY_MAX, READY_SIZE, RECEIVED_SIZE } from '../dataplane/abi.js'
import type { Exports } from '../dataplane/exports.js'
import { mixOctets } from './hash.js'

/** Where the directory lies, and words of it: assembly/memory.ts. */
export const DIRECTORY = 0x10000
const Directory = { MAX_WORKERS: 8, QUEUES: 44, CONFIG: 52 } as const

export type Range = readonly [start: number, end: number]

/** Tables of descriptors, writes that failed, and frames and headers that a burst leaves behind. */
export function leftovers(view: DataView): Range {
  const word = (offset: number) => view.getUint32(DIRECTORY + offset, true)
  return [word(Directory.QUEUES), word(Directory.CONFIG)]
}

/**
 * 32 bits over all that is state: neither leftovers, nor scratch, nor what devices write before a call: what
 * was received, what is ready.
 */
export function stateHash(exports: Exports, memory: WebAssembly.Memory): number {
  const view = new DataView(memory.buffer)
  const others: Range[] = [leftovers(view), [view.byteLength, view.byteLength]]
  const workers = view.getUint32(DIRECTORY + Directory.MAX_WORKERS, true)
  for (let worker = 0; worker <= workers; worker++) {
    const [ready, received] = [exports.ready(worker), exports.received(worker)]
    others.push([exports.scratch(worker), received + BURST_MAX * RECEIVED_SIZE])
    others.push([ready, ready + READY_MAX * READY_SIZE])
  }
  let [hash, at] = [0, DIRECTORY]
  for (const [start, end] of others.sort(([a], [b]) => a - b)) {
    hash = mixOctets(hash, view, at, start - at)
    at = end
  }
  return hash >>> 0
}
