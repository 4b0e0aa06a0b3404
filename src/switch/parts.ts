/** What an in-process switch is made of, in a memory of its own. */
import type { Config } from '../config/types.js'
import { capacitiesOf, numbersOf } from '../dataplane/capacities.js'
import { Captures } from '../dataplane/captures.js'
import { Forwarder } from '../dataplane/forwarder.js'
import { type Attachment, createMemory } from '../dataplane/instance.js'
import { Manager } from '../dataplane/manager.js'
import { Topology } from '../dataplane/topology.js'
import { MemoryIo } from '../device/memory-io.js'
import { MemoryOverlay } from '../device/memory-overlay.js'
import type { TurnsParts } from './turns.js'

export interface SwitchParts extends TurnsParts {
  readonly attachment: Attachment
  readonly manager: Manager
  /** Whether there is room for tunnels: most switches have none, and they would double what ports take. */
  readonly hasTunnels: boolean
}

export interface PartsOptions {
  seed?: number | undefined
  tunnels?: boolean | undefined
  now(): number
}

export function makeParts(
  module: WebAssembly.Module,
  config: Config,
  { seed = 0, tunnels = config.underlay !== undefined, now }: PartsOptions,
): SwitchParts {
  const { tunnels: _, ...plain } = config.capacity
  const capacities = { ...(tunnels ? capacitiesOf(config) : plain), workers: 1 }
  const memory = createMemory(module, 'single', capacities, [seed, 0])
  const attachment = { module, memory }
  const manager = new Manager(attachment, 1)
  const topology = new Topology(manager, tunnels ? numbersOf(config) : plain)
  const forwarder = new Forwarder(attachment, 0)
  const io = new MemoryIo(forwarder, config.capacity.arena)
  const captures = new Captures(manager.exports, memory, 1)
  const overlay = new MemoryOverlay(topology, io, now)
  const parts = { attachment, manager, topology, forwarder, io, captures, overlay }
  return { ...parts, hasTunnels: tunnels }
}
