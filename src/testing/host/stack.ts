/**
 * A host's stack below its transports: Ethernet, ARP and neighbour discovery, IP of both families. What
 * comes in is checked here, once; what goes out gets its checksum here.
 */

import { isLoopback } from '../../config/address.js'
import type { Keeper } from '../../memento/keeper.js'
import { checksumOf, fold, sumOf } from '../../packet/checksum.js'
import type { Timeline } from '../clock/timeline.js'
import type { Random } from '../random.js'
import { addressOf, Seen } from './address.js'
import { type ArpHost, announceArp, receiveArp, requestArp } from './arp.js'
import { header4, header6, type ReadHeader } from './header.js'
import { Icmp } from './icmp.js'
import { Ip, type IpHost } from './ip.js'
import { LOCALHOST, LOOPBACK } from './loopback.js'
import { mustBeLoss } from './loss.js'
import { NeighborDiscovery } from './nd.js'
import type { Address, Arrival, Failure, Network, Transport } from './network.js'
import type { OwnAddress } from './own-addresses.js'
import {
  ETHERNET,
  EtherType,
  groupMac,
  macNumber,
  Protocol,
  setU16,
  solicitedNode,
  u16,
  u32,
} from './wire.js'

/** Room for the longest packet and its Ethernet header. */
const BUFFER = ETHERNET + 40 + 65_535
/** Made in there and copied on: one for all hosts, since none is interrupted. */
const buffer = new Uint8Array(BUFFER)

/** Addresses are the same whoever reads them. */
const seen = new Seen()

/** RFC 1122 3.2.1.7, IANA: TTL of what says nothing else. */
export const TTL = 64

export interface StackOptions {
  readonly name: string
  readonly clock: Timeline
  readonly random: Random
  readonly mac: Uint8Array
  /** Octets of IP. */
  readonly mtu: number
  /** Takes addresses of router advertisements (RFC 4862). */
  readonly slaac: boolean
  /** Sends a frame; its octets are used again when it returns. */
  transmit(frame: Uint8Array): void
}

export interface SendOptions {
  readonly ttl?: number
  readonly dontFragment?: boolean
  /** DSCP and ECN, as the octet of the IP header; 0 if left out. */
  readonly trafficClass?: number
  /** true: what goes to a group that we are in, or to everybody, comes to us too. */
  readonly loops?: boolean
}

export class Stack implements Network, IpHost, ArpHost {
  readonly name: string
  readonly clock: Timeline
  readonly mac: Uint8Array
  /** The same as numbers: a frame is looked at in one place less. */
  readonly #macHigh: number
  readonly #macLow: number
  readonly mtu: number
  readonly buffer = buffer
  readonly ip4: Ip
  readonly ip6: Ip
  readonly icmp: Icmp
  readonly nd: NeighborDiscovery
  readonly transmit: (frame: Uint8Array) => void
  readonly #random: Random
  /** Addresses of ours that mean something elsewhere, in the order in which we got them. */
  readonly own: Address[] = []
  readonly #transports = new Map<number, Transport>()
  readonly #groups = new Map<number, number>()
  /** Packets whose checksum was wrong. */
  damaged = 0

  constructor(options: StackOptions) {
    this.name = options.name
    this.clock = options.clock
    this.mac = options.mac
    this.#macHigh = u16(options.mac, 0)
    this.#macLow = u32(options.mac, 2)
    this.mtu = options.mtu
    this.transmit = options.transmit
    this.#random = options.random
    this.ip4 = new Ip(header4, this)
    this.ip6 = new Ip(header6, this)
    this.nd = new NeighborDiscovery(this, options.slaac)
    this.icmp = new Icmp(this)
    this.plug(Protocol.ICMP, this.icmp)
    this.plug(Protocol.ICMPV6, this.icmp)
  }

  get neighbors() {
    return this.ip4.neighbors
  }

  /** Hands packets of a protocol to a transport. */
  plug(protocol: number, transport: Transport): void {
    this.#transports.set(protocol, transport)
  }

  random(): number {
    return this.#random.u32()
  }

  ipOf(address: Address): Ip {
    return address.family === 4 ? this.ip4 : this.ip6
  }

  addAddress(own: OwnAddress): void {
    this.ipOf(own.address).add(own)
    if (!own.isLinkLocal) this.own.push(own.address)
    if (own.address.family === 6) this.join(solicitedNode(own.address.bytes))
  }

  /** Tells the link that an address is ours now: others may know another one who had it. */
  announce(address: Address): void {
    if (address.family === 4) announceArp(this, address.bytes)
    else this.nd.announce(address)
  }

  removeAddress(address: Address): void {
    this.ipOf(address).remove(address)
    this.own.splice(this.own.indexOf(address), 1)
    if (address.family === 6) this.leave(solicitedNode(address.bytes))
  }

