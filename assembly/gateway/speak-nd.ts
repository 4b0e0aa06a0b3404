/** What the router says by neighbour discovery (RFC 4861). */
import { Frame } from '../frame'
import { writeEthernet } from '../router/arp'
import { Advertised, isLinkLocal, Option } from '../router/discovery'
import { HOPS } from '../router/echo'
import { sealMessage, writeIPv6 } from '../router/icmp'
import { Interface } from '../router/interface'
import { firstAddress, nextAddress, Route, sourceFor } from '../router/route'
import { BROADCAST, Ethernet, EtherType, sourceOf } from '../wire/ethernet'
import { Icmpv6 } from '../wire/icmpv6'
import { IPv6 } from '../wire/ipv6'
import { swap16, swap32 } from '../wire/order'
import { begin, toMac, toPort } from './emit'

/** Neighbour discovery is only from one's own link (RFC 4861 section 3.1). */
const LINK_HOPS: u32 = 255
const AT: u32 = Ethernet.HEADER + IPv6.HEADER
/** Octets of a solicitation or advertisement with a link-layer address. */
const MESSAGE: u32 = 32
/** ff02::1 and ff02::1:ff00:0 as loads give them, and the MACs of IPv6 groups (RFC 2464 section 7). */
const GROUP: u64 = 0x2ff
const ALL_NODES: u64 = 0x0100000000000000
const SOLICITED_NODE: u64 = 0x000000ff01000000
export const ALL_NODES_MAC: u64 = 0x010000003333
const SOLICITED_MAC: u64 = 0xff3333

/** Seconds: what RFC 4861 section 6.2.1 gives routers to say. */
const ROUTER_LIFETIME: u32 = 1800
const VALID_LIFETIME: u32 = 2592000
const PREFERRED_LIFETIME: u32 = 604800

/** Starts a message of ours of `length` octets: its frame, or 0. */
function start(worker: u32, block: usize, own: usize, length: u32, source: usize): usize {
  const frame = begin(worker, block, load<u32>(own, Interface.FID), AT + length)
  if (frame == 0) return 0
  const packet = <usize>load<u32>(frame, Frame.ADDRESS) + Ethernet.HEADER
  memory.fill(packet, 0, IPv6.HEADER + length)
  writeIPv6(packet, length, LINK_HOPS)
  memory.copy(packet + 8, source, 16)
  return frame
}

@inline
function address(frame: usize): usize {
  return <usize>load<u32>(frame, Frame.ADDRESS)
}

function writeGroup(at: usize, upper: u64): void {
  store<u64>(at, GROUP)
  store<u64>(at, upper, 8)
}

/** A link-layer address option. */
@inline
function writeOption(at: usize, kind: u32, mac: u64): void {
  store<u64>(at, <u64>(kind | 0x100) | (mac << 16))
}

/** Asks who has an address: the group of those who may, or with the MAC of a neighbour that one. */
export function askByNd(
  worker: u32,
  block: usize,
  config: usize,
  own: usize,
  lower: u64,
  upper: u64,
  mac: u64,
  entries: u32,
): u32 {
  const frame = start(worker, block, own, MESSAGE, own + Interface.LINK_LOCAL)
  if (frame == 0) return entries
  const packet = address(frame) + Ethernet.HEADER
  const message = packet + IPv6.HEADER
  store<u8>(message, <u8>Icmpv6.NEIGHBOR_SOLICITATION)
  store<u64>(message, lower, Icmpv6.TARGET)
  store<u64>(message, upper, Icmpv6.TARGET + 8)
  const target = message + Icmpv6.TARGET
  if (!isLinkLocal(target)) {
    const source = sourceFor(config, 6, target, load<u32>(own, Interface.FID))
    if (source != 0) memory.copy(packet + 8, source, 16)
  }
  if (mac == BROADCAST) {
    writeGroup(packet + 24, SOLICITED_NODE | ((upper >> 40) << 40))
    mac = SOLICITED_MAC | ((upper >> 40) << 24)
  } else memory.copy(packet + 24, target, 16)
  writeOption(message + Icmpv6.NEIGHBOR_OPTIONS, Option.SOURCE, load<u64>(own))
  return finish(worker, block, frame, own, mac, MESSAGE, entries)
}

/** Says that the router has an address; `to` is an address, or 0 for all nodes. By `port`, or to all. */
export function advertiseAddress(
  worker: u32,
  block: usize,
  own: usize,
  target: usize,
  to: usize,
  mac: u64,
  port: u32,
  entries: u32,
): u32 {
  const frame = start(worker, block, own, MESSAGE, target)
  if (frame == 0) return entries
  const packet = address(frame) + Ethernet.HEADER
  const message = packet + IPv6.HEADER
  if (to == 0) writeGroup(packet + 24, ALL_NODES)
  else memory.copy(packet + 24, to, 16)
  store<u8>(message, <u8>Icmpv6.NEIGHBOR_ADVERTISEMENT)
  const solicited = to == 0 ? 0 : Advertised.SOLICITED
  store<u8>(message, <u8>(Advertised.ROUTER | Advertised.OVERRIDE | solicited), 4)
  memory.copy(message + Icmpv6.TARGET, target, 16)
  writeOption(message + Icmpv6.NEIGHBOR_OPTIONS, Option.TARGET, load<u64>(own))
  if (to == 0) return finish(worker, block, frame, own, ALL_NODES_MAC, MESSAGE, entries)
  seal(frame, own, mac, MESSAGE)
  return toPort(worker, block, frame, port, entries)
}

