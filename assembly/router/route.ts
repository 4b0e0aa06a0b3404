/**
 * Routes: what a destination address is to the router. Local addresses, the broadcast addresses of a
 * network and what lies on a link are routes like those by hand, so that one look-up tells all.
 *
 * A record: 0 kind u32   4 fid u32 (the interface; 0 for none)   8 length u32 of the prefix in bits
 *   12 family u32 (4 or 6)   16 prefix, 16 octets (IPv4 in the first four)   32 next hop, 16 octets as
 *   a neighbour's address (neighbor.ts); zero where the destination is on the link itself; of a local
 *   address the number of the next one of its interface u32, and the bits of its network's prefix u32
 */
import { draft } from '../config'
import { DIRECTORY, Directory, hasRouter } from '../memory'
import { ROUTE_SIZE } from '../size'
import { insert, lookup, lookupWide, lookupWord } from '../table/trie'
import { mix } from '../wire/ipv6'
import { Interface, interfaceOf, RouterHead, routerPart, routesOf, trieOf } from './interface'

export namespace Route {
  export const KIND: usize = 0
  export const FID: usize = 4
  export const LENGTH: usize = 8
  export const FAMILY: usize = 12
  export const PREFIX: usize = 16
  export const NEXT_HOP: usize = 32
  /** Of a local address, u32: bits of its network's prefix. */
  export const NETWORK: usize = 36

  /** Kinds; the same in src/dataplane/abi.ts. */
  /** One of the router's own addresses. */
  export const LOCAL: u32 = 1
  /** On the link. */
  export const CONNECTED: u32 = 2
  /** The broadcast address of a network (RFC 919), or its first address (RFC 1812 section 4.2.3.1). */
  export const BROADCAST: u32 = 3
  /** By hand: to a next hop, or on the link. */
  export const STATIC: u32 = 4
  /** By hand: nowhere. */
  export const UNREACHABLE: u32 = 5
}

export const ROOT4: u32 = 0
export const ROOT6: u32 = 1

/** The record of the route to the IPv4 address that stands at `address`, or 0. */
@inline
export function routeTo4(config: usize, address: usize): usize {
  return recordOf(config, lookup(trieOf(config), ROOT4, address))
}

/** The same for an IPv6 address. */
@inline
export function routeTo6(config: usize, address: usize): usize {
  return recordOf(config, lookupWide(trieOf(config), ROOT6, address))
}

/**
 * False if the IPv6 address at `address` is not the router's own: that is what most are asked, and each of
 * the router's sets one of 256 bits.
 */
@inline
export function mayBeOwn(config: usize, address: usize): bool {
  const bit = mix(address) >> 24
  return ((<u32>load<u8>(ownBits(config, bit)) >> (bit & 7)) & 1) != 0
}

/** The octet of a bit. */
@inline
function ownBits(config: usize, bit: u32): usize {
  return routerPart(config) + RouterHead.OWN + (bit >> 3)
}

/** The same for an IPv4 address in host order, and a loop that knows where trie and routes are. */
@inline
export function routeBy(trie: usize, routes: usize, address: u32): usize {
  return routeOfNumber(routes, lookupWord(trie, ROOT4, address))
}

/** The record of route `number`, from 1; 0 of number 0. */
@inline
export function routeOfNumber(routes: usize, number: u32): usize {
  return number == 0 ? 0 : routes + <usize>(number - 1) * ROUTE_SIZE
}

@inline
function recordOf(config: usize, value: u32): usize {
  return routeOfNumber(routesOf(config), value)
}

@inline
export function routeCount(config: usize): u32 {
  return load<u32>(routerPart(config), RouterHead.ROUTES)
}

@inline
export function routeAt(config: usize, index: u32): usize {
  return routesOf(config) + <usize>index * ROUTE_SIZE
}

/** True if the address of the family at `address` is the router's own on the interface of `fid`. */
export function isOwnAddress(config: usize, family: u32, address: usize, fid: u32): bool {
  const route = family == 4 ? routeTo4(config, address) : routeTo6(config, address)
  if (route == 0 || load<u32>(route) != Route.LOCAL) return false
  return load<u32>(route, Route.FID) == fid
}

/** True if the address lies in a network that the interface of `fid` is connected to. */
export function isOnLink(config: usize, family: u32, address: usize, fid: u32): bool {
  const route = family == 4 ? routeTo4(config, address) : routeTo6(config, address)
  if (route == 0 || load<u32>(route, Route.FID) != fid) return false
  const kind = load<u32>(route)
  return kind == Route.CONNECTED || (kind == Route.STATIC && isZero(route + Route.NEXT_HOP))
}

