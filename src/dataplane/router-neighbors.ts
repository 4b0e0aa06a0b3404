/** The router's neighbours by name: those that are known by hand, and all that there are. */
import {
  formatAddress,
  formatMac,
  isZeroMac,
  type MacPair,
  macToPair,
  parseAddress,
  parseMac,
} from '../config/address.js'
import type { Keeper } from '../memento/keeper.js'
import { neighborStates, type Words } from './abi.js'
import type { Domains } from './domains.js'
import type { RouterRecords } from './router-records.js'
import {
  type NeighborState,
  neighborWords,
  type RouterDomain,
  type StaticNeighbor,
  unmapped,
} from './router-routes.js'

type Written = readonly [fid: number, address: Words, mac: MacPair]

export class RouterNeighbors {
  readonly #records: RouterRecords
  readonly #domains: Domains
  #byHand: readonly StaticNeighbor[] = []
  #written = new Map<string, Written>()

  constructor(records: RouterRecords, domains: Domains) {
    this.#records = records
    this.#domains = domains
  }

  /** Sets those that are known by hand, all of them. */
  set(list: readonly StaticNeighbor[]): void {
    for (const { address, mac } of list) void [parseAddress(address), parseMac(mac)]
    this.#byHand = list
  }

  /** Writes those known by hand, after the change is active. @param fidOf of a domain with an interface */
  write(fidOf: (domain: RouterDomain) => number | undefined): void {
    const wanted = new Map<string, Written>()
    for (const { address, mac, ...domain } of this.#byHand) {
      const fid = fidOf(domain)
      if (fid === undefined) continue
      const words = neighborWords(address)
      wanted.set([fid, ...words].join(), [fid, words, macToPair(parseMac(mac))])
    }
    for (const [key, [fid, address]] of this.#written) {
      if (!wanted.has(key)) this.#records.setNeighbor(fid, address, [0, 0])
    }
    for (const [fid, address, mac] of wanted.values()) {
      this.#records.setNeighbor(fid, address, mac)
    }
    this.#written = wanted
  }

  /** Those that are known or asked for. */
  list(now: number): NeighborState[] {
    return Array.from(this.#records.neighbors(now), ({ octets, mac, state, fid, age }) => {
      const { bridge = '', vlan = null } = this.#domains.nameOf(fid) ?? {}
      const named = neighborStates[state] ?? 'none'
      return {
        ...{ bridge, vlan, address: formatAddress(unmapped(octets)), state: named },
        mac: isZeroMac(mac) ? null : formatMac(mac),
        age: named === 'permanent' || age > now ? null : age,
      }
    })
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.values([this.#byHand, this.#written], (byHand, written) => {
      this.#byHand = byHand
      this.#written = written
    })
  }
}
