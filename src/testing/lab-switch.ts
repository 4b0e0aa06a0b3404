/** A production switch in the lab: its ports are ends of links, its clock is the lab's. */
import { parsePrefix } from '../config/address.js'
import { quote } from '../config/describe.js'
import { parseConfig } from '../config/parse.js'
import type { Bridge as BridgeConfig, BridgeInput, ConfigInput } from '../config/types.js'
import { InvalidError, LinkspanError } from '../error.js'
import type { Keeper } from '../memento/keeper.js'
import { type RouterInput, Switch, type SwitchRecording } from '../switch.js'
import { Bridge, type LabBridgeInput } from './bridge.js'
import type { BroadcastDomain } from './broadcast-domain.js'
import type { Timeline } from './clock/timeline.js'
import { type DropTap, DropTaps } from './drop-taps.js'
import type { Host } from './host/host.js'
import type { Address } from './host/network.js'
import type { Stack } from './host/stack.js'
import type { HostPlan } from './host-options.js'
import type { Link } from './link/link.js'
import { Plugs } from './plugs.js'
import { SwitchTurns } from './switch-turns.js'
import { type LabUnderlayInput, planUnderlay, UnderlayEnd } from './underlay.js'
import { type LabUplinkInput, planUplinks, type UplinkHost } from './uplinks.js'
import type { LabView } from './view.js'

/** The parts of a router besides its gateways, as in a config. */
export type LabRouterInput = Omit<RouterInput, 'uplinks' | 'underlay'> & {
  uplinks?: Record<string, LabUplinkInput>
}

/** What a switch has of its lab. */
export interface SwitchHost extends UplinkHost {
  readonly clock: Timeline
  readonly module: WebAssembly.Module
  readonly view: LabView
  /** @throws LinkspanError code `EXISTS` where a bridge of the lab has that name */
  mustBeNew(bridge: string): void
  /** Makes a bridge known. */
  newBridge(bridge: Bridge): void
  /** Networks for a bridge that has none of its own. */
  spareSubnets(): string[]
  /** What bridges of a VNI share; without one, a new one. */
  domainOf(vni: number | undefined): BroadcastDomain
  /** Makes a host that no program sees: its link is the lab's, of the same name. */
  makeHost(name: string, bridge: Bridge, plan: HostPlan): { host: Host; stack: Stack }
  /** Joins an uplink and a bridge. */
  cable(name: string, uplink: { on: LabSwitch; port: string }, to: Bridge): void
}

/**
 * Enough for a lab of a thousand hosts; a config may say otherwise. Below 40 MB in all: an engine collects
 * garbage whenever so much memory was allotted, which takes longer than all else that a lab's start does.
 */
const CAPACITY = {
  arena: 1 << 20,
  ports: 2048,
  macs: 8192,
  bridges: 64,
  vlans: 256,
  memberships: 4096,
  neighbors: 4096,
  routes: 256,
  flows: 4096,
  flows6: 2048,
  rules: 256,
  tunnels: 256,
} as const

/** What the lab must know of, and is told by other means than a config. */
const MADE_BY: Readonly<Record<string, string>> = {
  bridges: 'bridge',
  ports: 'host',
  uplinks: 'router',
  underlay: 'underlay',
}

export class LabSwitch {
  /** The switch itself, to look at: its tables, counters and drops. Its clock is the lab's to move. */
  readonly production: Switch
  /** @internal Its ports that links lead to. */
  readonly plugs: Plugs
  readonly #drops: DropTaps
  #end: UnderlayEnd | undefined
  readonly #turns: SwitchTurns

