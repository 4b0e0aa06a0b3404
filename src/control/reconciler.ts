/**
 * What the running switch is to be, and the ways to change that: a port added or removed, a config
 * applied. One change at a time; each is done as a whole or not at all.
 */

import { withRoutes } from '../config/auto-routes.js'
import { type Change, planChanges } from '../config/diff.js'
import { filterRules } from '../config/filter-rules.js'
import type { PortPatch } from '../config/patch.js'
import { NO_ROUTER, routerSettings } from '../config/router-settings.js'
import type {
  BridgeInput,
  Config,
  Port as PortConfig,
  PortInput,
  PublishInput,
  StaticEntry,
} from '../config/types.js'
import { isUplinkBridge, UPLINK_BRIDGE, uplinkBridge, uplinkPort } from '../config/uplink-port.js'
import type { Fdb } from '../dataplane/fdb.js'
import { exists, stillHas } from '../dataplane/named.js'
import { setRouter } from '../dataplane/routing.js'
import { LinkspanError } from '../error.js'
import { Confirmation } from './confirmation.js'
import {
  applied,
  type Desired,
  type EntryPlace,
  fromFile,
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
import { FileMirrors, type MirrorHost } from './file-mirror.js'
import { type Origin, Port, type PortHost } from './port.js'
import { Serial } from './serial.js'
import { bridgeSettings, stepsFor } from './steps.js'
import { carryOut } from './transaction.js'

export interface ApplyOptions {
  /** What came by the API and is not in the config goes too. */
  prune?: boolean | undefined
  /** Finds out what would be done, and does nothing. */
  dryRun?: boolean | undefined
  /** Milliseconds after which the switch goes back to what it was, unless `confirm` was called. */
  confirm?: number | undefined
}

export interface Applied {
  changes: readonly Change[]
  /** When the switch goes back to what it was; absent when that was not asked for. */
  confirmBy?: Date
  /** The config is in force all the same: what could not be let go of after that. */
  warnings: readonly string[]
}

export interface ReconcilerHost extends PortHost, MirrorHost {
  /** Says, for the log, what a change that is in force could not let go of. */
  reportLeftover(why: string): void
}

/** What became of an apply whose confirmation did not come. */
export type RollbackListener = (outcome: { changes: readonly Change[] } | { error: Error }) => void

export class Reconciler {
  readonly ports = new Map<string, Port>()
  readonly #host: ReconcilerHost
  readonly #mirrors: FileMirrors
  readonly #fdb: Fdb
  readonly #serial = new Serial()
  readonly #confirmation = new Confirmation<Desired>()
  readonly #onRollback: RollbackListener
  #desired: Desired
  #closed = false

  constructor(host: ReconcilerHost, fdb: Fdb, config: Config, onRollback: RollbackListener) {
    this.#host = host
    this.#mirrors = new FileMirrors(host)
    this.#fdb = fdb
    this.#desired = fromFile(config)
    this.#onRollback = onRollback
  }

  get config(): Config {
    return this.#desired.config
  }

  bridgeOrigin(name: string): Origin {
    return this.#desired.origins.bridges.get(name) ?? 'config'
  }

  /** When an apply that waits to be confirmed is taken back; undefined when none waits. */
  get confirmBy(): Date | undefined {
    return this.#confirmation.until
  }

  /** Sets up what the switch starts with; devices that are not there yet are waited for. */
  start(): void {
    const mirrors = this.#mirrors.step(this.config)
    mirrors.prepare()
    try {
      this.#addAll(this.config)
    } catch (error) {
      mirrors.undo()
      throw error
    }
    mirrors.finish()
  }

  #addAll(config: Config): void {
    const { bridges, ports, uplinks, fdb } = config
    const { topology } = this.#host
    for (const [name, bridge] of Object.entries(bridges)) {
      topology.addBridge(name, bridgeSettings(bridge))
    }
    for (const name of Object.keys(uplinks)) {
      topology.addBridge(uplinkBridge(name), bridgeSettings(UPLINK_BRIDGE))
    }
    setRouter(topology.router, NO_ROUTER, routerSettings(config))
    for (const [name, port] of Object.entries(ports)) this.#addPort(name, withRoutes(port, config))
    for (const [name, uplink] of Object.entries(uplinks)) {
      this.#addPort(name, uplinkPort(name, uplink))
    }
    topology.translation.set(config.nat, config.publish)
    topology.setRules(filterRules(config))
    for (const entry of fdb) this.#fdb.add(entry)
    topology.flush() // in one step, before the first frame is read
    for (const port of this.ports.values()) port.join()
  }

  #addPort(name: string, config: PortConfig): void {
    const port = new Port(this.#host, name, config, 'config')
    this.ports.set(name, port)
    port.open()
  }

  /** Moves the switch to a config in one step; an error leaves it as it was. */
  apply(wanted: Config, options: ApplyOptions = {}): Promise<Applied> {
    return this.#change(async () => {
      this.#refuseWhileUnconfirmed()
      const before = this.#desired
      const next = applied(before, wanted, options.prune ?? false)
      const changes = planChanges(before.config, next.config)
      refuseRestart(changes)
      if (options.dryRun) return { changes, warnings: [] }
      const warnings = await this.#moveTo(next, changes)
      if (options.confirm === undefined) return { changes, warnings }
      const confirmBy = this.#awaitConfirmation(before, options.confirm)
      return { changes, confirmBy, warnings }
    })
  }

  /** Keeps what was applied. NOT_FOUND when nothing waits to be confirmed. */
  confirm(): Promise<void> {
    return this.#change(() => {
      if (this.#confirmation.take()) return
      throw new LinkspanError('NOT_FOUND', 'there is no apply that waits to be confirmed')
    })
  }

  /** Adds a port to the running switch; an error leaves the switch as it was. */
  addPort(name: string, input: PortInput): Promise<Port> {
    return this.#change(async () => {
      if (this.ports.has(name)) throw exists('port', name)
      // Said in the words of what runs; what is no name at all is the config's to refuse.
      if (typeof input.bridge === 'string') this.#host.topology.bridge(input.bridge)
      await this.#edit((desired) => withApiPort(desired, name, input))
      return this.ports.get(name) as Port
    })
  }

  /** Changes settings of a port; it keeps its origin. */
  setPort(name: string, patch: PortPatch): Promise<void> {
    return this.#change(async () => {
      this.#host.topology.port(name)
      this.#refuseUplink(name)
      await this.#edit((desired) => withChangedPort(desired, name, patch))
    })
  }

  /** Changes settings of a bridge; it keeps its origin. */
  setBridge(name: string, patch: object): Promise<void> {
    return this.#change(async () => {
      this.#bridge(name)
      await this.#edit((desired) => withChangedBridge(desired, name, patch))
    })
  }

  /** Removes a port: its interface goes, and what was learnt on it is forgotten at once. */
  removePort(name: string): Promise<void> {
    return this.#change(async () => {
      this.#host.topology.port(name)
      this.#refuseUplink(name)
      await this.#edit((desired) => withoutAnyPort(desired, name))
    })
  }

  #refuseUplink(name: string): void {
    if (!Object.hasOwn(this.config.uplinks, name)) return
    const message = `"${name}" is an uplink: change it in the config, and apply that`
    throw new LinkspanError('INVALID', message)
  }

  /** Those of uplinks are nobody's to change. */
  #bridge(name: string): void {
    this.#host.topology.bridge(name)
    if (isUplinkBridge(name)) {
      throw new LinkspanError('NOT_FOUND', `there is no bridge "${name}"`)
    }
  }

  addBridge(name: string, input: BridgeInput): Promise<void> {
    return this.#change(async () => {
      if (name in this.config.bridges) throw exists('bridge', name)
      await this.#edit((desired) => withApiBridge(desired, name, input))
    })
  }

  /** Removes a bridge that has no ports; EXISTS if it has. */
  removeBridge(name: string): Promise<void> {
    return this.#change(async () => {
      this.#bridge(name)
      const users = Object.entries(this.config.ports).filter(([, { bridge }]) => bridge === name)
      if (users[0]) throw stillHas(name, users[0][0])
      await this.#edit((desired) => withoutAnyBridge(desired, name))
    })
  }

  /** Publishes a service; EXISTS when one of that name is. */
  addPublish(entry: PublishInput): Promise<void> {
    return this.#change(async () => {
      if (this.#published(entry.name)) throw exists('published service', entry.name)
      await this.#edit((desired) => withApiPublish(desired, entry))
    })
  }

  /** Publishes it no more; its flows end. */
  removePublish(name: string): Promise<void> {
    return this.#change(async () => {
      if (!this.#published(name)) {
        throw new LinkspanError('NOT_FOUND', `there is no published service "${name}"`)
      }
      await this.#edit((desired) => withoutAnyPublish(desired, name))
    })
  }

  #published(name: string): boolean {
    return this.config.publish.some((entry) => entry.name === name)
  }

  publishOrigin(name: string): Origin {
    return this.#desired.origins.publish.get(name) ?? 'config'
  }

  /** Adds a static entry, or replaces one. */
  addEntry(entry: StaticEntry): Promise<void> {
    return this.#change(async () => {
      this.#host.topology.bridge(entry.bridge)
      this.#host.topology.port(entry.port)
      await this.#edit((desired) => withApiEntry(desired, entry))
    })
  }

  /** Removes an entry, static or not; NOT_FOUND if there is none. */
  removeEntry(entry: EntryPlace): Promise<void> {
    return this.#change(async () => {
      if (!hasEntry(this.#desired, entry)) return this.#fdb.delete(entry)
      await this.#edit((desired) => withoutAnyEntry(desired, entry))
    })
  }

  /** Also edits what an apply that waits to be confirmed would go back to. */
  async #edit(edit: (desired: Desired) => Desired): Promise<void> {
    const next = edit(this.#desired)
    const before = this.#confirmation.before && edit(this.#confirmation.before)
    await this.#moveTo(next)
    if (before) this.#confirmation.before = before
  }

  /** @returns what could not be let go of; the switch is what it is to be all the same */
  async #moveTo(
    next: Desired,
    changes: readonly Change[] = planChanges(this.config, next.config),
  ): Promise<readonly string[]> {
    const originOf = (port: string) => next.origins.ports.get(port) ?? 'config'
    const at = { host: this.#host, fdb: this.#fdb, ports: this.ports }
    const plan = { from: this.config, to: next.config, changes }
    const passed = { finish: () => this.#host.settle() }
    const steps = [this.#mirrors.step(next.config), ...stepsFor(at, plan, originOf), passed]
    const leftovers = await carryOut(steps, {
      ready: () => this.#host.settle(),
      commit: () => {
        this.#host.topology.flush()
        this.#desired = next
        for (const [name, port] of this.ports) port.origin = originOf(name)
      },
    })
    for (const why of leftovers) this.#host.reportLeftover(why)
    return leftovers
  }

  #awaitConfirmation(before: Desired, time: number): Date {
    return this.#confirmation.start(before, time, () => {
      this.#change(() => this.#rollBack()).catch((error: Error) => this.#onRollback({ error }))
    })
  }

  async #rollBack(): Promise<void> {
    const before = this.#confirmation.take()
    if (!before) return // confirmed while this waited for its turn
    const changes = planChanges(this.config, before.config)
    await this.#moveTo(before, changes)
    this.#onRollback({ changes })
  }

  #refuseWhileUnconfirmed(): void {
    const until = this.confirmBy
    if (!until) return
    throw new LinkspanError(
      'EXISTS',
      `an apply waits to be confirmed until ${until.toISOString()}: keep it with "linkspan confirm", or wait until it is taken back`,
    )
  }

  #change<T>(task: () => T | Promise<T>): Promise<T> {
    return this.#serial.run(() => {
      if (this.#closed) throw new LinkspanError('CLOSED', 'the switch is closing or was closed')
      return task()
    })
  }

  /** Ends the mirrors to files; no worker may be running any more. */
  closeMirrors(): void {
    this.#mirrors.close()
  }

  /** Refuses further changes; resolves when none is under way. */
  close(): Promise<void> {
    this.#closed = true
    this.#confirmation.take()
    return this.#serial.run(() => {})
  }
}

function refuseRestart(changes: readonly Change[]): void {
  const keys = changes.flatMap((change) => (change.op === 'restart' ? [change.key] : []))
  if (keys.length === 0) return
  throw new LinkspanError(
    'RESTART',
    `nothing was applied: a change of ${keys.join(', ')} needs a restart of the switch ("linkspan down", then "linkspan up"), or take it out`,
  )
}
