/**
 * What the running switch is to be, and the ways to change that: a config applied, an edit by hand
 * (edits.ts). One change at a time; each is done as a whole or not at all.
 */

import { withRoutes } from '../config/auto-routes.js'
import { type Change, planChanges } from '../config/diff.js'
import { filterRules } from '../config/filter-rules.js'
import { UNDERLAY_BRIDGE } from '../config/overlay-names.js'
import { NO_ROUTER, routerSettings } from '../config/router-settings.js'
import { atPort } from '../config/static-entry.js'
import type { Config, Port as PortConfig } from '../config/types.js'
import { underlayPorts } from '../config/underlay-port.js'
import { UPLINK_BRIDGE, uplinkBridge, uplinkPort } from '../config/uplink-port.js'
import { bridgeSettings } from '../dataplane/bridge-settings.js'
import type { Fdb } from '../dataplane/fdb.js'
import { setRouter } from '../dataplane/routing.js'
import { LinkspanError } from '../error.js'
import { Confirmation } from './confirmation.js'
import { applied, type Desired, fromFile } from './desired.js'
import { Edits } from './edits.js'
import { FileMirrors, type MirrorHost } from './file-mirror.js'
import { OverlayControl } from './overlay.js'
import { type Origin, Port, type PortHost } from './port.js'
import { Serial } from './serial.js'
import { stepsFor } from './steps.js'
import { carryOut, type Step } from './transaction.js'

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
  /** Milliseconds on a clock that only goes forward. */
  now(): number
  /** Is told of a config that is in force, and again where tunnels of it changed by themselves. */
  followed(config: Config): void
  /** Takes the switch to the number of workers that a config asks for. */
  workerStep(to: Config): Step
  /** Says, for the log, what a change that is in force could not let go of. */
  reportLeftover(why: string): void
}

/** What became of an apply whose confirmation did not come. */
export type RollbackListener = (outcome: { changes: readonly Change[] } | { error: Error }) => void

export class Reconciler {
  readonly ports = new Map<string, Port>()
  readonly edits: Edits
  readonly overlay: OverlayControl
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
    const changed = () => host.followed(this.config)
    this.overlay = new OverlayControl(
      { host, ports: this.ports },
      () => host.now(),
      changed,
      (why) => host.reportLeftover(why),
    )
    this.edits = new Edits({
      ...{ topology: host.topology, fdb, ports: this.ports },
      desired: () => this.#desired,
      change: (task) => this.#change(task),
      edit: (edit) => this.#edit(edit),
    })
  }

  get config(): Config {
    return this.#desired.config
  }

  bridgeOrigin(name: string): Origin {
    return this.#desired.origins.bridges.get(name) ?? 'config'
  }

  publishOrigin(name: string): Origin {
    return this.#desired.origins.publish.get(name) ?? 'config'
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
    const sockets = Object.entries(underlayPorts(config))
    if (sockets.length > 0) topology.addBridge(UNDERLAY_BRIDGE, bridgeSettings(UPLINK_BRIDGE))
    for (const [name, port] of sockets) this.#addPort(name, port)
    topology.translation.set(config.nat, config.publish)
    topology.setRules(filterRules(config))
    this.overlay.start(config)
    for (const entry of fdb) this.#fdb.add(atPort(entry))
    topology.flush() // in one step, before the first frame is read
    for (const port of this.ports.values()) port.join()
    this.#host.followed(config)
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
    const { ports, overlay } = this
    const at = { host: this.#host, fdb: this.#fdb, ports, overlay }
    const plan = { from: this.config, to: next.config, changes }
    const passed = { finish: () => this.#host.settle() }
    const steps = [
      this.#mirrors.step(next.config),
      this.#host.workerStep(next.config),
      ...stepsFor(at, plan, originOf),
      passed,
    ]
    const leftovers = await carryOut(steps, {
      ready: () => this.#host.settle(),
      commit: () => {
        this.#host.topology.flush()
        this.#desired = next
        for (const [name, port] of this.ports) port.origin = originOf(name)
      },
    })
    this.#host.followed(this.config)
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

  /** Does something while nothing else changes. */
  exclusively<T>(task: () => T | Promise<T>): Promise<T> {
    return this.#change(task)
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
