/**
 * Tunnels by name, over the topology's ports: what control wants is compared with what there is. What
 * is gathered here is in force with the next flush.
 */
import { OPEN } from '../config/open-policy.js'
import { tunnelName } from '../config/overlay-names.js'
import { same } from '../config/plain.js'
import type { Keeper } from '../memento/keeper.js'
import type { Domains } from './domains.js'
import { WHOLE } from './domains.js'
import type { Manager } from './manager.js'
import { RouterNeighbors } from './router-neighbors.js'
import type { StaticNeighbor } from './router-routes.js'
import type { PortSettings } from './topology-state.js'
import { TUNNEL_OFFLOADS, type TunnelSettings } from './tunnel-record.js'

/** A tunnel of a bridge. */
export interface TunnelPlan {
  bridge: string
  settings: TunnelSettings
  /** The longest packet of a frame that it takes. */
  mtu: number
  /** Whether MACs are learnt from what comes by it. */
  learning: boolean
  /** Whether it reaches only ports that are not isolated, as its bridge's ports do unless they say. */
  isolated: boolean
}

/** What the overlay needs of the topology. */
export interface OverlayHost {
  readonly domains: Domains
  readonly ports: ReadonlyMap<string, Readonly<PortSettings>>
  addPort(name: string, settings: PortSettings): number
  setPort(name: string, settings: Partial<PortSettings>): void
  removePort(name: string): void
}

export class Overlay {
  readonly #manager: Manager
  readonly #host: OverlayHost
  readonly #neighbors: RouterNeighbors
  #tunnels: ReadonlyMap<string, TunnelPlan> = new Map()

  constructor(manager: Manager, host: OverlayHost) {
    this.#manager = manager
    this.#host = host
    this.#neighbors = new RouterNeighbors(manager.router, host.domains)
  }

  /** Those that are wanted, by the name of their port. */
  get tunnels(): ReadonlyMap<string, TunnelPlan> {
    return this.#tunnels
  }

  /** Adds and changes tunnels; those that are not wanted any more stay until `prune`. */
  set(wanted: readonly TunnelPlan[]): void {
    const tunnels = new Map(wanted.map((one) => [nameOf(one), one]))
    for (const [name, plan] of tunnels) this.#setOne(name, plan)
    this.#tunnels = tunnels
  }

  #setOne(name: string, plan: TunnelPlan): void {
    const { bridge, mtu, settings: tunnel, learning, isolated } = plan
    const settings = {
      bridge,
      mtu,
      tunnel,
      policy: { ...OPEN, learning, isolated },
      coalesce: true,
    }
    const port = this.#host.ports.get(name)
    if (port === undefined) {
      this.#host.addPort(name, { ...settings, up: true, offloads: TUNNEL_OFFLOADS })
    } else if (!same({ ...port, ...settings }, { ...port })) this.#host.setPort(name, settings)
  }

  /** Removes the tunnels that are not wanted any more. */
  prune(): void {
    const gone = [...this.#host.ports].filter(
      ([name, { tunnel }]) => tunnel !== undefined && !this.#tunnels.has(name),
    )
    for (const [name] of gone) this.#host.removePort(name)
  }

  /** Stations behind tunnels that are known by hand: suppression answers for them. */
  setNeighbors(list: readonly StaticNeighbor[]): void {
    this.#neighbors.set(list)
  }

  /** After the change is active: what is known by hand, on the bridges there are now. */
  committed(): void {
    this.#neighbors.write(({ bridge }) => this.#host.domains.fidOf(bridge, WHOLE))
  }

  /** Questions for stations behind tunnels that were answered on a bridge. */
  suppressed(bridge: string): number {
    const fid = this.#host.domains.fidOf(bridge, WHOLE)
    return fid === undefined ? 0 : this.#manager.exports.suppressedCount(fid)
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.part(this.#neighbors)
    keeper.handles([this.#tunnels], (tunnels) => {
      this.#tunnels = tunnels
    })
  }
}

const nameOf = ({ bridge, settings }: TunnelPlan) => tunnelName(bridge, settings.remote)
