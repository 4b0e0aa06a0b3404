/**
 * Bridges and ports by name, over the dataplane's numbers. Changes are gathered here and written by
 * `flush` in one commit, so that a thousand ports change at once; what was taken out is given to
 * someone else only after every worker has passed on.
 */

import { same } from '../config/plain.js'
import { uplinkBridge } from '../config/uplink-port.js'
import { DEFAULT_VLAN, namedBy } from '../config/vlan-use.js'
import type { Keeper } from '../memento/keeper.js'
import { type DomainName, Domains } from './domains.js'
import { Entries } from './entries.js'
import { Filter, type FilterRule, type FilterView } from './filter.js'
import { Flows } from './flows.js'
import { domainsOf } from './instance.js'
import type { Manager, PortCounters, PortDrops } from './manager.js'
import { Mirrors } from './mirrors.js'
import { stillHas } from './named.js'
import { Nat } from './nat.js'
import { Numbers } from './numbers.js'
import { Overlay } from './overlay.js'
import { Pending } from './pending.js'
import { PortNumbers } from './port-numbers.js'
import type { MirrorView } from './port-settings.js'
import { Router } from './router.js'
import { TopologyCommit } from './topology-commit.js'
import {
  type BridgeSettings,
  type BridgeState,
  type PortSettings,
  type PortState,
  type TopologyCapacity,
  TopologyState,
} from './topology-state.js'
import { Translation } from './translation.js'

export type { BridgeSettings, BridgeState, PortSettings, PortState } from './topology-state.js'

export type DropCount = { port: string } & PortDrops

/** The router among ports, where drops are told. */
export const ROUTER = 'router'

export class Topology implements MirrorView {
  readonly entries: Entries
  readonly domains: Domains
  readonly filter: Filter
  readonly router: Router
  readonly translation: Translation
  readonly overlay: Overlay
  /** To end them with what they came by; whoever shows them has a clock. */
  readonly flows: Flows
  readonly #manager: Manager
  /** Behind those of the devices. */
  readonly #routerPort: number
  readonly #state = new TopologyState()
  readonly #mirrors = new Mirrors(this.#state.bridges, this.#state.ports)
  readonly #indices: PortNumbers
  readonly #bridgeIndices: Numbers
  readonly #pending = new Pending()
  readonly #commit: TopologyCommit

