/** A bridge of the lab, and who has which address on it. */
import { formatPrefix, type Prefix, parsePrefix, sameAddress } from '../config/address.js'
import { describe, didYouMean, oneOf, quote } from '../config/describe.js'
import type { BridgeInput } from '../config/types.js'
import { LinkspanError } from '../error.js'
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

export class Bridge {
  #subnets: readonly Subnet[]
  readonly #macs = new Map<string, string>()

  /** @internal Use `lab.bridge()`. */
  constructor(
    readonly name: string,
    readonly on: LabSwitch,
    private readonly gateway: { mac: string; addresses: readonly string[] } | undefined,
    subnets: readonly string[],
    private readonly spare: () => string[],
  ) {
    const gateways = (gateway?.addresses ?? []).map(parsePrefix)
    this.#subnets = networksOf([...subnets.map(parsePrefix), ...gateways])
    if (gateway === undefined) return
    const claim = { prefixes: gateways, networks: this.#subnets }
    this.take(`the gateway of bridge ${quote(name)}`, gateway.mac, claim)
  }

  /** Its networks. */
  get subnets(): string[] {
    return this.#subnets.map(({ text }) => text)
  }

  /** The router's address of a family. @internal */
  gatewayOf(family: 4 | 6): string | undefined {
    const gateway = this.gateway?.addresses.find((text) => parsePrefix(text).family === family)
    return gateway?.slice(0, gateway.indexOf('/'))
  }

  #subnetOf(address: Prefix): Subnet | undefined {
    return this.#subnets.find((subnet) => subnet.has(address))
  }

  /**
   * Addresses of a host: those that it asks for, else one of each network. Nothing is taken yet.
   *
   * @internal @param who as a sentence has it: `host "a"`
   */
  claim(who: string, wanted: readonly string[] | undefined): Claim {
    const asked = wanted?.map((text) => parsePrefix(text))
    // Who is the first on a bridge that has no networks says which it has.
    const isFirst = this.#subnets.length === 0
    const networks = isFirst ? networksOf(asked ?? this.spare().map(parsePrefix)) : this.#subnets
    if (asked === undefined) return { networks, prefixes: networks.map((one) => one.allot()) }
    for (const [at, prefix] of asked.entries()) {
      if (asked.slice(0, at).some((other) => sameAddress(other, prefix))) {
        const problem = `${who}: ${quote(formatPrefix(prefix))} twice`
        throw new LinkspanError('INVALID', `${problem}; expected each of "addresses" once`)
      }
      if (!isFirst) this.#check(who, prefix)
    }
    return { networks, prefixes: asked }
  }

  #check(who: string, prefix: Prefix): void {
    const subnet = this.#subnetOf(prefix)
    const address = formatPrefix(prefix)
    if (subnet === undefined) {
      throw new LinkspanError(
        'INVALID',
        `${who}: ${quote(address)} is in no network of bridge ${quote(this.name)}; expected an ` +
          `address in ${oneOf(this.subnets)}, or "subnets" of the bridge with more of them`,
      )
    }
    const user = subnet.userOf(prefix.bytes)
    if (user === undefined) return
    const expected = 'take another, or leave "addresses" out'
    throw new LinkspanError('EXISTS', `${who}: ${user} has ${quote(address)} already; ${expected}`)
  }

  /** @internal Keeps what a host has from others. */
  take(who: string, mac: string, { prefixes, networks }: Claim): void {
    this.checkMac(who, mac)
    this.#macs.set(mac, who)
    const isNew = ({ text }: Subnet) => this.#subnets.every((old) => old.text !== text)
    this.#subnets = [...this.#subnets, ...networks.filter(isNew)]
    for (const prefix of prefixes) this.#subnetOf(prefix)?.take(prefix.bytes, who)
  }

  /** @internal */
  checkMac(who: string, mac: string): void {
    const user = this.#macs.get(mac)
    if (user === undefined) return
    throw new LinkspanError('EXISTS', `${who}: ${user} has the MAC ${quote(mac)} on this bridge`)
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
