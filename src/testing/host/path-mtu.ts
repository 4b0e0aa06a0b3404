/** What a host knows of how long packets to an address may be (RFC 1191, RFC 8201). */

import type { Keeper } from '../../memento/keeper.js'
import type { Clock } from '../clock/clock.js'
import { AddressMap } from './address.js'
import type { HeaderCodec } from './header.js'

/** RFC 1191 6.3, RFC 8201 5.3: what was learnt of a path is forgotten again. */
const PATH_MTU_MS = 600_000

export class PathMtus {
  readonly #paths: AddressMap<{ mtu: number; until: number }>

  constructor(
    private readonly codec: HeaderCodec,
    private readonly host: { readonly clock: Clock; readonly mtu: number },
  ) {
    this.#paths = new AddressMap(codec.address)
  }

  /** Octets of IP that pass to an address, as far as is known. */
  to(address: Uint8Array): number {
    const path = this.#paths.get(address)
    return path && path.until > this.host.clock.now ? path.mtu : this.host.mtu
  }

  /** A router said how long packets to an address may be: less than we knew, or it is not heeded. */
  learn(address: Uint8Array, said: number): void {
    const mtu = Math.max(this.codec.leastMtu, said)
    // RFC 8201 4, RFC 1191 3: only time makes it greater again.
    if (mtu >= this.to(address)) return
    this.#paths.set(address, { mtu, until: this.host.clock.now + PATH_MTU_MS })
  }

  /** @internal */
  keep(keeper: Keeper): void {
    this.#paths.keep(keeper)
  }
}