  /** Takes in what is sent to a group, or not any more. */
  join(group: Uint8Array): void {
    const mac = macNumber(groupMac(group) as Uint8Array)
    this.#groups.set(mac, (this.#groups.get(mac) ?? 0) + 1)
    ;(group.length === 4 ? this.ip4 : this.ip6).join(group)
  }
  leave(group: Uint8Array): void {
    const mac = macNumber(groupMac(group) as Uint8Array)
    const left = (this.#groups.get(mac) ?? 0) - 1
    if (left > 0) this.#groups.set(mac, left)
    else this.#groups.delete(mac)
    ;(group.length === 4 ? this.ip4 : this.ip6).leave(group)
  }

  /** A frame from the link; its octets are good for the call only. */
  receive(frame: Uint8Array): void {
    if (frame.length < ETHERNET || !this.#isForUs(frame)) return
    const type = u16(frame, 12)
    if (type === EtherType.IPV4) this.ip4.receive(frame)
    else if (type === EtherType.ARP) receiveArp(this, frame)
    else if (type === EtherType.IPV6) this.ip6.receive(frame)
  }

  #isForUs(frame: Uint8Array): boolean {
    if (((frame[0] as number) & 1) === 0) {
      return u32(frame, 2) === this.#macLow && u16(frame, 0) === this.#macHigh
    }
    if (frame[0] === 255) return true
    return this.#groups.has(macNumber(frame))
  }

  /** The address of ours that is written so, a loopback address too. @throws InvalidError where it is none */
  ownAddress(text: string): Address | undefined {
    if (text === LOCALHOST) return LOOPBACK[4]
    const asked = addressOf(text)
    if (isLoopback(asked)) return asked
    return this.own.find((one) => one.text === asked.text)
  }

  isOwn(bytes: Uint8Array, at: number): boolean {
    return this.ip4.isOwn(bytes, at)
  }

  solicit(family: 4 | 6, address: Uint8Array): void {
    if (family === 6) return this.nd.solicit(address)
    const near = this.ip4.own[0]
    if (near) requestArp(this, near.address.bytes, address)
  }

  /** Of an upper-layer packet with its pseudo-header; addresses stand one behind the other. */
  #sum(ip: Ip, addresses: Uint8Array, at: number, protocol: number, segment: Uint8Array): number {
    const sum = sumOf(segment)
    if (protocol === Protocol.ICMP) return sum
    const pseudo = sumOf(addresses, at, at + 2 * ip.codec.address)
    return fold(sum + pseudo + protocol + segment.length)
  }

  deliver(ip: Ip, frame: Uint8Array, at: number, header: ReadHeader): void {
    const { protocol, source, start, end } = header
    const segment = frame.subarray(start, end)
    const transport = this.#transports.get(protocol)
    if (transport === undefined) {
      return this.icmp.refuse(ip, frame, at, end, 'protocol-unreachable')
    }
    const isUnsummed = protocol === Protocol.UDP && ip.codec.family === 4 && u16(segment, 6) === 0
    if (!isUnsummed && this.#sum(ip, frame, source, protocol, segment) !== 0xffff) {
      this.damaged++
      return
    }
    const { family } = ip.codec
    const arrival: Arrival = {
      from: seen.at(frame, source, family),
      to: seen.at(frame, header.destination, family),
      ttl: header.ttl,
      trafficClass: header.trafficClass,
      segment,
    }
    if (!transport.receive(arrival)) this.icmp.refuse(ip, frame, at, end, 'port-unreachable')
  }

  sourceFor(to: Address): Address {
    return this.ipOf(to).sourceFor(to)
  }

  mtuTo(to: Address): number {
    return this.ipOf(to).paths.to(to.bytes)
  }

  send(
    protocol: number,
    from: Address,
    to: Address,
    segment: Uint8Array,
    checksumAt: number,
  ): void {
    this.sendWith({}, protocol, [from, to], segment, checksumAt)
  }

  /** The same with a TTL, or so that routers do not cut it. */
  sendWith(
    options: SendOptions,
    protocol: number,
    [from, to]: readonly [from: Address, to: Address],
    segment: Uint8Array,
    checksumAt: number,
  ): void {
    const ip = this.ipOf(to)
    setU16(segment, checksumAt, 0)
    const pseudo = protocol === Protocol.ICMP ? 0 : sumOf(from.bytes) + sumOf(to.bytes) + protocol
    const length = protocol === Protocol.ICMP ? 0 : segment.length
    const sum = checksumOf(sumOf(segment) + pseudo + length)
    // RFC 768: zero would say that there is none.
    setU16(segment, checksumAt, sum === 0 && protocol === Protocol.UDP ? 0xffff : sum)
    const { ttl = TTL, dontFragment = false, trafficClass = 0, loops = false } = options
    ip.send({ protocol, from, to, ttl, dontFragment, trafficClass, loops }, segment)
  }

  /** The same of an answer: where there is no way back, it is lost. */
  answer(...what: Parameters<Stack['sendWith']>): void {
    try {
      this.sendWith(...what)
    } catch (error) {
      mustBeLoss(error)
    }
  }

  undelivered(
    ip: Ip,
    packet: Uint8Array,
    reason: 'host-unreachable' | 'too-big',
    mtu?: number,
  ): void {
    this.icmp.undelivered(ip, packet, reason, mtu)
  }

  /** Tells a transport what became of a packet of its. */
  failed(failure: Failure): void {
    this.#transports.get(failure.protocol)?.failed(failure)
  }

  address(bytes: Uint8Array, at: number, family: 4 | 6): Address {
    return seen.at(bytes, at, family)
  }

  close(): void {
    this.ip4.close()
    this.ip6.close()
    this.nd.close()
    for (const transport of new Set(this.#transports.values())) transport.close()
  }

  /** @internal */
  keep(keeper: Keeper): void {
    for (const part of [this.ip4, this.ip6, this.nd, this.#random]) keeper.part(part)
    for (const transport of this.#transports.values()) keeper.part(transport)
    keeper.list(this.own)
    keeper.map(this.#groups)
    keeper.values([this.damaged], (damaged) => {
      this.damaged = damaged
    })
  }
}
