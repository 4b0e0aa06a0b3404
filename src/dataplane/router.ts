/**
 * The router's interfaces and routes by name, over the dataplane's numbers. What is set here is
 * written whole with every change of the topology, in the same commit as its ports.
 */
import {
  contains,
  formatPrefix,
  macToPair,
  networkOf,
  type Prefix,
  parseAddress,
  parseMac,
  parsePrefix,
} from '../config/address.js'
import { LinkspanError } from '../error.js'
import type { Keeper } from '../memento/keeper.js'
import { InterfaceFlag, RouteKind, type Words } from './abi.js'
import { type Domains, WHOLE } from './domains.js'
import type { Manager } from './manager.js'
import { wordsOf } from './port-record.js'
import { RouterNeighbors } from './router-neighbors.js'
import {
  type Candidate,
  type Interface,
  type InterfaceSettings,
  keyOf,
  type NeighborState,
  neighborWords,
  ownLinkLocal,
  type RouterDomain,
  type RouteSettings,
  type RouteState,
  routesOfInterface,
  type StaticNeighbor,
  sameIdentity,
} from './router-routes.js'

export type {
  InterfaceSettings,
  NeighborState,
  RouterDomain,
  RouteSettings,
  RouteState,
  StaticNeighbor,
} from './router-routes.js'

/** What the router needs of the topology. */
export interface RouterHost {
  readonly domains: Domains
  readonly bridges: ReadonlyMap<string, { vlanAware?: boolean | undefined }>
  bridge(name: string): unknown
  touchInterface(bridge: string): void
}

export class Router {
  readonly #manager: Manager
  readonly #host: RouterHost
  readonly #capacity: number
  readonly #neighbors: RouterNeighbors
  readonly #interfaces = new Map<string, Interface>()
  /** The routes of interfaces, made once: each change asks how many all of them are. */
  #made = new WeakMap<Interface, readonly Candidate[]>()
  #routes: readonly RouteSettings[] = []
  #leaving: number[] = []
  #external = new Map<string, readonly Prefix[]>()
  #identity = 0
  #changed = false

  /** @param capacity routes that there is room for */
  constructor(manager: Manager, host: RouterHost, capacity: number) {
    this.#manager = manager
    this.#host = host
    this.#capacity = capacity
    this.#neighbors = new RouterNeighbors(manager.router, host.domains)
  }

  /** True if there is something that was not written yet. */
  get changed(): boolean {
    return this.#changed
  }

