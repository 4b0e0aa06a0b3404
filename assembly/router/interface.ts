/**
 * The router's interfaces: at most one a broadcast domain, named by its FID. They belong to the
 * config, in a part of the buffer of their own that every change writes anew:
 *
 *   head { 0 interfaces u32, 4 routes u32, 32 own, 256 bits, see route.ts }, INTERFACES_MAX interface records, a u16 a domain (the
 *   number of its interface from 1, 0 for none), route records, the trie (table/trie.ts)
 *
 * An interface: 0 mac u64   8 fid u32   12 flags u32   16 mtu u32   20 identity u32 (changes with its
 *   MAC or addresses)   24 first, 28 last of its addresses u32 (numbers of routes, see route.ts)
 *   32 link-local address, 16 octets   48 vid u32
 */
import { draft } from '../config'
import { DIRECTORY, Directory, directory, hasRouter } from '../memory'
import { networkOffsetOf } from '../packet'
import { INTERFACE_SIZE, INTERFACES_MAX, nodesFor, ROUTE_SIZE, ROUTER_HEAD_SIZE } from '../size'
import { clear } from '../table/trie'
import { destinationOf, EtherType, etherTypeAt, sourceOf } from '../wire/ethernet'
import { TCP } from '../wire/tcp'
import { UDP } from '../wire/udp'

export namespace RouterHead {
  export const INTERFACES: usize = 0
  export const ROUTES: usize = 4
  export const OWN: usize = 32
}

export namespace Interface {
  export const MAC: usize = 0
  export const FID: usize = 8
  export const FLAGS: usize = 12
  export const MTU: usize = 16
  export const IDENTITY: usize = 20
  export const FIRST: usize = 24
  export const LAST: usize = 28
  export const LINK_LOCAL: usize = 32
  export const VID: usize = 48

  /** A port on which the router is a host of an outer network. */
  export const UPLINK: u32 = 1
  /** Advertises itself as a router (RFC 4861). */
  export const ADVERTISE: u32 = 2
}

@inline
export function routerPart(config: usize): usize {
  return config + <usize>load<u32>(DIRECTORY, Directory.ROUTER)
}

@inline
export function interfaceAt(config: usize, index: u32): usize {
  return routerPart(config) + ROUTER_HEAD_SIZE + <usize>index * INTERFACE_SIZE
}

@inline
export function interfaceCount(config: usize): u32 {
  return load<u32>(routerPart(config), RouterHead.INTERFACES)
}

/** Which interface each domain has. */
@inline
function mapOf(config: usize): usize {
  return interfaceAt(config, INTERFACES_MAX)
}

@inline
export function routesOf(config: usize): usize {
  return mapOf(config) + ((directory(Directory.MAX_DOMAINS) * 2 + 15) & ~15)
}

@inline
export function trieOf(config: usize): usize {
  const end = routesOf(config) + directory(Directory.MAX_ROUTES) * ROUTE_SIZE
  return (end + 63) & ~63
}

/** The interface of a domain, or 0. */
@inline
export function interfaceOf(config: usize, fid: u32): usize {
  const index = <u32>load<u16>(mapOf(config) + ((<usize>fid) << 1))
  return index == 0 ? 0 : interfaceAt(config, index - 1)
}

/** No MAC of a frame, which has 48 bits: of a domain without interface. */
export const NO_MAC: u64 = u64.MAX_VALUE

/** The MAC of the interface of a domain, or NO_MAC. */
@inline
export function interfaceMac(config: usize, fid: u32): u64 {
  if (!hasRouter()) return NO_MAC
  const own = interfaceOf(config, fid)
  return own == 0 ? NO_MAC : load<u64>(own)
}

/**
 * True for a frame that the router of its domain, whose MAC is `mac`, has to look at: to or from that
 * MAC, ARP, or IPv6 that may be neighbour discovery.
 */
@inline
export function concerns(frame: usize, address: usize, mac: u64): bool {
  if (destinationOf(address) == mac || sourceOf(address) == mac) return true
  const at = networkOffsetOf(frame)
  const type = etherTypeAt(address, at - 2)
  if (type == EtherType.IPV4) return false
  if (type != EtherType.IPV6) return type == EtherType.ARP
  const next = <u32>load<u8>(address + at, 6)
  return next != TCP.PROTOCOL && next != UDP.PROTOCOL
}

/** In an open change: forgets all interfaces and routes; they are set anew. */
export function configRouter(): void {
  if (!hasRouter()) return
  const config = draft()
  memory.fill(routerPart(config), 0, ROUTER_HEAD_SIZE)
  memory.fill(mapOf(config), 0, directory(Directory.MAX_DOMAINS) * 2)
  clear(trieOf(config), nodesFor(load<u32>(DIRECTORY, Directory.MAX_ROUTES)) - 1)
}

/**
 * Gives a domain an interface: its MAC as its first two octets and its last four, its link-local
 * address as four words. Not twice in a change. False when there is no room.
 */
export function configInterface(
  fid: u32,
  flags: u32,
  macHigh: u32,
  macLow: u32,
  mtu: u32,
  vid: u32,
  identity: u32,
  a: u32,
  b: u32,
  c: u32,
  d: u32,
): bool {
  if (!hasRouter()) return false
  const config = draft()
  const head = routerPart(config)
  const index = load<u32>(head, RouterHead.INTERFACES)
  if (index == INTERFACES_MAX) return false
  const record = interfaceAt(config, index)
  memory.fill(record, 0, INTERFACE_SIZE)
  store<u64>(record, bswap<u64>(((<u64>macHigh) << 32) | <u64>macLow) >> 16)
  store<u32>(record, fid, Interface.FID)
  store<u32>(record, flags, Interface.FLAGS)
  store<u32>(record, mtu, Interface.MTU)
  store<u32>(record, identity, Interface.IDENTITY)
  store<u32>(record, a, Interface.LINK_LOCAL)
  store<u32>(record, b, Interface.LINK_LOCAL + 4)
  store<u32>(record, c, Interface.LINK_LOCAL + 8)
  store<u32>(record, d, Interface.LINK_LOCAL + 12)
  store<u32>(record, vid, Interface.VID)
  store<u16>(mapOf(config) + ((<usize>fid) << 1), <u16>(index + 1))
  store<u32>(head, index + 1, RouterHead.INTERFACES)
  return true
}
