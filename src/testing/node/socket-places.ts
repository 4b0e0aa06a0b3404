/** Where the two ends of a `net.Socket` are, and whether they are open. */
import { Duplex } from 'node:stream'
import type { Address } from '../host/network.js'
import type { Ends } from '../tcp/errors.js'

type ReadyState = 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed'

export class LabSocketPlaces extends Duplex {
  connecting = false

  /** @internal Undefined before it is known where it goes. */
  protected get ends(): Ends | undefined {
    return undefined
  }

  get pending(): boolean {
    return this.ends === undefined || this.connecting
  }

  get readyState(): ReadyState {
    if (this.connecting) return 'opening'
    if (this.readable && this.writable) return this.ends === undefined ? 'closed' : 'open'
    if (this.readable) return 'readOnly'
    return this.writable ? 'writeOnly' : 'closed'
  }

  get bufferSize(): number {
    return this.writableLength
  }

  get #remote(): Ends | undefined {
    return this.connecting ? undefined : this.ends
  }

  get remoteAddress(): string | undefined {
    return this.#remote?.remoteAddress.text
  }

  get remotePort(): number | undefined {
    return this.#remote?.remotePort
  }

  get remoteFamily(): string | undefined {
    return familyOf(this.#remote?.remoteAddress)
  }

  get localAddress(): string | undefined {
    return this.ends?.localAddress.text
  }

  get localPort(): number | undefined {
    return this.ends?.localPort
  }

  get localFamily(): string | undefined {
    return familyOf(this.ends?.localAddress)
  }

  /** Of this end; nothing before there is one. */
  address(): { address?: string; family?: string; port?: number } {
    const { localAddress: address, localFamily: family, localPort: port } = this
    return address && family && port ? { address, family, port } : {}
  }
}

const familyOf = (address: Address | undefined): string | undefined =>
  address && `IPv${address.family}`
