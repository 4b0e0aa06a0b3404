/** Who has which address where all hear each other: on a bridge, or on all bridges that tunnels of a VNI join. */

import { formatPrefix, type Prefix, parsePrefix } from '../config/address.js'
import { quote } from '../config/describe.js'
import { LinkspanError } from '../error.js'
import type { Keeper } from '../memento/keeper.js'
import type { Subnet } from './subnet.js'

export class BroadcastDomain {
  #subnets: readonly Subnet[] = []
  readonly #gateways: string[] = []

  get subnets(): readonly Subnet[] {
    return this.#subnets
  }

  /** Adds networks that it does not have yet. */
  add(networks: readonly Subnet[]): void {
    const isNew = ({ text }: Subnet) => this.#subnets.every((old) => old.text !== text)
    this.#subnets = [...this.#subnets, ...networks.filter(isNew)]
  }

  subnetOf(address: Prefix): Subnet | undefined {
    return this.#subnets.find((subnet) => subnet.has(address))
  }

  /**
   * Adds gateways of a bridge. Those of several switches may share an address.
   *
   * @param who as a sentence has it @throws LinkspanError code `EXISTS` where a host has one of the addresses
   */
  addGateways(who: string, gateways: readonly string[]): void {
    for (const text of gateways) {
      const user = this.subnetOf(parsePrefix(text))?.userOf(parsePrefix(text).bytes)
      if (user === undefined || this.#gateways.includes(text)) continue
      throw taken(who, text, user)
    }
    this.#gateways.push(...gateways)
  }

  /** The first gateway of a family, with its prefix length. */
  gatewayOf(family: 4 | 6): string | undefined {
    return this.#gateways.find((text) => parsePrefix(text).family === family)
  }

  /** @throws LinkspanError code `EXISTS` */
  mustBeFree(who: string, prefix: Prefix): void {
    const user = this.subnetOf(prefix)?.userOf(prefix.bytes)
    if (user === undefined) return
    throw taken(who, formatPrefix(prefix), user, '; take another, or leave "addresses" out')
  }

  /** @internal */
  keep(keeper: Keeper): void {
    for (const subnet of this.#subnets) keeper.part(subnet)
    keeper.values([this.#subnets], (subnets) => {
      this.#subnets = subnets
    })
    keeper.list(this.#gateways)
  }
}

function taken(who: string, address: string, user: string, expected = ''): LinkspanError {
  return new LinkspanError('EXISTS', `${who}: ${user} has ${quote(address)} already${expected}`)
}