  constructor(manager: Manager, capacity: TopologyCapacity) {
    this.#manager = manager
    this.#routerPort = capacity.ports + (capacity.tunnels ?? 0)
    const fids = new Numbers(1, domainsOf(capacity), 'VLAN', 'capacity.vlans or capacity.bridges')
    this.domains = new Domains(manager, fids, this.#passed)
    this.entries = new Entries(manager, this)
    this.router = new Router(manager, this, capacity.routes ?? 0)
    this.flows = new Flows(manager, () => 0)
    this.translation = new Translation(new Nat(manager, this.flows), this.router)
    this.overlay = new Overlay(manager, this)
    this.#bridgeIndices = new Numbers(0, capacity.bridges, 'bridge', 'capacity.bridges')
    this.#indices = new PortNumbers(capacity)
    this.filter = new Filter(manager, this.#filterView, capacity.rules, this.#passed)
    this.#commit = new TopologyCommit(
      manager,
      this,
      this.#state,
      this.#pending,
      this.#bridgeIndices,
    )
  }

  get bridges(): ReadonlyMap<string, Readonly<BridgeState>> {
    return this.#state.bridges
  }
  get ports(): ReadonlyMap<string, Readonly<PortState>> {
    return this.#state.ports
  }
  /** The name of a port by its number, also of one that was removed until the number is used again. */
  portName(index: number): string | undefined {
    return this.#state.portName(index)
  }
  bridgeName(fid: number): string | undefined {
    return this.domainName(fid)?.bridge
  }
  domainName(fid: number): DomainName | undefined {
    return this.domains.nameOf(fid)
  }

  addBridge(name: string, settings: BridgeSettings): void {
    this.#state.mustBeNew('bridge', name)
    // One that was removed a moment ago and is not written yet goes on under its number.
    const index =
      this.#pending.removedBridges.get(name) ?? this.#bridgeIndices.take(this.#passed, () => {})
    this.#pending.removedBridges.delete(name)
    this.#state.bridges.set(name, { ...settings, index })
    try {
      this.#touchBridge(name)
    } catch (error) {
      this.removeBridge(name)
      throw error
    }
    if (settings.mirror?.port !== undefined) this.#touchTarget(settings.mirror.port)
  }

  setBridge(name: string, settings: Partial<BridgeSettings>): void {
    const bridge = this.bridge(name)
    const before = { ...bridge }
    Object.assign(bridge, settings)
    this.#touchBridge(name)
    const retagged =
      before.vlanAware !== bridge.vlanAware || before.vlanProtocol !== bridge.vlanProtocol
    for (const [, port] of this.#state.portsOf(name)) {
      this.#pending.ports.add(port.index)
      if (retagged) this.#pending.voidPorts.add(port.index)
    }
    for (const { mirror } of [before, bridge]) {
      if (mirror?.port !== undefined) this.#touchTarget(mirror.port)
    }
  }

  removeBridge(name: string): void {
    const { index, mirror } = this.bridge(name)
    const [user] = this.#state.portsOf(name)
    if (user) throw stillHas(name, user[0])
    this.router.forgetBridge(name)
    this.#state.bridges.delete(name)
    if (mirror?.port !== undefined) this.#touchTarget(mirror.port)
    this.#pending.bridges.delete(name)
    this.#pending.removedBridges.set(name, index)
    this.filter.touch()
  }

  /** Adds a port and returns its number. */
  addPort(name: string, settings: PortSettings): number {
    this.#state.mustBeNew('port', name)
    this.#reserve(settings)
    const index = this.#indices.of(settings).take(this.#passed, (number) => {
      // Once more: a burst that was under way at the removal may have learnt after the flush.
      this.#manager.exports.fdbFlushPort(number)
      this.#manager.exports.resetPort(number)
    })
    this.#state.addPort(name, { ...settings, index })
    this.#touch(index, settings)
    this.#touchMirrored(name)
    return index
  }

  /** Notes that a port is to be written, and what hangs on it. */
  #touch(index: number, { bridge, policy }: PortSettings): void {
    this.#pending.ports.add(index)
    this.filter.touch()
    if (policy?.mirror?.port !== undefined) this.#touchTarget(policy.mirror.port)
    // Its VLANs may be new to the bridge, or the last of their kind; a rule may name the port.
    const named = this.filter.rules.length > 0
    if (this.#state.bridges.get(bridge)?.vlanAware || named) this.#pending.bridges.add(bridge)
  }

  /** Sees to it that the VLANs of a port that comes or changes have numbers, or nothing is changed. */
  #reserve({ bridge, policy }: PortSettings): void {
    if (!this.bridge(bridge).vlanAware) return
    this.#pending.bridges.add(bridge)
    this.domains.reserve(bridge, namedBy(policy?.vlan ?? DEFAULT_VLAN))
  }

  /** Notes that an interface of a bridge comes or goes: it may be of a VLAN that no port names. */
  touchInterface(bridge: string): void {
    if (this.#state.bridges.has(bridge)) this.#touchBridge(bridge)
  }

  #touchBridge(name: string): void {
    this.#pending.bridges.add(name)
    this.filter.touch()
    this.domains.reserve(name, this.#domainsOf(name))
  }

  readonly #filterView: FilterView = {
    portIndex: (name) => this.#state.ports.get(name)?.index,
    bridgeOf: (name) => this.#state.ports.get(name)?.bridge,
    bridgeFids: (name) => this.#fidsOf(name),
    uplinkFids: (name) => this.#fidsOf(uplinkBridge(name)),
  }

  #fidsOf(bridge: string): number[] | undefined {
    return this.#state.bridges.has(bridge) ? [...this.domains.fidsOf(bridge)] : undefined
  }

  #touchTarget(name: string): void {
    this.#mirrors.changed()
    const target = this.#state.ports.get(name)
    if (target === undefined) return
    this.#pending.ports.add(target.index)
    this.#pending.voidPorts.add(target.index)
  }

  /** Notes the ports whose frames are mirrored to a port that comes or goes. */
  #touchMirrored(target: string): void {
    for (const index of this.#mirrors.mirroredTo(target)) this.#pending.ports.add(index)
  }

  setPort(name: string, settings: Partial<PortSettings>): void {
    const port = this.port(name)
    const before = { ...port }
    this.#reserve({ ...port, ...settings })
    Object.assign(port, settings)
    const moved = port.bridge !== before.bridge
    const revlanned = !same(before.policy?.vlan, port.policy?.vlan)
    if (moved) this.entries.forgetPort(port.index)
    else if (revlanned) this.entries.forgetOutside(port.index, port.policy?.vlan)
    if (moved || (before.up && !port.up) || revlanned) this.#pending.voidPorts.add(port.index)
    this.#touch(port.index, before)
    this.#touch(port.index, port)
  }

  removePort(name: string): void {
    const port = this.port(name)
    this.entries.forgetPort(port.index)
    this.#state.ports.delete(name)
    this.#touch(port.index, port)
    this.#touchMirrored(name)
    this.#pending.voidPorts.add(port.index)
    this.#indices.of(port).retire(port.index, this.#manager.generation() + 1)
  }

  /**
   * Makes all changes since the last call active in one step. False, and nothing done, while a
   * worker has not yet passed the change before; then try again a moment later.
   */
  flush(): boolean {
    return this.#commit.flush()
  }

  /** Throws where `flush` would find no room; to be asked before what cannot be taken back. */
  rehearse(): void {
    this.#commit.rehearse()
  }

  /** The rules that packets are asked of, in their order. */
  setRules(rules: readonly FilterRule[]): void {
    this.filter.set(rules)
    // Which bridges are concerned may have changed.
    for (const name of this.#state.bridges.keys()) this.#pending.bridges.add(name)
  }

  #domainsOf(bridge: string): Set<number> {
    return this.#state.domainsOf(bridge, this.router.vlansOf(bridge))
  }

  /** True if frames are mirrored to the port. */
  isMirrorTarget(name: string): boolean {
    return this.#mirrors.isTarget(name)
  }

  /** Makes the next `flush` a change for every worker to pass, even if nothing else changes. */
  stageBarrier(): void {
    this.#pending.barrier = true
  }

  /** True when every worker has passed the last change: what it took out is unused. */
  settled(): boolean {
    return this.#passed(this.#manager.generation())
  }

  readonly #passed = (generation: number): boolean =>
    this.#manager.generation() - generation >= 0 && this.#manager.passed(generation)

  counters(name: string): PortCounters {
    return this.#manager.portCounters(this.port(name).index)
  }

  /**
   * The reasons for which frames of the given ports (all and the router, if none is named) were dropped.
   * What the router itself sends is charged to a number of its own; a port called "router" goes first.
   */
  drops(name?: string): DropCount[] {
    const own = name === ROUTER && !this.#state.ports.has(name)
    const names = name === undefined ? [...this.#state.ports.keys()] : own ? [] : [name]
    const ports = names.map((port) => [port, this.port(port).index] as const)
    const router = name === undefined || own ? [[ROUTER, this.#routerPort] as const] : []
    return [...ports, ...router].flatMap(([port, index]) =>
      this.#manager.portDrops(index).map((drop) => ({ port, ...drop })),
    )
  }

  /** The bridge of that name; an error that says what there is if there is none. */
  bridge(name: string): BridgeState {
    return this.#state.bridge(name)
  }

  port(name: string): PortState {
    return this.#state.port(name)
  }

  /** @internal */
  keep(keeper: Keeper): void {
    const parts = [this.#state, this.#pending, this.#indices, this.#bridgeIndices, this.domains]
    const rules = [this.entries, this.filter, this.router, this.translation, this.overlay]
    for (const part of [...parts, ...rules]) keeper.part(part)
    keeper.after(() => this.#mirrors.changed())
  }
}
