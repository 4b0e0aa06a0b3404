/** The bridges and ports that there are, by name, with their settings and their numbers. */
import type { Bridge, PortPolicy } from '../config/types.js'
import { DEFAULT_VLAN, namedBy } from '../config/vlan-use.js'
import type { Keeper } from '../memento/keeper.js'
import { WHOLE } from './domains.js'
import type { Policy } from './filter.js'
import { exists, find } from './named.js'
import type { TunnelSettings } from './tunnel-record.js'

/** `mirror` here has a port always: a file is a port of its own. */
export type BridgeSettings = Pick<Bridge, 'ageing'> & {
  [K in 'vlanAware' | 'vlanProtocol' | 'controlFrames' | 'mirror']?: Bridge[K] | undefined
} & {
  policy?: Policy | undefined
  /** Whether what is asked of stations behind its tunnels is answered here. */
  suppresses?: boolean | undefined
}

export interface PortSettings {
  bridge: string
  up: boolean
  mtu: number
  offloads: number
  /** What comes in singly is coalesced into super-frames; left out: no. */
  coalesce?: boolean
  /** Left out: forwards everything, and is in VLAN 1 of a VLAN-aware bridge. */
  policy?: PortPolicy
  /** A port that is a tunnel to a VTEP. */
  tunnel?: TunnelSettings
  /** A port of the underlay: what comes in are VXLAN datagrams. */
  underlay?: boolean
}

export interface BridgeState extends BridgeSettings {
  index: number
}
export interface PortState extends PortSettings {
  index: number
}

export interface TopologyCapacity {
  ports: number
  /** Numbers behind those of ports for tunnels and the underlay; left out: they are ports like any other. */
  tunnels?: number
  bridges: number
  vlans: number
  rules: number
  /** None, unless the memory was laid out for a router. */
  routes?: number
}

export class TopologyState {
  readonly bridges = new Map<string, BridgeState>()
  readonly ports = new Map<string, PortState>()
  readonly #portNames = new Map<number, string>()

  /** The bridge of that name; an error that says what there is if there is none. */
  bridge(name: string): BridgeState {
    return find(this.bridges, 'bridge', name)
  }

  port(name: string): PortState {
    return find(this.ports, 'port', name)
  }

  /** The name of a port by its number, also of one that was removed until the number is used again. */
  portName(index: number): string | undefined {
    return this.#portNames.get(index)
  }

  /** The port that has that number now. */
  portAt(index: number): PortState | undefined {
    const port = this.ports.get(this.#portNames.get(index) ?? '')
    return port?.index === index ? port : undefined
  }

  mustBeNew(what: 'bridge' | 'port', name: string): void {
    const known = what === 'bridge' ? this.bridges : this.ports
    if (known.has(name)) throw exists(what, name)
  }

  addPort(name: string, port: PortState): void {
    this.ports.set(name, port)
    this.#portNames.set(port.index, name)
  }

  *portsOf(bridge: string): Generator<[string, PortState]> {
    for (const entry of this.ports) if (entry[1].bridge === bridge) yield entry
  }

  /** The VLANs that exist on a bridge: those of its ports, and those given. */
  domainsOf(bridge: string, others: Iterable<number>): Set<number> {
    if (!this.bridge(bridge).vlanAware) return new Set([WHOLE])
    const ports = Array.from(this.portsOf(bridge), ([, { policy }]) => policy?.vlan ?? DEFAULT_VLAN)
    return new Set([...others, ...ports.flatMap(namedBy)])
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.map(this.bridges, (bridge) => keeper.record(bridge))
    keeper.map(this.ports, (port) => keeper.record(port))
    keeper.map(this.#portNames)
  }
}
