/**
 * The ways to change the running switch by hand: a port, a bridge, a published service or an entry
 * added, changed or removed. What cannot be is refused here in the words of what runs.
 */
import type { PortPatch } from '../config/patch.js'
import type { BridgeInput, Config, PortInput, PublishInput, StaticEntry } from '../config/types.js'
import { isUplinkBridge } from '../config/uplink-port.js'
import type { Fdb } from '../dataplane/fdb.js'
import { exists, stillHas } from '../dataplane/named.js'
import type { Topology } from '../dataplane/topology.js'
import { LinkspanError } from '../error.js'
import {
  type Desired,
  type EntryPlace,
  hasEntry,
  withApiBridge,
  withApiEntry,
  withApiPort,
  withApiPublish,
  withChangedBridge,
  withChangedPort,
  withoutAnyBridge,
  withoutAnyEntry,
  withoutAnyPort,
  withoutAnyPublish,
} from './desired.js'
import type { Port } from './port.js'

/** The switch that is edited, see reconciler.ts. */
export interface Edited {
  readonly topology: Topology
  readonly fdb: Fdb
  readonly ports: ReadonlyMap<string, Port>
  desired(): Desired
  /** Runs a change when those before it have ended; CLOSED when there are to be no more. */
  change<T>(task: () => T | Promise<T>): Promise<T>
  /** In a change: moves the switch to what is desired then; an error leaves it as it was. */
  edit(edit: (desired: Desired) => Desired): Promise<void>
}

export class Edits {
  constructor(private readonly at: Edited) {}

  get #config(): Config {
    return this.at.desired().config
  }

  /** Checks, then edits, in one change. */
  #edit(check: () => void, edit: (desired: Desired) => Desired): Promise<void> {
    return this.at.change(() => {
      check()
      return this.at.edit(edit)
    })
  }

  /** Adds a port to the running switch; an error leaves the switch as it was. */
  addPort(name: string, input: PortInput): Promise<Port> {
    const { ports, topology } = this.at
    return this.at.change(async () => {
      if (ports.has(name)) throw exists('port', name)
      // Said in the words of what runs; what is no name at all is the config's to refuse.
      if (typeof input.bridge === 'string') topology.bridge(input.bridge)
      await this.at.edit((desired) => withApiPort(desired, name, input))
      return ports.get(name) as Port
    })
  }

  /** Changes settings of a port; it keeps its origin. */
  setPort(name: string, patch: PortPatch): Promise<void> {
    const check = () => this.#checkPort(name)
    return this.#edit(check, (desired) => withChangedPort(desired, name, patch))
  }

  /** Removes a port: its interface goes, and what was learnt on it is forgotten at once. */
  removePort(name: string): Promise<void> {
    const check = () => this.#checkPort(name)
    return this.#edit(check, (desired) => withoutAnyPort(desired, name))
  }

  #checkPort(name: string): void {
    const { tunnel, underlay } = this.at.topology.port(name)
    if (tunnel !== undefined || underlay) throw ofOverlay(name)
    if (!Object.hasOwn(this.#config.uplinks, name)) return
    const message = `"${name}" is an uplink: change it in the config, and apply that`
    throw new LinkspanError('INVALID', message)
  }

  addBridge(name: string, input: BridgeInput): Promise<void> {
    const check = () => {
      if (name in this.#config.bridges) throw exists('bridge', name)
    }
    return this.#edit(check, (desired) => withApiBridge(desired, name, input))
  }

  /** Changes settings of a bridge; it keeps its origin. */
  setBridge(name: string, patch: object): Promise<void> {
    const check = () => this.#checkBridge(name)
    return this.#edit(check, (desired) => withChangedBridge(desired, name, patch))
  }

  /** Removes a bridge that has no ports; EXISTS if it has. */
  removeBridge(name: string): Promise<void> {
    const check = () => {
      this.#checkBridge(name)
      const users = Object.entries(this.#config.ports).filter(([, { bridge }]) => bridge === name)
      if (users[0]) throw stillHas(name, users[0][0])
    }
    return this.#edit(check, (desired) => withoutAnyBridge(desired, name))
  }

  /** Those of uplinks are nobody's to change. */
  #checkBridge(name: string): void {
    this.at.topology.bridge(name)
    if (isUplinkBridge(name)) {
      throw new LinkspanError('NOT_FOUND', `there is no bridge "${name}"`)
    }
  }

  /** Publishes a service; EXISTS when one of that name is. */
  addPublish(entry: PublishInput): Promise<void> {
    const check = () => {
      if (this.#isPublished(entry.name)) throw exists('published service', entry.name)
    }
    return this.#edit(check, (desired) => withApiPublish(desired, entry))
  }

  /** Publishes it no more; its flows end. */
  removePublish(name: string): Promise<void> {
    const check = () => {
      if (this.#isPublished(name)) return
      throw new LinkspanError('NOT_FOUND', `there is no published service "${name}"`)
    }
    return this.#edit(check, (desired) => withoutAnyPublish(desired, name))
  }

  #isPublished(name: string): boolean {
    return this.#config.publish.some((entry) => entry.name === name)
  }

  /** Adds a static entry, or replaces one. */
  addEntry(entry: StaticEntry): Promise<void> {
    const { topology } = this.at
    const check = () => {
      topology.bridge(entry.bridge)
      if (entry.port !== undefined) topology.port(entry.port)
    }
    return this.#edit(check, (desired) => withApiEntry(desired, entry))
  }

  /** Removes an entry, static or not; NOT_FOUND if there is none. */
  removeEntry(entry: EntryPlace): Promise<void> {
    return this.at.change(async () => {
      if (!hasEntry(this.at.desired(), entry)) return this.at.fdb.delete(entry)
      await this.at.edit((desired) => withoutAnyEntry(desired, entry))
    })
  }
}

function ofOverlay(port: string): LinkspanError {
  const what = 'change "underlay" or the "vxlan" of its bridge in the config, and apply that'
  return new LinkspanError('INVALID', `"${port}" is of the overlay: ${what}`)
}
