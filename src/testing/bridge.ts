/** A bridge of the lab, and who has which address on it. */
import {
  type Address,
  formatPrefix,
  type Prefix,
  parsePrefix,
  sameAddress,
} from '../config/address.js'
import { describe, didYouMean, oneOf, quote } from '../config/describe.js'
import { mustBeOfHost } from '../config/host-prefix.js'
import type { BridgeInput } from '../config/types.js'
import { LinkspanError } from '../error.js'
import type { Keeper } from '../memento/keeper.js'
import { BroadcastDomain } from './broadcast-domain.js'
import type { LabSwitch } from './lab-switch.js'
import { Subnet } from './subnet.js'

/** A bridge of the config, and where hosts on it have their addresses from. */
export type LabBridgeInput = Omit<BridgeInput, 'gateway'> & {
  /** The router's own addresses on it; those alone are enough. */
  gateway?: BridgeInput['gateway'] | readonly string[]
  /** Networks that hosts get addresses of; left out: the gateway's. */
  subnets?: readonly string[]
}

/** What somebody would have, and the bridge's networks where that says which it has. */
export interface Claim {
  readonly prefixes: readonly Prefix[]
  readonly networks: readonly Subnet[]
}

/** What a bridge is made of. */
export interface BridgeParts {
  gateway: { mac: string; addresses: readonly string[] } | undefined
  subnets: readonly string[]
  /** Of its tunnels, if it has any. */
  vni: number | undefined
  /** What it shares with the others of its VNI. */
  domain: BroadcastDomain
  /** Networks for a bridge that has none of its own. */
  spare(): string[]
}

export class Bridge {
  /** @internal */
  readonly vni: number | undefined
  /** @internal */
  readonly domain: BroadcastDomain
  readonly #gateways: readonly string[]
  readonly #macs = new Map<string, string>()
  readonly #spare: () => string[]

  /** @internal Use `lab.bridge()`. @throws LinkspanError code `EXISTS` */
  constructor(
    readonly name: string,
    readonly on: LabSwitch,
    { gateway, subnets, vni, domain, spare }: BridgeParts,
  ) {
    this.vni = vni
    this.domain = domain
    this.#spare = spare
    this.#gateways = gateway?.addresses ?? []
    const who = `the gateway of bridge ${quote(name)}`
    domain.addGateways(who, this.#gateways)
    const prefixes = this.#gateways.map(parsePrefix)
    const networks = networksOf([...subnets.map(parsePrefix), ...prefixes])
    domain.add(networks)
    if (gateway !== undefined) this.take(who, gateway.mac, { prefixes, networks })
  }

  /** Its networks. */
  get subnets(): string[] {
    return this.domain.subnets.map(({ text }) => text)
  }

  /** The router's address of a family; where its switch has none, that of another one. @internal */
  gatewayOf(family: 4 | 6): string | undefined {
    const own = this.#gateways.find((text) => parsePrefix(text).family === family)
    const gateway = own ?? this.domain.gatewayOf(family)
    return gateway?.slice(0, gateway.indexOf('/'))
  }

  /**
   * Addresses of a host: those that it asks for, else one of each network. Nothing is taken yet.
   *
   * @internal @param who as a sentence has it: `host "a"`
   */
  claim(who: string, wanted: readonly string[] | undefined): Claim {
    const asked = wanted?.map((text) => parsePrefix(text))
    // Who is the first on a bridge that has no networks says which it has.
    const { subnets } = this.domain
    const isFirst = subnets.length === 0
    const networks = isFirst ? networksOf(asked ?? this.#spare().map(parsePrefix)) : subnets
    if (asked === undefined) return { networks, prefixes: networks.map((one) => one.allot()) }
    for (const [at, prefix] of asked.entries()) {
      mustBeOfHost(prefix, `${quote(formatPrefix(prefix))} as an address of ${who}`)
      if (asked.slice(0, at).some((other) => sameAddress(other, prefix))) {
        const problem = `${who}: ${quote(formatPrefix(prefix))} twice`
        throw new LinkspanError('INVALID', `${problem}; expected each of "addresses" once`)
      }
      if (!isFirst) this.#check(who, prefix)
    }
    return { networks, prefixes: asked }
  }

  #check(who: string, prefix: Prefix): void {
    if (this.domain.subnetOf(prefix) !== undefined) return this.domain.mustBeFree(who, prefix)
    throw new LinkspanError(
      'INVALID',
      `${who}: ${quote(formatPrefix(prefix))} is in no network of bridge ${quote(this.name)}; expected an ` +
        `address in ${oneOf(this.subnets)}, or "subnets" of the bridge with more of them`,
    )
  }

  /** @internal Keeps what a host has from others. */
  take(who: string, mac: string, claim: Claim): void {
    this.checkMac(who, mac)
    this.#macs.set(mac, who)
    this.takeAddresses(who, claim)
  }

  /** @internal The same of somebody whose MAC is known. */
  takeAddresses(who: string, { prefixes, networks }: Claim): void {
    this.domain.add(networks)
    for (const prefix of prefixes) this.domain.subnetOf(prefix)?.take(prefix.bytes, who)
  }

  /** @internal */
  giveBack({ family, bytes }: Address): void {
    this.domain.subnetOf({ family, bytes, length: bytes.length * 8 })?.giveBack(bytes)
  }

  /** @internal */
  checkMac(who: string, mac: string): void {
    const user = this.#macs.get(mac)
    if (user === undefined) return
    throw new LinkspanError('EXISTS', `${who}: ${user} has the MAC ${quote(mac)} on this bridge`)
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.part(this.domain)
    keeper.map(this.#macs)
  }
}

/** The networks of addresses, each once. */
function networksOf(prefixes: readonly Prefix[]): Subnet[] {
  const subnets = prefixes.map((prefix) => new Subnet(prefix))
  return [...new Map(subnets.map((subnet) => [subnet.text, subnet])).values()]
}

/** @internal The bridge of that name. */
export function found(bridges: ReadonlyMap<string, Bridge>, name: unknown): Bridge {
  const bridge = typeof name === 'string' ? bridges.get(name) : undefined
  if (bridge) return bridge
  const names = [...bridges.keys()]
  const known = names.length === 0 ? 'the lab has none' : `expected ${oneOf(names)}`
  const hint = typeof name === 'string' ? didYouMean(name, names) : ''
  throw new LinkspanError('NOT_FOUND', `no bridge ${describe(name)}; ${known}${hint}`)
}

/** @internal What the bridges of a VNI share; without one, a new one. */
export function domainOf(bridges: Iterable<Bridge>, vni: number | undefined): BroadcastDomain {
  if (vni === undefined) return new BroadcastDomain()
  for (const bridge of bridges) if (bridge.vni === vni) return bridge.domain
  return new BroadcastDomain()
}
