/** Neighbour discovery (RFC 4861) as a host does it, and addresses of advertised prefixes (RFC 4862). */
import { formatMac, linkLocalOf } from '../../config/address.js'
import type { Keeper } from '../../memento/keeper.js'
import type { Timer } from '../clock/clock.js'
import { addressAt, addressOf, isSame } from './address.js'
import type { Address, Arrival } from './network.js'
import type { Stack } from './stack.js'
import { copy, Protocol, setU32, solicitedNode, u16, u32 } from './wire.js'

const Type = { RS: 133, RA: 134, NS: 135, NA: 136 } as const
const Option = { SOURCE_MAC: 1, TARGET_MAC: 2, PREFIX: 3 } as const
const HEADER = 24
const CHECKSUM = 2
/** Nothing of it was routed (RFC 4861 7.1). */
const HOPS = 255
/** Of advertisements (RFC 4861 4.4). */
const SOLICITED = 0x40000000
const OVERRIDE = 0x20000000
const AUTONOMOUS = 0x40

const ALL_NODES = addressOf('ff02::1')
const ALL_ROUTERS = addressOf('ff02::2')
const UNSPECIFIED = addressOf('::')

export class NeighborDiscovery {
  #lifetime: Timer | undefined

  /** @param slaac takes addresses and the gateway from advertisements */
  constructor(
    private readonly stack: Stack,
    private readonly slaac: boolean,
  ) {}

  /** Takes the link-local address, and asks for routers where addresses are to come from them. */
  begin(): void {
    const address = addressOf({ family: 6, bytes: linkLocalOf(formatMac(this.stack.mac)) })
    this.stack.join(ALL_NODES.bytes)
    this.stack.addAddress({ address, length: 64, broadcast: undefined, isLinkLocal: true })
    if (this.slaac) this.stack.clock.after(0, () => this.#solicitRouters(address))
  }

  #solicitRouters(from: Address): void {
    const message = new Uint8Array(16)
    message[0] = Type.RS
    this.#putMac(message, 8, Option.SOURCE_MAC)
    this.#send(from, ALL_ROUTERS, message)
  }

  /** Asks who has an address: those whose address ends like it are listening. */
  solicit(target: Uint8Array): void {
    const to = addressOf({ family: 6, bytes: solicitedNode(target) })
    const from = this.stack.ip6.sourceFor(addressOf({ family: 6, bytes: target }))
    const message = new Uint8Array(HEADER + 8)
    message[0] = Type.NS
    message.set(target, 8)
    this.#putMac(message, HEADER, Option.SOURCE_MAC)
    this.#send(from, to, message)
  }

  #putMac(message: Uint8Array, at: number, option: number): void {
    message[at] = option
    message[at + 1] = 1
    message.set(this.stack.mac, at + 2)
  }

  #send(from: Address, to: Address, message: Uint8Array): void {
    this.stack.answer({ ttl: HOPS }, Protocol.ICMPV6, [from, to], message, CHECKSUM)
  }

  receive(arrival: Arrival): void {
    const { ttl, segment } = arrival
    if (ttl !== HOPS || segment[1] !== 0) return
    const type = segment[0]
    if (type === Type.NS && segment.length >= HEADER) this.#solicited(arrival)
    else if (type === Type.NA && segment.length >= HEADER) this.#advertised(segment)
    else if (type === Type.RA && segment.length >= 16 && this.slaac) this.#routed(arrival)
  }

  #solicited({ from, segment }: Arrival): void {
    const { ip6 } = this.stack
    if (!ip6.isOwn(segment, 8)) return
    const mac = optionAt(segment, HEADER, Option.SOURCE_MAC)
    const isProbe = isSame(from.bytes, UNSPECIFIED.bytes)
    if (mac !== undefined && !isProbe) this.#learn(from.bytes, segment, mac + 2, true)
    const own = addressAt(segment, 8, 6)
    if (isProbe) this.announce(own)
    else this.#advertise(own, from, SOLICITED | OVERRIDE)
  }

  /** Tells everybody on the link who has an address (RFC 4861 7.2.6). */
  announce(own: Address): void {
    this.#advertise(own, ALL_NODES, OVERRIDE)
  }

  #advertise(own: Address, to: Address, flags: number): void {
    const message = new Uint8Array(HEADER + 8)
    message[0] = Type.NA
    setU32(message, 4, flags)
    message.set(own.bytes, 8)
    this.#putMac(message, HEADER, Option.TARGET_MAC)
    this.#send(own, to, message)
  }

  #advertised(segment: Uint8Array): void {
    const mac = optionAt(segment, HEADER, Option.TARGET_MAC)
    if (mac === undefined || this.stack.ip6.isOwn(segment, 8)) return
    this.#learn(segment.subarray(8, 24), segment, mac + 2, false)
  }

  #learn(address: Uint8Array, bytes: Uint8Array, macAt: number, always: boolean): void {
    const both = new Uint8Array(22)
    both.set(address)
    copy(bytes, macAt, 6, both, 16)
    this.stack.ip6.neighbors.learn(both, 0, 16, always)
  }

  /** RFC 4862 5.5: an address of every advertised prefix; the router is the gateway for as long as it says. */
  #routed({ from, segment }: Arrival): void {
    const { ip6, clock } = this.stack
    const lifetime = u16(segment, 6)
    this.#lifetime?.cancel()
    ip6.gateway = lifetime > 0 ? addressOf(from) : undefined
    if (lifetime > 0) {
      const end = () => {
        ip6.gateway = undefined
      }
      this.#lifetime = clock.after(lifetime * 1000, end, 'background')
    }
    const mac = optionAt(segment, 16, Option.SOURCE_MAC)
    if (mac !== undefined) this.#learn(from.bytes, segment, mac + 2, true)
    for (const at of optionsAt(segment, 16)) {
      if (segment[at] === Option.PREFIX && segment[at + 1] === 4) this.#prefix(segment, at)
    }
  }

  #prefix(segment: Uint8Array, at: number): void {
    const isAutonomous = ((segment[at + 3] as number) & AUTONOMOUS) !== 0
    if (!isAutonomous || segment[at + 2] !== 64 || u32(segment, at + 4) === 0) return
    const bytes = linkLocalOf(formatMac(this.stack.mac))
    copy(segment, at + 16, 8, bytes, 0)
    if (this.stack.ip6.isOwn(bytes, 0)) return
    const address = addressOf({ family: 6, bytes })
    this.stack.addAddress({ address, length: 64, broadcast: undefined, isLinkLocal: false })
  }

  close(): void {
    this.#lifetime?.cancel()
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.handles([this.#lifetime], (lifetime) => {
      this.#lifetime = lifetime
    })
  }
}

/** Where options begin that are whole (RFC 4861 4.6). */
function* optionsAt(segment: Uint8Array, start: number): Iterable<number> {
  let at = start
  while (at + 8 <= segment.length) {
    const length = (segment[at + 1] as number) * 8
    if (length === 0 || at + length > segment.length) return
    yield at
    at += length
  }
}

function optionAt(segment: Uint8Array, start: number, type: number): number | undefined {
  for (const at of optionsAt(segment, start)) if (segment[at] === type) return at
  return undefined
}