  /** Gives a domain an interface, or takes it away. */
  setInterface(domain: RouterDomain, settings: InterfaceSettings | undefined): void {
    const key = keyOf(domain)
    const before = this.#interfaces.get(key)
    if (settings === undefined) {
      if (before === undefined) return
      this.#leave(domain)
      this.#interfaces.delete(key)
    } else {
      this.#host.bridge(domain.bridge)
      const same = before !== undefined && sameIdentity(before, settings)
      const identity = same ? before.identity : ++this.#identity
      const prefixes = settings.addresses.map(parsePrefix)
      this.#interfaces.set(key, { ...settings, domain, identity, prefixes })
      this.#fit(() => {
        if (before === undefined) this.#interfaces.delete(key)
        else this.#interfaces.set(key, before)
      })
    }
    this.#changed = true
    this.#host.touchInterface(domain.bridge)
  }

  /** Sets addresses that the router answers for on an interface, by bridge, without being a host there. */
  setExternal(external: ReadonlyMap<string, readonly Prefix[]>): void {
    const before = this.#external
    this.#external = new Map(external)
    this.#made = new WeakMap()
    this.#fit(() => {
      this.#external = before
      this.#made = new WeakMap()
    })
    this.#changed = true
  }

  /** Sets the routes by hand, all of them; those to and on the networks of interfaces are made. */
  setRoutes(routes: readonly RouteSettings[]): void {
    const before = this.#routes
    this.#routes = routes
    this.#fit(() => {
      this.#routes = before
    })
    this.#changed = true
  }

  /** Takes the last change back if there is no room for it. */
  #fit(undo: () => void): void {
    try {
      const byHand = this.#routes.map((route) => this.#candidate(route)) // or one leads nowhere
      const own = [...this.#interfaces.values()].map((one) => this.#routesOf(one).length)
      const length = own.reduce((sum, count) => sum + count, byHand.length)
      if (length <= this.#capacity) return
      throw new LinkspanError(
        'LIMIT',
        `${length} routes, those of gateways and uplinks included, and room for ${this.#capacity}: raise capacity.routes and restart the switch`,
      )
    } catch (error) {
      undo()
      throw error
    }
  }

  /** Sets the neighbours that are known by hand, all of them. */
  setNeighbors(list: readonly StaticNeighbor[]): void {
    this.#neighbors.set(list)
    this.#changed = true
  }

  /** After the change is active: what is known by hand, in the domains there are now. */
  committed(): void {
    for (const fid of this.#leaving.splice(0)) {
      const replaced = [...this.#interfaces.values()].some(
        ({ domain }) => this.#fidOf(domain) === fid,
      )
      if (!replaced) this.#manager.router.flushNeighbors({ fid })
    }
    this.#neighbors.write((domain) =>
      this.#hasInterface(domain) ? this.#fidOf(domain) : undefined,
    )
  }

  #hasInterface({ bridge, vlan }: RouterDomain): boolean {
    return [...this.vlansOf(bridge)].includes(this.#vlanOf({ bridge, vlan }))
  }

  /** The neighbours that are known or asked for. */
  neighbors(now: number): NeighborState[] {
    return this.#neighbors.list(now)
  }

  /** A bridge goes, and its interfaces with it. */
  forgetBridge(bridge: string): void {
    for (const [key, { domain }] of this.#interfaces) {
      if (domain.bridge !== bridge) continue
      this.#leave(domain)
      this.#interfaces.delete(key)
      this.#changed = true
    }
  }

  /** Notes a domain whose neighbours are forgotten when the change is active. */
  #leave(domain: RouterDomain): void {
    const fid = this.#fidOf(domain)
    if (fid !== undefined) this.#leaving.push(fid)
  }

  /** VLANs of a VLAN-aware bridge that have an interface. */
  *vlansOf(bridge: string): Generator<number> {
    for (const { domain } of this.#interfaces.values()) {
      if (domain.bridge === bridge) yield this.#vlanOf(domain)
    }
  }

  #vlanOf({ bridge, vlan }: RouterDomain): number {
    return this.#host.bridges.get(bridge)?.vlanAware ? (vlan ?? 1) : WHOLE
  }

  #fidOf(domain: RouterDomain): number | undefined {
    return this.#host.domains.fidOf(domain.bridge, this.#vlanOf(domain))
  }

  /** The domain and the addresses of an interface; of a VLAN-aware bridge, the first one's. */
  interfaceOf(bridge: string): { fid: number; prefixes: readonly Prefix[] } | undefined {
    for (const { domain, prefixes } of this.#interfaces.values()) {
      if (domain.bridge !== bridge) continue
      const fid = this.#fidOf(domain)
      if (fid !== undefined) return { fid, prefixes }
    }
    return undefined
  }

  /** The interfaces on a bridge; of one that is not VLAN-aware `vlan` is 0. */
  *gateways(bridge: string): Generator<{ vlan: number; mac: string; prefixes: readonly Prefix[] }> {
    for (const { domain, mac, prefixes } of this.#interfaces.values()) {
      if (domain.bridge === bridge) yield { vlan: this.#vlanOf(domain), mac, prefixes }
    }
  }

  *interfaces(): Generator<{ fid: number; mac: string; prefixes: readonly Prefix[] }> {
    for (const { domain, mac, prefixes } of this.#interfaces.values()) {
      const fid = this.#fidOf(domain)
      if (fid !== undefined) yield { fid, mac, prefixes }
    }
  }

  routes(): RouteState[] {
    const kinds = { [RouteKind.LOCAL]: 'local', [RouteKind.CONNECTED]: 'connected' } as const
    return this.#candidates().flatMap(({ kind, length, bytes, via, domain }) => {
      if (kind === RouteKind.BROADCAST) return []
      const to = formatPrefix({ bytes, length })
      const named = kinds[kind as keyof typeof kinds] ?? 'static'
      return [{ to, via: via ?? null, bridge: domain?.bridge ?? null, kind: named }]
    })
  }

  /** Writes all of it into the open change. */
  write(): void {
    if (this.#capacity === 0) return
    this.#manager.router.begin()
    for (const own of this.#interfaces.values()) this.#writeInterface(own)
    for (const candidate of this.#candidates()) this.#writeRoute(candidate)
    this.#changed = false
  }

  #writeInterface(own: Interface): void {
    const fid = this.#fidOf(own.domain)
    if (fid === undefined) return
    const { mac, mtu, identity, uplink, advertise } = own
    const flags = (uplink ? InterfaceFlag.UPLINK : 0) | (advertise ? InterfaceFlag.ADVERTISE : 0)
    this.#manager.router.setInterface(fid, {
      flags,
      mac: macToPair(parseMac(mac)),
      mtu,
      vid: this.#vlanOf(own.domain),
      identity,
      linkLocal: wordsOf(ownLinkLocal(own)),
    })
  }

  #writeRoute({ kind, family, length, bytes, via, domain, network }: Candidate): void {
    const fid = domain === undefined ? 0 : this.#fidOf(domain)
    if (fid === undefined) return
    const onLink: Words = [0, network ?? 0, 0, 0]
    const nextHop = via === undefined ? onLink : neighborWords(via)
    this.#manager.router.setRoute({ kind, family, length, fid, prefix: wordsOf(bytes), nextHop })
  }

  /** All routes in the order in which the dataplane wants them. */
  #candidates(): Candidate[] {
    const own = [...this.#interfaces.values()].flatMap((one) => this.#routesOf(one))
    const all = [...this.#routes.map((route) => this.#candidate(route)), ...own]
    return all.sort((one, other) => one.length - other.length || one.rank - other.rank)
  }

  #routesOf(one: Interface): readonly Candidate[] {
    const prefixes = [...one.prefixes, ...(this.#external.get(one.domain.bridge) ?? [])]
    const made = this.#made.get(one) ?? routesOfInterface({ ...one, prefixes })
    this.#made.set(one, made)
    return made
  }

  #candidate({ to, via, interface: named, metric = 0 }: RouteSettings): Candidate {
    const prefix = networkOf(parsePrefix(to))
    const domain = named ?? (via === undefined ? undefined : this.#domainOf(to, via))
    const kind = domain === undefined ? RouteKind.UNREACHABLE : RouteKind.STATIC
    return { kind, ...prefix, domain, via, rank: -1 - metric }
  }

  /** The domain in whose network a next hop lies. */
  #domainOf(to: string, via: string): RouterDomain {
    const address = parseAddress(via)
    for (const { domain, prefixes } of this.#interfaces.values()) {
      if (prefixes.some((prefix) => contains(networkOf(prefix), address))) return domain
    }
    throw new LinkspanError(
      'INVALID',
      `the route to ${to} goes via ${via}, which is in the network of no gateway and no uplink`,
    )
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.part(this.#neighbors)
    keeper.map(this.#interfaces)
    keeper.list(this.#leaving)
    keeper.values([this.#routes, this.#identity, this.#changed], (routes, identity, changed) => {
      this.#routes = routes
      this.#identity = identity
      this.#changed = changed
    })
    keeper.handles([this.#external, this.#made], (external, made) => {
      this.#external = external
      this.#made = made
    })
  }
}
