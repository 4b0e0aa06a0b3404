/** A bridge of the lab, and who has which address on it. */
import { formatPrefix, type Prefix, parsePrefix } from '../config/address.js'
import { oneOf, quote } from '../config/describe.js'
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

export class Bridge {
  readonly #subnets: Subnet[]
  readonly #macs = new Map<string, string>()

  /** @internal Use `lab.bridge()`. */
  constructor(
    readonly name: string,
    readonly on: LabSwitch,
    private readonly gateways: readonly string[],
    subnets: readonly string[],
    private readonly spare: () => string[],
  ) {
    this.#subnets = [...new Set([...subnets, ...gateways])].map((text) => new Subnet(text))
    this.#dropRepeats()
    for (const gateway of gateways) {
      const prefix = parsePrefix(gateway)
      this.#subnetOf(prefix)?.take(prefix.bytes, `the gateway of bridge ${quote(name)}`)
    }
  }

  #dropRepeats(): void {
    const seen = new Set<string>()
    const kept = this.#subnets.filter(({ text }) => !seen.has(text) && seen.add(text))
    this.#subnets.splice(0, this.#subnets.length, ...kept)
  }

  /** Its networks. */
  get subnets(): string[] {
    return this.#subnets.map(({ text }) => text)
  }

  /** The router's address of a family. @internal */
  gatewayOf(family: 4 | 6): string | undefined {
    const gateway = this.gateways.find((text) => parsePrefix(text).family === family)
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
  addressesFor(who: string, wanted: readonly string[] | undefined): Prefix[] {
    if (wanted === undefined) {
      if (this.#subnets.length === 0) this.#subnets.push(...this.spare().map((s) => new Subnet(s)))
      return this.#subnets.map((subnet) => subnet.allot())
    }
    const prefixes = wanted.map((text) => parsePrefix(text))
    // Who is the first on a bridge that has no networks says which it has.
    if (this.#subnets.length === 0) {
      for (const prefix of prefixes) this.#subnets.push(new Subnet(prefix))
      this.#dropRepeats()
    }
    for (const prefix of prefixes) this.#check(who, prefix)
    return prefixes
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
  take(who: string, mac: string, prefixes: readonly Prefix[]): void {
    this.checkMac(who, mac)
    this.#macs.set(mac, who)
    for (const prefix of prefixes) this.#subnetOf(prefix)?.take(prefix.bytes, who)
  }

  /** @internal */
  checkMac(who: string, mac: string): void {
    const user = this.#macs.get(mac)
    if (user === undefined) return
    throw new LinkspanError('EXISTS', `${who}: ${user} has the MAC ${quote(mac)} on this bridge`)
  }
}
