/**
 * The config of an in-process switch, and the changes of it: each is there as a whole, or nothing of it is.
 */
import { filterRules } from '../config/filter-rules.js'
import { parseConfig, withoutPort, withPorts } from '../config/parse.js'
import { NO_ROUTER, type RouterSettings, routerSettings } from '../config/router-settings.js'
import type {
  Bridge,
  BridgeInput,
  Config,
  ConfigInput,
  Port,
  PortInput,
  Uplink,
} from '../config/types.js'
import { UPLINK_BRIDGE, uplinkBridge, uplinkPort } from '../config/uplink-port.js'
import { bridgeSettings } from '../dataplane/bridge-settings.js'
import { exists } from '../dataplane/named.js'
import { setRouter } from '../dataplane/routing.js'
import type { Topology } from '../dataplane/topology.js'
import type { MemoryOverlay } from '../device/memory-overlay.js'
import type { MemoryPort } from '../device/memory-port.js'
import { MemoryPorts, mustMirrorToPort } from '../device/memory-ports.js'
import { LinkspanError } from '../error.js'
import type { Keeper } from '../memento/keeper.js'
import type { SwitchParts } from './parts.js'

/** What a router has besides its gateways, and the underlay of bridges to come. */
export type RouterInput = Pick<
  ConfigInput,
  'uplinks' | 'routes' | 'neighbors' | 'nat' | 'publish' | 'filter' | 'underlay'
>

export class SwitchConfig {
  readonly #topology: Topology
  readonly #overlay: MemoryOverlay
  readonly #hasTunnels: boolean
  readonly #ports: MemoryPorts
  #config: Config
  #routing: RouterSettings = NO_ROUTER

  /** Everything of a config but its static entries, which need a clock. */
  constructor({ topology, overlay, io, hasTunnels }: SwitchParts, config: Config) {
    this.#topology = topology
    this.#overlay = overlay
    this.#hasTunnels = hasTunnels
    this.#ports = new MemoryPorts(topology, io)
    this.#config = config
    this.#start(config)
  }

  /** As it stands. */
  get current(): Config {
    return this.#config
  }

  get ports(): ReadonlyMap<string, MemoryPort> {
    return this.#ports.byName
  }

