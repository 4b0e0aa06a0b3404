/**
 * Where tunnels of a switch end on a bridge of the lab: a host there, with a link and a stack as others, whose UDP
 * sockets are the underlay of the switch. What the stack knows of the way to a peer its tunnels know.
 */

import { formatMac } from '../config/address.js'
import { quote } from '../config/describe.js'
import type { ConfigInput } from '../config/types.js'
import { SOURCES } from '../dataplane/tunnel-plans.js'
import type { Refusal, Underlay, UnderlayDatagram } from '../device/memory-underlay.js'
import { LinkspanError } from '../error.js'
import type { Keeper } from '../memento/keeper.js'
import type { Bridge } from './bridge.js'
import { addressOf } from './host/address.js'
import type { Host } from './host/host.js'
import type { Address, Arrival, Failure, Transport } from './host/network.js'
import type { Stack } from './host/stack.js'
import { UDP_CHECKSUM, udpPayload, udpSegment } from './host/udp.js'
import { Protocol, u16 } from './host/wire.js'
import { type HostOptions, type HostPlan, planHost } from './host-options.js'
import type { LabSwitch } from './lab-switch.js'
import type { Link } from './link/link.js'
import type { Member } from './link/partition.js'
import { linkName, type UplinkHost } from './uplinks.js'

/** The underlay of a config, on a bridge of the lab. */
export type LabUnderlayInput = Omit<NonNullable<ConfigInput['underlay']>, 'addresses' | 'netns'> &
  Pick<HostOptions, 'addresses' | 'gateway' | 'mac'> & { bridge: Bridge | string }

export interface UnderlayPlan {
  /** Of its link, and of its port of the bridge's switch. */
  readonly link: string
  readonly to: Bridge
  readonly host: HostPlan
  readonly config: NonNullable<ConfigInput['underlay']>
}

/** @throws LinkspanError; nothing is taken yet */
export function planUnderlay(
  on: LabSwitch,
  lab: UplinkHost,
  { bridge, addresses, gateway, mac, ...others }: LabUnderlayInput,
): UnderlayPlan {
  const to = lab.bridgeOf(bridge)
  const link = linkName(on, 'underlay', to)
  lab.linkMustBeNew(link)
  to.on.plugs.mustHaveRoom([link])
  const options = {
    ...(addresses !== undefined && { addresses }),
    ...(gateway !== undefined && { gateway }),
    ...(mac !== undefined && { mac }),
  }
  const host = planHost(`the underlay of switch ${quote(on.name)}`, link, to, options)
  const own = host.claim.prefixes.map((prefix) => addressOf(prefix).text)
  return { link, to, host, config: { ...others, addresses: own } }
}

/** Octets of IP headers without options. */
const IP_HEADER = { 4: 20, 6: 40 } as const

export class UnderlayEnd implements Transport, Member {
  readonly #peers = new Map<string, Address>()
  readonly #underlay: Underlay

  /** @param wake is called when something came for the switch */
  constructor(
    private readonly host: Host,
    private readonly stack: Stack,
    underlay: Underlay,
    private readonly wake: () => void,
  ) {
    this.#underlay = underlay
    underlay.mtu = stack.mtu
    underlay.onDatagram((datagram) => this.#send(datagram))
    stack.plug(Protocol.UDP, this)
  }

  get name(): string {
    return this.host.name
  }
  get mac(): string {
    return formatMac(this.stack.mac)
  }
  get link(): Link {
    return this.host.link
  }
  own(): readonly Address[] {
    return this.stack.own
  }

  /** Never in fragments (RFC 7348 4.3): what is too long for the way does not leave, what fits has DF set. */
  #send(datagram: UnderlayDatagram): Refusal | undefined {
    const { to, sourcePort, destinationPort, octets, ttl, dscp, ecn } = datagram
    const peer = this.#peers.get(to) ?? addressOf(to)
    this.#peers.set(to, peer)
    const segment = udpSegment(sourcePort, destinationPort, octets)
    const mtu = this.stack.mtuTo(peer)
    if (IP_HEADER[peer.family] + segment.length > mtu) {
      this.#underlay.failed({ to, reason: 'too-big', mtu })
      return 'too-big'
    }
    const own = this.stack.own.find(({ text }) => text === datagram.from) as Address
    const options = { ttl, trafficClass: (dscp << 2) | ecn }
    try {
      this.stack.sendWith(options, Protocol.UDP, [own, peer], segment, UDP_CHECKSUM)
      return undefined
    } catch (error) {
      if (error instanceof LinkspanError && error.code === 'UNREACHABLE') return 'unreachable'
      throw error
    }
  }

  receive({ from, to, ttl, trafficClass = 0, segment }: Arrival): boolean {
    const octets = udpPayload(segment)
    if (octets === undefined) return true
    const [sourcePort, destinationPort] = [u16(segment, 0), u16(segment, 2)]
    const isOurs = this.#underlay.send({
      ...{ from: from.text, to: to.text, sourcePort, destinationPort, octets, ttl },
      ...{ dscp: trafficClass >>> 2, ecn: trafficClass & 3 },
    })
    if (isOurs) this.wake()
    // Sockets that only send take nothing in, and say nothing.
    return isOurs || isSource(destinationPort)
  }

  /** What the network said of a datagram: of those alone that are the switch's. */
  failed({ reason, destination, segment, mtu }: Failure): void {
    if (!isSource(u16(segment, 0))) return
    const to = destination.text
    if (reason !== 'too-big') this.#underlay.failed({ to, reason: 'unreachable' })
    else this.#underlay.failed({ to, reason, ...(mtu !== undefined && { mtu }) })
    this.wake()
  }

  close(): void {}

  keep(keeper: Keeper): void {
    keeper.part(this.#underlay)
    keeper.part(this.stack)
  }
}

const isSource = (port: number) => port >= SOURCES.first && port < SOURCES.first + SOURCES.count
