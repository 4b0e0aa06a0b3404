/** The overlay of an in-process switch: its sockets and tunnels for a config, and what the underlay tells of them. */

import { UNDERLAY_BRIDGE, underlayName } from '../config/overlay-names.js'
import { overlaySettings, type UnderlaySocket } from '../config/overlay-settings.js'
import type { Config } from '../config/types.js'
import { UPLINK_BRIDGE } from '../config/uplink-port.js'
import { bridgeSettings } from '../dataplane/bridge-settings.js'
import type { PortCounters } from '../dataplane/manager.js'
import type { TunnelPlan } from '../dataplane/overlay.js'
import type { Topology } from '../dataplane/topology.js'
import { type PeerErrors, SOURCES, TunnelPlans } from '../dataplane/tunnel-plans.js'
import type { Keeper } from '../memento/keeper.js'
import type { MemoryIo } from './memory-io.js'
import { Underlay } from './memory-underlay.js'

/** A tunnel: for each pair of a bridge with `vxlan` and a peer of it there is one. */
export interface Tunnel {
  /** That of its port, for `drops` and captures: `blue@192.0.2.11`. */
  name: string
  bridge: string
  vni: number
  /** Its ends, and the UDP port there. */
  local: string
  vtep: string
  port: number
  /** The longest packet of a bridged frame that it takes, octets. */
  mtu: number
  /** What the way to the VTEP takes, outer headers included, as the underlay told; else null. */
  pathMtu: number | null
  /** Datagrams to the VTEP, of all its tunnels, of which the underlay said so. */
  errors: Readonly<PeerErrors>
  /** `rx` is into the switch. */
  counters: PortCounters
}

export class MemoryOverlay {
  readonly underlay: Underlay
  readonly #topology: Topology
  readonly #io: MemoryIo
  readonly #now: () => number
  readonly #plans: TunnelPlans
  #config: Config | undefined

  constructor(topology: Topology, io: MemoryIo, now: () => number) {
    this.#topology = topology
    this.#io = io
    this.#now = now
    this.underlay = new Underlay({
      heard: (error) => {
        if (!this.#isPeer(error.vtep)) return
        if (this.#plans.hear(error)) this.#again()
      },
      changed: () => this.#again(),
    })
    this.#plans = new TunnelPlans(() => ({ mtu: this.underlay.mtu, sources: SOURCES }), now)
  }

  #isPeer(vtep: string): boolean {
    const tunnels = this.#topology.overlay.tunnels.values()
    for (const { settings } of tunnels) if (settings.remote === vtep) return true
    return false
  }

  /** Sockets and tunnels for a config whose bridges are there; in force with the next flush. */
  set(config: Config): void {
    const { overlay } = this.#topology
    const { sockets, neighbors } = overlaySettings(config)
    const plans = this.#plans.of(config)
    this.#open(sockets)
    overlay.set(plans)
    overlay.prune()
    overlay.setNeighbors(neighbors)
    this.#closeAllBut(sockets)
    this.#config = config
  }

  #open(sockets: readonly UnderlaySocket[]): void {
    if (sockets.length > 0 && !this.#topology.bridges.has(UNDERLAY_BRIDGE)) {
      this.#topology.addBridge(UNDERLAY_BRIDGE, bridgeSettings(UPLINK_BRIDGE))
    }
    for (const socket of sockets) {
      const name = underlayName(socket)
      if (this.#topology.ports.has(name)) continue
      const settings = { bridge: UNDERLAY_BRIDGE, up: true, offloads: 0, underlay: true }
      // Tunnels have MTUs, the sockets that they share none.
      const index = this.#topology.addPort(name, { ...settings, mtu: 65_535 })
      this.#io.add(index, this.underlay.open(socket))
    }
  }

  #closeAllBut(sockets: readonly UnderlaySocket[]): void {
    const wanted = new Set(sockets.map(underlayName))
    for (const name of this.underlay.sockets.map(underlayName)) {
      if (wanted.has(name)) continue
      this.#io.forget(this.#topology.port(name).index)
      this.#topology.removePort(name)
      this.underlay.close(name)
    }
  }

  /** The same config, and the underlay is another. */
  #again(): void {
    if (this.#config === undefined) return
    this.#topology.overlay.set(this.#plans.of(this.#config))
    this.#topology.flush()
  }

  /** When time makes it look at its ways anew. */
  get deadline(): number {
    return this.#plans.expiry
  }

  /** Does what time asks for. */
  tick(): void {
    if (this.deadline > this.#now()) return
    this.#plans.expire()
    this.#again()
  }

  tunnels(): Tunnel[] {
    return Array.from(this.#topology.overlay.tunnels, ([name, plan]) => this.#view(name, plan))
  }

  #view(name: string, { bridge, mtu, settings }: TunnelPlan): Tunnel {
    const { vni, local, remote: vtep, port } = settings
    const pathMtu = this.#plans.pathMtu(vtep) ?? null
    const errors = { ...this.#plans.errorsOf(vtep) }
    const counters = this.#topology.counters(name)
    return { name, bridge, vni, local, vtep, port, mtu, pathMtu, errors, counters }
  }

  close(): void {
    for (const name of this.underlay.sockets.map(underlayName)) this.underlay.close(name)
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.part(this.underlay)
    keeper.part(this.#plans)
    keeper.handles([this.#config], (config) => {
      this.#config = config
    })
  }
}
