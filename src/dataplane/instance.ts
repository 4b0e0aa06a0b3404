/**
 * A memory and the instances of the module on it. The memory is imported at its full size, computed
 * by the module itself from the capacities, and never grows: views and pointers stay valid.
 */
import { LinkspanError } from '../error.js'
import type { Exports } from './exports.js'

export type Build = 'shared' | 'single'

/** What the tables are sized for; a change is a restart. */
export interface Capacities {
  /** Forwarding workers. */
  workers: number
  ports: number
  bridges: number
  /** (bridge, VLAN) pairs of VLAN-aware bridges. */
  vlans: number
  /** Ports of those pairs, summed up. */
  memberships: number
  /** MAC addresses in the FDB. */
  macs: number
  /** Bytes in which one worker receives a burst. */
  arena: number
  /** Routes of both families, and neighbours of both. */
  routes: number
  neighbors: number
  /** Tracked flows over IPv4, and over IPv6. */
  flows: number
  flows6: number
  /** Filter rules. */
  rules: number
}

/** For a switch that only switches. */
export const WITHOUT_ROUTER = { routes: 0, neighbors: 0, flows: 0, flows6: 0, rules: 0 } as const

const PAGE = 65536
/** A memory of 65,536 pages is 4 GiB, all that a 32-bit address reaches. */
const PAGES_MAX = 65536
/** Pages on which `layout` can run: static data and the directory. */
const SCRATCH_PAGES = 2

/** What a worker thread needs to join: all of it can be posted to a thread. */
export interface Attachment {
  module: WebAssembly.Module
  memory: WebAssembly.Memory
}

function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Exports {
  const instance = new WebAssembly.Instance(module, { env: { memory } })
  return instance.exports as unknown as Exports
}

function newMemory(build: Build, pages: number): WebAssembly.Memory {
  return build === 'shared'
    ? new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true })
    : new WebAssembly.Memory({ initial: pages, maximum: pages })
}

/** Broadcast domains, the unused number 0 included: one a bridge, one a VLAN. */
export function domainsOf({ bridges, vlans }: Pick<Capacities, 'bridges' | 'vlans'>): number {
  return Math.min(bridges + vlans + 1, 65_535)
}

function layout(exports: Exports, wanted: Capacities): number {
  const { workers, bridges, memberships, macs, arena } = wanted
  const { routes, neighbors, flows, flows6, rules } = wanted
  const ports = wanted.ports + 1 // the last is the router's
  const domains = domainsOf(wanted)
  const l2 = [workers, ports, bridges, domains, memberships, macs, arena] as const
  return exports.layout(...l2, routes, neighbors, flows, flows6, rules)
}

/** Bytes of linear memory that the capacities take. */
export function memorySize(module: WebAssembly.Module, build: Build, wanted: Capacities): number {
  const scratch = instantiate(module, newMemory(build, SCRATCH_PAGES))
  return layout(scratch, wanted)
}

/**
 * Makes and boots a memory. `seed` (two 32-bit numbers) keys the hashes: random for a switch that
 * meets strangers, fixed where runs must repeat.
 */
export function createMemory(
  module: WebAssembly.Module,
  build: Build,
  wanted: Capacities,
  seed: readonly [number, number],
): WebAssembly.Memory {
  const pages = Math.ceil(memorySize(module, build, wanted) / PAGE)
  if (pages > PAGES_MAX) {
    throw new LinkspanError(
      'LIMIT',
      `the capacities need ${(pages / 16384).toFixed(1)} GiB of memory, the dataplane has 4 GiB at most: lower macs, ports, workers or arena`,
    )
  }
  const memory = newMemory(build, pages)
  const exports = instantiate(module, memory)
  layout(exports, wanted)
  if (!exports.boot(seed[0], seed[1])) {
    throw new LinkspanError('INVALID', 'static data of the module reaches into its directory block')
  }
  return memory
}

/**
 * An instance of its own for `worker`, over a memory that is booted. Its functions may be replaced one by
 * one: recordings do.
 */
export function attach(attachment: Attachment, worker: number): Exports {
  const exports = instantiate(attachment.module, attachment.memory)
  if (!exports.attach(worker)) {
    throw new LinkspanError('INVALID', `worker ${worker} cannot attach: memory of another version`)
  }
  return { ...exports }
}