  /** @internal Use `lab.switch()`. */
  constructor(
    readonly name: string,
    private readonly host: SwitchHost,
    config: ConfigInput,
    seed: number,
  ) {
    const capacity = { ...CAPACITY, ...config.capacity }
    const part = Object.keys(MADE_BY).find((key) => config[key as keyof ConfigInput] !== undefined)
    if (part !== undefined) {
      const parts = `a config of switch ${quote(name)} without them: make them with`
      throw new InvalidError(part, `${parts} ${MADE_BY[part]}()`)
    }
    const options = { seed, tunnels: true }
    this.production = new Switch(host.module, parseConfig({ ...config, capacity }), options)
    this.plugs = new Plugs(this.production, name, () => this.#turns.came())
    this.#turns = new SwitchTurns(this.production, host.clock, () => this.plugs.flush())
    this.#drops = new DropTaps(this.production, this.plugs.links)
  }

  /** @internal The lab that it is of. */
  get view(): LabView {
    return this.host.view
  }

  /** Adds a bridge. @throws ConfigError, LinkspanError code `EXISTS` */
  bridge(name: string, input: LabBridgeInput = {}): Bridge {
    const { gateway, subnets = [], ...others } = input
    for (const subnet of subnets) parsePrefix(subnet)
    this.host.mustBeNew(name)
    const given = isList(gateway) ? { addresses: [...gateway] } : gateway
    this.production.addBridge(name, { ...others, ...(given && { gateway: given }) } as BridgeInput)
    const made = this.#bridgeOf(name, subnets)
    this.host.newBridge(made)
    this.#turns.look()
    return made
  }

  #bridgeOf(name: string, subnets: readonly string[]): Bridge {
    const { gateway, vxlan } = this.production.config.bridges[name] as BridgeConfig
    const domain = this.host.domainOf(vxlan?.vni)
    const spare = () => this.host.spareSubnets()
    try {
      return new Bridge(name, this, { gateway, subnets, vni: vxlan?.vni, domain, spare })
    } catch (error) {
      this.production.removeBridge(name)
      throw error
    }
  }

  /**
   * Gives its tunnels an end on a bridge of the lab, of this switch or of another: bridges may have `vxlan` from
   * then on. Where something is wrong, nothing of it is there.
   */
  underlay(input: LabUnderlayInput): this {
    this.plugs.flush()
    const { link, to, host: planned, config } = planUnderlay(this, this.host, input)
    this.production.configure({ underlay: config })
    const { host, stack } = this.host.makeHost(link, to, planned)
    this.#end = new UnderlayEnd(host, stack, this.production.underlay, () => this.#turns.came())
    this.#turns.look()
    return this
  }

  get #itsEnd(): UnderlayEnd {
    if (this.#end !== undefined) return this.#end
    const problem = `switch ${quote(this.name)} has no underlay`
    throw new LinkspanError('NOT_FOUND', `${problem}: give it one with underlay()`)
  }

  /** The cable of its underlay. @throws LinkspanError code `NOT_FOUND` where it has none */
  get link(): Link {
    return this.#itsEnd.link
  }

  /** The addresses of its underlay, which are its VTEPs; none where it has none. */
  get addresses(): string[] {
    return this.own().map(({ text }) => text)
  }

  /** @internal */
  get mac(): string {
    return this.#itsEnd.mac
  }

  /** @internal */
  own(): readonly Address[] {
    return this.#end?.own() ?? []
  }

  /**
   * Adds uplinks to the router, and sets its routes, NAT, published ports and filter. Where something
   * is wrong, nothing of it is there.
   */
  router({ uplinks = {}, ...others }: LabRouterInput): this {
    this.plugs.flush()
    const plans = planUplinks(this, this.host, uplinks)
    const inputs = Object.fromEntries(plans.map(({ name, input }) => [name, input]))
    this.production.configure({ ...others, uplinks: inputs as RouterInput['uplinks'] })
    for (const { name, who, to, link, mac, claim } of plans) {
      to.take(who, mac, claim)
      this.host.cable(link, { on: this, port: name }, to)
    }
    this.#turns.look()
    return this
  }

  /** @internal Has `tap` see what is dropped on its way in; returns what ends that. */
  tapDrops(tap: DropTap): () => void {
    return this.#drops.add(tap)
  }

  /** Records all that the switch does from now on: see docs/recording.md. */
  record(): SwitchRecording {
    return this.production.record()
  }

  /** @internal */
  close(): void {
    this.production.close()
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.part(this.production)
    for (const part of [this.plugs, this.#turns, this.#drops, this.#end]) keeper.part(part)
    keeper.values([this.#end], (end) => {
      this.#end = end
    })
  }
}

const isList = (gateway: LabBridgeInput['gateway']): gateway is readonly string[] =>
  Array.isArray(gateway)
