/** What the router's interfaces and routes are, and which routes follow from an interface; pure. */
import {
  isLinkLocal,
  lastOf,
  linkLocalOf,
  networkOf,
  type Prefix,
  parseAddress,
} from '../config/address.js'
import { type neighborStates, RouteKind, type Words } from './abi.js'
import { wordsOf } from './port-record.js'
import type { RouteRecord } from './router-records.js'

/** The broadcast domain that an interface is on; `vlan` on a VLAN-aware bridge, 1 if left out. */
export interface RouterDomain {
  bridge: string
  vlan?: number | undefined
}

export interface InterfaceSettings {
  mac: string
  /** With the length of the network's prefix: `10.55.0.1/24`. */
  addresses: readonly string[]
  mtu: number
  /** Sends router advertisements. */
  advertise: boolean
  uplink: boolean
}

export interface RouteSettings {
  to: string
  via?: string | undefined
  /** Left out: the one whose network `via` is in. Without `via`: on the link; without both: nowhere. */
  interface?: RouterDomain | undefined
  /** Of routes to the same prefix the lowest counts. */
  metric?: number | undefined
}

export interface RouteState {
  to: string
  via: string | null
  bridge: string | null
  kind: 'local' | 'connected' | 'static'
}

export interface StaticNeighbor extends RouterDomain {
  address: string
  mac: string
}

export interface NeighborState {
  bridge: string
  vlan: number | null
  address: string
  mac: string | null
  state: (typeof neighborStates)[number]
  /** Milliseconds since it was confirmed; null if it never was, or is static. */
  age: number | null
}

export interface Interface extends InterfaceSettings {
  domain: RouterDomain
  identity: number
  prefixes: readonly Prefix[]
}

/** A route to be: where it stands among those of the same prefix, the last of which counts. */
export interface Candidate extends Omit<RouteRecord, 'fid' | 'prefix' | 'nextHop'> {
  domain: RouterDomain | undefined
  bytes: Uint8Array
  via: string | undefined
  /** Of a local address: bits of its network's prefix. */
  network?: number
  rank: number
}

/** An IPv4 address as its four octets. */
export function unmapped(octets: Uint8Array): Uint8Array {
  const head = octets.subarray(0, 12)
  const isMapped = head.every((octet, index) => octet === (index < 10 ? 0 : 0xff))
  return isMapped ? octets.subarray(12) : octets
}

export function keyOf({ bridge, vlan }: RouterDomain): string {
  return `${bridge}/${vlan ?? ''}`
}

export function sameIdentity(one: InterfaceSettings, other: InterfaceSettings): boolean {
  return one.mac === other.mac && one.addresses.join() === other.addresses.join()
}

/** The interface's link-local address: one that it was given, else that of its MAC. */
export function ownLinkLocal({ mac, prefixes }: Pick<Interface, 'mac' | 'prefixes'>): Uint8Array {
  const given = prefixes.find(isLinkLocal)
  return given?.bytes ?? linkLocalOf(mac)
}

/** An address as a neighbour's: IPv4 as a mapped one (RFC 4291 2.5.5.2). */
export function neighborOctets(text: string): Uint8Array {
  const { family, bytes } = parseAddress(text)
  if (family === 6) return bytes
  return Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...bytes)
}

export const neighborWords = (text: string): Words => wordsOf(neighborOctets(text))

const NETWORK_RANK = 0
const ADDRESS_RANK = 1
/** An address on the link itself may be another's network address: it counts more. */
const LOCAL_RANK = 2

export function routesOfInterface({ domain, prefixes }: Interface): Candidate[] {
  return prefixes.flatMap((prefix) => {
    const { family, bytes, length } = prefix
    if (family === 6 && isLinkLocal(prefix)) return []
    const bits = bytes.length * 8
    const make = (kind: number, of: Uint8Array, size: number, rank: number): Candidate => {
      return { kind, family, length: size, domain, bytes: of, via: undefined, rank }
    }
    const routes: Candidate[] = [
      { ...make(RouteKind.LOCAL, bytes, bits, LOCAL_RANK), network: length },
    ]
    if (length === bits) return routes
    const { bytes: network } = networkOf(prefix)
    routes.push(make(RouteKind.CONNECTED, network, length, NETWORK_RANK))
    // A network of two hosts has no such addresses (RFC 3021).
    if (family === 4 && length <= 30) {
      routes.push(make(RouteKind.BROADCAST, network, bits, ADDRESS_RANK))
      routes.push(make(RouteKind.BROADCAST, lastOf(prefix).bytes, bits, ADDRESS_RANK))
    }
    return routes
  })
}