  #start(config: Config): void {
    for (const [name, bridge] of Object.entries(config.bridges)) this.#addBridge(name, bridge)
    for (const name of Object.keys(config.uplinks)) {
      this.#addBridge(uplinkBridge(name), UPLINK_BRIDGE)
    }
    this.#route(config)
    for (const [name, port] of Object.entries(config.ports)) this.#ports.add(name, port)
    for (const [name, uplink] of Object.entries(config.uplinks)) {
      this.#ports.add(name, uplinkPort(name, uplink))
    }
    this.#overlay.set(config)
    this.#topology.setRules(filterRules(config))
    this.#topology.flush()
  }

  addBridge(name: string, options: BridgeInput = {}): void {
    const bridges = { ...this.#config.bridges, [name]: options }
    const next = parseConfig({ ...this.#config, bridges })
    this.#addBridge(name, next.bridges[name] as Bridge)
    try {
      this.#route(next)
      this.#overlay.set(next)
    } catch (error) {
      this.#overlay.set(this.#config)
      this.#route(this.#config)
      this.#topology.removeBridge(name)
      this.#topology.flush()
      throw error
    }
    this.#topology.flush()
    this.#config = next
  }

  /**
   * Adds uplinks and the underlay, and makes routes, neighbours, NAT, published ports and the filter what is
   * given; of what is left out, all stays. Nothing is changed where something of it is wrong.
   */
  configure({ uplinks = {}, underlay, ...others }: RouterInput): void {
    if (underlay !== undefined) this.#mustTakeUnderlay()
    const added = Object.keys(uplinks)
    const old = added.find((name) => Object.hasOwn(this.#config.uplinks, name))
    if (old !== undefined) throw exists('uplink', old)
    const next = parseConfig({
      ...this.#config,
      ...others,
      ...(underlay !== undefined && { underlay }),
      uplinks: { ...this.#config.uplinks, ...uplinks },
    })
    for (const name of added) this.#addBridge(uplinkBridge(name), UPLINK_BRIDGE)
    try {
      this.#route(next)
      this.#ports.addAll(
        added.map((name) => [name, uplinkPort(name, next.uplinks[name] as Uplink)]),
      )
      this.#overlay.set(next)
      this.#topology.setRules(filterRules(next))
      this.#topology.rehearse()
    } catch (error) {
      this.#topology.setRules(filterRules(this.#config))
      this.#overlay.set(this.#config)
      for (const name of added) if (this.ports.has(name)) this.#ports.remove(name)
      this.#route(this.#config)
      for (const name of added) this.#topology.removeBridge(uplinkBridge(name))
      this.#topology.flush()
      throw error
    }
    this.#topology.flush()
    this.#config = next
  }

  #mustTakeUnderlay(): void {
    if (this.#config.underlay !== undefined) {
      throw new LinkspanError('EXISTS', 'the switch has an "underlay": it stays while it runs')
    }
    if (this.#hasTunnels) return
    const expected = 'give createSwitch the "underlay", or its options "tunnels: true"'
    throw new LinkspanError('INVALID', `the switch has no room for tunnels: ${expected}`)
  }

  /** Makes the router that of a config; what it stands on is there. */
  #route(config: Config): void {
    const next = routerSettings(config)
    setRouter(this.#topology.router, this.#routing, next)
    this.#topology.translation.set(config.nat, config.publish)
    this.#routing = next
  }

  #addBridge(name: string, bridge: Bridge): void {
    mustMirrorToPort(`bridge "${name}"`, bridge.mirror)
    this.#topology.addBridge(name, bridgeSettings(bridge))
  }

  removeBridge(name: string): void {
    const { [name]: _, ...bridges } = this.#config.bridges
    const users = Object.values(this.#config.ports).some(({ bridge }) => bridge === name)
    // A bridge with ports is refused below, in better words.
    const next = users ? this.#config : parseConfig({ ...this.#config, bridges })
    if (!users) {
      this.#route(next)
      this.#overlay.set(next)
    }
    this.#topology.removeBridge(name)
    this.#topology.flush()
    this.#config = next
  }

  /** Adds several ports, or none where one of them is wrong; a thousand cost little more than one. */
  addPorts(ports: Readonly<Record<string, PortInput>>): Map<string, MemoryPort> {
    for (const [name, { bridge }] of Object.entries(ports)) {
      this.#topology.bridge(bridge)
      if (this.ports.has(name)) throw exists('port', name)
    }
    const next = withPorts(this.#config, ports)
    const names = Object.keys(ports)
    const added = this.#ports.addAll(names.map((name) => [name, next.ports[name] as Port]))
    this.#topology.flush()
    this.#config = next
    return added
  }

  /** What is learnt on the port is forgotten at once; frames that wait in it are lost. */
  removePort(name: string): void {
    if (Object.hasOwn(this.#config.uplinks, name)) {
      throw new LinkspanError('INVALID', `"${name}" is an uplink: it stays while the switch runs`)
    }
    this.#mustBeOwn(name)
    this.#ports.remove(name)
    this.#config = withoutPort(this.#config, name)
  }

  /** Takes a port up or down, as a carrier does. */
  setPort(name: string, settings: { up: boolean }): void {
    this.#mustBeOwn(name)
    this.#topology.setPort(name, settings)
    this.#topology.flush()
  }

  #mustBeOwn(name: string): void {
    const { tunnel, underlay } = this.#topology.port(name)
    if (tunnel === undefined && underlay !== true) return
    throw new LinkspanError('INVALID', `"${name}" is of the overlay: its bridge has "vxlan"`)
  }

  close(): void {
    this.#ports.close()
    this.#overlay.close()
  }

  /** @internal */
  keep(keeper: Keeper): void {
    for (const part of [this.#topology, this.#ports, this.#overlay]) keeper.part(part)
    keeper.handles([this.#config, this.#routing], (config, routing) => {
      this.#config = config
      this.#routing = routing
    })
  }
}