@inline
export function isZero(address: usize): bool {
  return (load<u64>(address) | load<u64>(address, 8)) == 0
}

/** The routes to the addresses of an interface, in the order of the config: the first, or 0. */
export function firstAddress(config: usize, fid: u32): usize {
  const own = interfaceOf(config, fid)
  return own == 0 ? 0 : numbered(config, load<u32>(own, Interface.FIRST))
}

/** The one behind `route`, or 0. */
export function nextAddress(config: usize, route: usize): usize {
  return numbered(config, load<u32>(route, Route.NEXT_HOP))
}

@inline
function numbered(config: usize, number: u32): usize {
  return number == 0 ? 0 : routeAt(config, number - 1)
}

/**
 * An address of the interface for the router to speak from to `address`: the one in the same
 * network, else its first. Returns where it stands, or 0 if there is none.
 */
export function sourceFor(config: usize, family: u32, address: usize, fid: u32): usize {
  let first: usize = 0
  let best: usize = 0
  let longest: u32 = 0
  for (let route = firstAddress(config, fid); route != 0; route = nextAddress(config, route)) {
    if (load<u32>(route, Route.FAMILY) != family) continue
    const prefix = route + Route.PREFIX
    if (first == 0) first = prefix
    const shared = commonBits(prefix, address, family == 4 ? 4 : 16)
    if (shared <= longest) continue
    longest = shared
    best = prefix
  }
  return best != 0 ? best : first
}

function commonBits(one: usize, other: usize, octets: u32): u32 {
  for (let at: u32 = 0; at < octets; at++) {
    const differ = <u32>(load<u8>(one + at) ^ load<u8>(other + at))
    if (differ != 0) return (at << 3) + clz(differ) - 24
  }
  return octets << 3
}

/**
 * Adds a route to the open change: those of shorter prefixes first. Prefix and next hop are four
 * words each, as loads of their octets give them; an IPv4 next hop is a mapped address (RFC 4291
 * section 2.5.5.2). False when there is no room for it.
 */
export function configRoute(
  kind: u32,
  family: u32,
  length: u32,
  fid: u32,
  a: u32,
  b: u32,
  c: u32,
  d: u32,
  na: u32,
  nb: u32,
  nc: u32,
  nd: u32,
): bool {
  if (!hasRouter()) return false
  const config = draft()
  const index = routeCount(config)
  if (index == load<u32>(DIRECTORY, Directory.MAX_ROUTES)) return false
  const record = routeAt(config, index)
  store<u32>(record, kind)
  store<u32>(record, fid, Route.FID)
  store<u32>(record, length, Route.LENGTH)
  store<u32>(record, family, Route.FAMILY)
  store<u64>(record, <u64>a | ((<u64>b) << 32), Route.PREFIX)
  store<u64>(record, <u64>c | ((<u64>d) << 32), Route.PREFIX + 8)
  store<u64>(record, <u64>na | ((<u64>nb) << 32), Route.NEXT_HOP)
  store<u64>(record, <u64>nc | ((<u64>nd) << 32), Route.NEXT_HOP + 8)
  const root = family == 4 ? ROOT4 : ROOT6
  if (!insert(trieOf(config), root, record + Route.PREFIX, length, index + 1)) return false
  store<u32>(routerPart(config), index + 1, RouterHead.ROUTES)
  if (kind != Route.LOCAL) return true
  chain(config, record, fid, index + 1)
  if (family == 4) return true
  const bit = mix(record + Route.PREFIX) >> 24
  const octet = ownBits(config, bit)
  const set: u32 = 1 << (bit & 7)
  store<u8>(octet, load<u8>(octet) | <u8>set)
  return true
}

/** Puts a local address behind the others of its interface. */
function chain(config: usize, record: usize, fid: u32, number: u32): void {
  const own = interfaceOf(config, fid)
  if (own == 0) return
  const last = load<u32>(own, Interface.LAST)
  if (last == 0) store<u32>(own, number, Interface.FIRST)
  else store<u32>(routeAt(config, last - 1), number, Route.NEXT_HOP)
  store<u32>(own, number, Interface.LAST)
  store<u32>(record, 0, Route.NEXT_HOP)
}
