/** The memory devices of an in-process switch, by the names of their ports. */
import type { Mirror, Port } from '../config/types.js'
import type { Topology } from '../dataplane/topology.js'
import { LinkspanError } from '../error.js'
import type { Keeper } from '../memento/keeper.js'
import { MemoryDevice } from './memory.js'
import type { MemoryIo } from './memory-io.js'
import { MemoryPort } from './memory-port.js'
import { Offload } from './offload.js'

const ALL_OFFLOADS = Object.values(Offload).reduce((all, bit) => all | bit, 0)

export class MemoryPorts {
  readonly byName = new Map<string, MemoryPort>()
  readonly #devices = new Map<string, MemoryDevice>()

  constructor(
    private readonly topology: Topology,
    private readonly io: MemoryIo,
  ) {}

  /** Makes the device of a port, and the port, to be flushed. */
  add(name: string, { up, bridge, device: wanted, impair, ...policy }: Port): MemoryPort {
    mustMirrorToPort(`port "${name}"`, policy.mirror)
    mustNotImpair(name, impair)
    if (wanted.type !== 'memory') {
      throw new LinkspanError(
        'INVALID',
        `port "${name}": a "${wanted.type}" device needs startSwitch of linkspan/node; createSwitch has memory devices`,
      )
    }
    const device = new MemoryDevice(wanted)
    const offloads = device.offloads ? ALL_OFFLOADS : 0
    const { mtu, coalesce } = device
    const settings = { bridge, up, mtu, offloads, coalesce, policy }
    const index = this.topology.addPort(name, settings)
    this.io.add(index, device)
    this.#devices.set(name, device)
    const port = new MemoryPort(name, device, this.topology)
    this.byName.set(name, port)
    return port
  }

  /** The same for several; none is there where one of them cannot be. */
  addAll(ports: readonly (readonly [name: string, settings: Port])[]): Map<string, MemoryPort> {
    const added = new Map<string, MemoryPort>()
    try {
      for (const [name, settings] of ports) added.set(name, this.add(name, settings))
    } catch (error) {
      for (const name of added.keys()) this.remove(name)
      throw error
    }
    return added
  }

  /** Takes a port out and flushes that; frames that wait in its device are lost. */
  remove(name: string): void {
    this.io.forget(this.topology.port(name).index)
    this.topology.removePort(name)
    this.topology.flush()
    this.#devices.get(name)?.close()
    this.#devices.delete(name)
    this.byName.delete(name)
  }

  close(): void {
    for (const device of this.#devices.values()) device.close()
    this.byName.clear()
  }

  /** @internal */
  keep(keeper: Keeper): void {
    const then = new Map(this.#devices)
    keeper.before(() => {
      for (const [name, device] of this.#devices) if (then.get(name) !== device) device.close()
    })
    keeper.map(this.byName)
    keeper.map(this.#devices, (device) => keeper.part(device))
  }
}

/** @param who as a sentence has it: `bridge "lan"` */
export function mustMirrorToPort(who: string, mirror: Mirror | undefined): void {
  if (mirror?.file === undefined) return
  throw new LinkspanError(
    'INVALID',
    `${who}: a mirror to a file needs startSwitch of linkspan/node; here, mirror to a port and take its frames`,
  )
}

export function mustNotImpair(port: string, impair: Port['impair']): void {
  if (impair === undefined) return
  throw new LinkspanError(
    'INVALID',
    `port "${port}": "impair" needs startSwitch of linkspan/node; in a program, links of linkspan/testing have the same settings`,
  )
}
