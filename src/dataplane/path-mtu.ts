/** MTUs of the ways to VTEPs, as routers on them told: believed for a while, then tried again. */

import { vtepFamily } from '../config/vtep.js'
import type { Keeper } from '../memento/keeper.js'

/** How long less than the link's is believed: RFC 1191 section 6.3 and RFC 8201 section 4 say 10 minutes. */
const LIFETIME = 600_000
/**
 * Less is not believed, whoever says so: what every link of IPv6 has (RFC 8200 section 5), and what Linux takes
 * as the least of IPv4 (net.ipv4.route.min_pmtu). Such a message is easily forged.
 */
const LEAST = { 4: 552, 6: 1280 } as const

interface Told {
  mtu: number
  until: number
}

export class PathMtus {
  readonly #now: () => number
  readonly #told = new Map<string, Told>()

  /** @param now milliseconds on a clock that only goes forward */
  constructor(now: () => number) {
    this.#now = now
  }

  /** @returns whether it is news */
  note(vtep: string, mtu: number): boolean {
    if (!(mtu >= LEAST[vtepFamily(vtep)])) return false
    const known = this.#told.get(vtep)
    // It becomes wider again with time only (RFC 8201 section 4).
    if (known !== undefined && known.mtu < mtu) return false
    this.#told.set(vtep, { mtu, until: this.#now() + LIFETIME })
    return known?.mtu !== mtu
  }

  /** The MTU of the way to a VTEP whose first link has that one. */
  of(vtep: string, link: number): number {
    return Math.min(link, this.#told.get(vtep)?.mtu ?? link)
  }

  /** What routers on the way to a VTEP told. */
  told(vtep: string): number | undefined {
    return this.#told.get(vtep)?.mtu
  }

  /** When the first of them is too old; Infinity where there is none. */
  get expiry(): number {
    return Math.min(...[...this.#told.values()].map(({ until }) => until))
  }

  /** Forgets those that are too old. */
  expire(): void {
    for (const [vtep, { until }] of this.#told) if (until <= this.#now()) this.#told.delete(vtep)
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.map(this.#told)
  }
}
