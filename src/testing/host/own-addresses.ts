/** The addresses of a host in one family: which are ours, which one packets come from, and which way they go. */

import { isLoopback, isLoopbackAt } from '../../config/address.js'
import { quote } from '../../config/describe.js'
import { LinkspanError } from '../../error.js'
import type { Keeper } from '../../memento/keeper.js'
import { addressOf, isSame } from './address.js'
import { LOOPBACK } from './loopback.js'
import type { Address } from './network.js'
import { groupMac, u32 } from './wire.js'

/** An address of ours on the link. */
export interface OwnAddress {
  readonly address: Address
  /** Bits of the network. */
  readonly length: number
  /** Of IPv4: to everybody in the network (RFC 919). */
  readonly broadcast: Uint8Array | undefined
  /** Whether it is good on the link only (RFC 4291 2.5.6). */
  readonly isLinkLocal: boolean
}

export class OwnAddresses {
  own: readonly OwnAddress[] = []
  /** The one IPv4 address, as a number, of most hosts. */
  #only: number | undefined
  #mask = 0
  gateway: Address | undefined

  /** @param hostName for errors */
  constructor(
    private readonly family: 4 | 6,
    private readonly hostName: string,
  ) {}

  /** Makes an address ours. */
  add(own: OwnAddress): void {
    this.#have([...this.own, own])
  }

  /** Makes it ours no more; a gateway that nothing leads to any more is none. */
  remove({ bytes }: Address): void {
    this.#have(this.own.filter(({ address }) => !isSame(address.bytes, bytes)))
    const { gateway } = this
    if (gateway && !this.own.some((one) => isWithin(one, gateway.bytes))) this.gateway = undefined
  }

  #have(own: OwnAddress[]): void {
    this.own = own
    const [first] = own
    const only = this.family === 4 && own.length === 1 ? first : undefined
    this.#only = only && u32(only.address.bytes, 0)
    this.#mask = only === undefined || only.length === 0 ? 0 : -1 << (32 - only.length)
  }

  /** Whether it is an address of ours on the link. */
  isOwn(bytes: Uint8Array, at: number): boolean {
    if (this.#only !== undefined) return u32(bytes, at) === this.#only
    for (const { address } of this.own) if (isSame(address.bytes, bytes, at)) return true
    return false
  }

  /** Whether what we send there stays with us: to an address of ours, or a loopback address. */
  isHere(bytes: Uint8Array, at = 0): boolean {
    return this.isOwn(bytes, at) || isLoopbackAt(bytes, at, this.family)
  }

  /** Whether everybody on the link is meant. */
  isBroadcast(address: Uint8Array): boolean {
    if (this.family === 6) return false
    if (address.every((octet) => octet === 255)) return true
    return this.own.some(({ broadcast }) => broadcast && isSame(broadcast, address))
  }

  /** The address that packets to `to` come from. @throws LinkspanError code `UNREACHABLE` */
  sourceFor(to: Address): Address {
    if (this.isOwn(to.bytes, 0)) return to
    if (isLoopback(to)) return LOOPBACK[this.family]
    this.hopTo(to)
    if (this.own.length === 1) return (this.own[0] as OwnAddress).address
    const isLocal = isLinkLocalAt(to.bytes, this.family)
    const fitting = this.own.filter((one) => one.isLinkLocal === isLocal)
    const near = fitting.find((one) => isWithin(one, to.bytes))
    // RFC 1122 3.2.1.3: without an address, one may ask for one.
    return (near ?? fitting[0] ?? this.own[0])?.address ?? NO_ADDRESS
  }

  hasWay(to: Address): boolean {
    return this.isHere(to.bytes) || this.#find(to) !== null
  }

  /** @throws LinkspanError code `UNREACHABLE`: from a loopback address, to somebody else */
  checkSource(from: Address, to: Address): void {
    if (!isLoopback(from) || this.isHere(to.bytes)) return
    const problem = `what host ${quote(this.hostName)} sends from ${from.text} does not leave it`
    throw new LinkspanError('UNREACHABLE', `${problem}, and ${to.text} is somebody else`)
  }

  /** The next hop, or undefined for everybody and for groups. @throws LinkspanError `UNREACHABLE` */
  hopTo(to: Address): Uint8Array | undefined {
    const hop = this.#find(to)
    if (hop === null) throw this.#unreachable(to)
    return hop
  }

  /** The same; null where there is no way. */
  #find({ bytes }: Address): Uint8Array | undefined | null {
    if (this.#only !== undefined) {
      const to = u32(bytes, 0)
      const isNear = ((to ^ this.#only) & this.#mask) === 0
      // All bits of the host set: to everybody, unless there are but two.
      if (isNear && ((to | this.#mask) !== -1 || this.#mask >= -2)) return bytes
    }
    if (this.own.length === 0) return this.isBroadcast(bytes) ? undefined : null
    for (const one of this.own) {
      if (isWithin(one, bytes)) {
        return one.broadcast && isSame(one.broadcast, bytes) ? undefined : bytes
      }
    }
    if (groupMac(bytes) !== undefined || this.isBroadcast(bytes)) return undefined
    const isNobody = u32(bytes, 0) === 0 && bytes.every((octet) => octet === 0)
    return (isNobody ? undefined : this.gateway?.bytes) ?? null
  }

  #unreachable(to: Address): LinkspanError {
    const own = this.own.filter(({ isLinkLocal }) => !isLinkLocal)
    const list = own.map(({ address, length }) => `${address.text}/${length}`).join(', ')
    const has = list === '' ? `no IPv${this.family} address` : `${list} and no gateway`
    const who = `host ${quote(this.hostName)}`
    return new LinkspanError('UNREACHABLE', `${who} has no way to ${to.text}: it has ${has}`)
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.values([this.own, this.#only, this.#mask, this.gateway], (...kept) => {
      ;[this.own, this.#only, this.#mask, this.gateway] = kept
    })
  }
}

/** Of who has none yet: nobody is reached by it. */
const NO_ADDRESS = addressOf('0.0.0.0')

function isWithin({ address, length }: OwnAddress, bytes: Uint8Array): boolean {
  const whole = length >>> 3
  if (!isSame(address.bytes, bytes, 0, whole)) return false
  const mask = (0xff00 >>> (length & 7)) & 0xff
  return (((address.bytes[whole] ?? 0) ^ (bytes[whole] ?? 0)) & mask) === 0
}

/** An address of the link, or a group of it (RFC 4291 2.5.6 and 2.7; RFC 6724 5 rule 2). */
function isLinkLocalAt(bytes: Uint8Array, family: 4 | 6): boolean {
  const second = bytes[1] as number
  if (family === 4) return false
  return bytes[0] === 0xff ? (second & 15) === 2 : bytes[0] === 0xfe && (second & 0xc0) === 0x80
}