/** Says, to whoever asked by `frame`, that `target` has `mac`: in the name of that one. */
export function advertiseFor(
  worker: u32,
  block: usize,
  frame: usize,
  asked: usize,
  target: usize,
  mac: u64,
  entries: u32,
): u32 {
  const answer = begin(worker, block, <u32>load<u16>(frame, Frame.FID), AT + MESSAGE)
  if (answer == 0) return entries
  const packet = address(answer) + Ethernet.HEADER
  const message = packet + IPv6.HEADER
  memory.fill(packet, 0, IPv6.HEADER + MESSAGE)
  writeIPv6(packet, MESSAGE, LINK_HOPS)
  memory.copy(packet + 8, target, 16)
  memory.copy(packet + 24, asked + 8, 16)
  store<u8>(message, <u8>Icmpv6.NEIGHBOR_ADVERTISEMENT)
  store<u8>(message, <u8>(Advertised.OVERRIDE | Advertised.SOLICITED), 4)
  memory.copy(message + Icmpv6.TARGET, target, 16)
  writeOption(message + Icmpv6.NEIGHBOR_OPTIONS, Option.TARGET, mac)
  const to = sourceOf(<usize>load<u32>(frame, Frame.ADDRESS))
  writeEthernet(address(answer), to, mac, EtherType.IPV6)
  sealMessage(address(answer), false, AT + MESSAGE)
  return toPort(worker, block, answer, <u32>load<u16>(frame, Frame.PORT), entries)
}

function seal(frame: usize, own: usize, mac: u64, length: u32): void {
  writeEthernet(address(frame), mac, load<u64>(own), EtherType.IPV6)
  sealMessage(address(frame), false, AT + length)
}

function finish(
  worker: u32,
  block: usize,
  frame: usize,
  own: usize,
  mac: u64,
  length: u32,
  entries: u32,
): u32 {
  seal(frame, own, mac, length)
  return toMac(worker, block, frame, mac, 0, entries)
}

/** Octets of a router advertisement: fixed part, link-layer address and MTU, and a prefix each. */
const ADVERTISEMENT: u32 = 16 + 8 + 8
const PREFIX_OPTION: u32 = 32

/**
 * Advertises the router (RFC 4861 section 6.2): to all nodes, or with `to` to the one that asked, who
 * has `mac` on `port`.
 */
export function advertiseRouter(
  worker: u32,
  block: usize,
  config: usize,
  own: usize,
  to: usize,
  mac: u64,
  port: u32,
  entries: u32,
): u32 {
  const length = ADVERTISEMENT + prefixCount(config, own) * PREFIX_OPTION
  const frame = start(worker, block, own, length, own + Interface.LINK_LOCAL)
  if (frame == 0) return entries
  const packet = address(frame) + Ethernet.HEADER
  const message = packet + IPv6.HEADER
  if (to == 0) writeGroup(packet + 24, ALL_NODES)
  else memory.copy(packet + 24, to, 16)
  store<u8>(message, <u8>Icmpv6.ROUTER_ADVERTISEMENT)
  store<u8>(message, <u8>HOPS, 4)
  store<u16>(message, swap16(<u16>ROUTER_LIFETIME), 6)
  writeOption(message + 16, Option.SOURCE, load<u64>(own))
  store<u16>(message, <u16>(Option.MTU | 0x100), 24)
  store<u32>(message, swap32(load<u32>(own, Interface.MTU)), 28)
  writePrefixes(config, own, message + ADVERTISEMENT)
  if (to == 0) return finish(worker, block, frame, own, ALL_NODES_MAC, length, entries)
  seal(frame, own, mac, length)
  return toPort(worker, block, frame, port, entries)
}

function prefixCount(config: usize, own: usize): u32 {
  let count: u32 = 0
  let route = firstAddress(config, load<u32>(own, Interface.FID))
  for (; route != 0; route = nextAddress(config, route)) {
    if (load<u32>(route, Route.FAMILY) == 6 && count < 32) count++
  }
  return count
}

/** Prefix information (RFC 4861 section 4.6.2): on the link, and of 64 bits for addresses too. */
function writePrefixes(config: usize, own: usize, at: usize): void {
  let left = prefixCount(config, own)
  let route = firstAddress(config, load<u32>(own, Interface.FID))
  for (; route != 0 && left != 0; route = nextAddress(config, route)) {
    if (load<u32>(route, Route.FAMILY) != 6) continue
    const bits = load<u32>(route, Route.NETWORK)
    store<u8>(at, <u8>Option.PREFIX)
    store<u8>(at, 4, 1)
    store<u8>(at, <u8>bits, 2)
    store<u8>(at, bits == 64 ? 0xc0 : 0x80, 3)
    store<u32>(at, swap32(VALID_LIFETIME), 4)
    store<u32>(at, swap32(PREFERRED_LIFETIME), 8)
    for (let octet: u32 = 0; octet < 16; octet++) {
      const kept = min<u32>(8, bits - min(bits, octet << 3))
      const mask = 0xff00 >> kept
      store<u8>(at + octet, <u8>(<u32>load<u8>(route + octet, Route.PREFIX) & mask), 16)
    }
    at += PREFIX_OPTION
    left--
  }
}
