/** The router's ear for neighbour discovery (RFC 4861; CONFORMANCE D1, D2, T3). */
import { Drop } from '../drop'
import { Frame } from '../frame'
import { Worker } from '../memory'
import { networkOffsetOf } from '../packet'
import {
  Advertised,
  discoveryAt,
  isLinkLocal,
  isOurs,
  isValid,
  Option,
  optionOf,
} from '../router/discovery'
import { mayComplainAgain } from '../router/icmp'
import { Interface } from '../router/interface'
import { findNeighbor, macOf, Neighbor } from '../router/neighbor'
import { Heard, hear } from '../router/resolve'
import { isOnLink, isZero } from '../router/route'
import { isGroup, sourceOf } from '../wire/ethernet'
import { Icmpv6 } from '../wire/icmpv6'
import { IPv6, payloadLengthOf } from '../wire/ipv6'
import { TAKEN } from './arp'
import { mayDefend } from './defend'
import { discard } from './emit'
import { release } from './release'
import { advertiseAddress, advertiseRouter } from './speak-nd'

/** What hearing returns for a frame that is not of neighbour discovery. */
export const NO_DISCOVERY: u32 = 0xffffffff

/** Hears an IPv6 frame in the domain of interface `own`; `toUs`: its destination is the router's MAC. */
export function hearDiscovery(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  own: usize,
  toUs: bool,
  entries: u32,
): u32 {
  const at = discoveryAt(frame)
  if (at == 0) return NO_DISCOVERY
  const packet = <usize>load<u32>(frame, Frame.ADDRESS) + networkOffsetOf(frame)
  if (!isValid(packet, at)) {
    // What goes by is the bridge's business.
    if (!toUs) return entries
    discard(worker, frame, Drop.NEIGHBOR_INVALID)
    return entries | TAKEN
  }
  const message = packet + at
  const type = <u32>load<u8>(message)
  const target = message + Icmpv6.TARGET
  const claims = type == Icmpv6.NEIGHBOR_ADVERTISEMENT && isOurs(config, own, target)
  if (claims || isOurs(config, own, packet + 8)) {
    discard(worker, frame, Drop.GATEWAY_SPOOFED)
    if (claims && mayDefend(block, own)) {
      entries = advertiseAddress(worker, block, own, target, 0, 0, 0, entries)
    }
    return entries | TAKEN
  }
  const length = IPv6.HEADER + payloadLengthOf(packet) - at
  if (type == Icmpv6.NEIGHBOR_ADVERTISEMENT) {
    entries = hearAdvertisement(worker, block, config, own, message, length, toUs, entries)
  } else if (type == Icmpv6.NEIGHBOR_SOLICITATION) {
    if (isOurs(config, own, target)) {
      entries = answer(worker, block, config, frame, own, packet, message, length, entries)
    }
  } else if (type == Icmpv6.ROUTER_SOLICITATION) {
    entries = advertise(worker, block, config, frame, own, packet, message, length, entries)
  }
  return toUs ? entries | TAKEN : entries
}

/** Notes who asked, from its source link-layer address option, if it is on the link. */
function meet(
  worker: u32,
  block: usize,
  config: usize,
  own: usize,
  packet: usize,
  mac: u64,
  entries: u32,
): u32 {
  const source = packet + 8
  const fid = load<u32>(own, Interface.FID)
  if (mac == 0 || isGroup(mac) || mac == load<u64>(own)) return entries
  if (!isLinkLocal(source) && !isOnLink(config, 6, source, fid)) return entries
  const now = load<f64>(block, Worker.NOW)
  const lower = load<u64>(source)
  const record = hear(worker, block, fid, lower, load<u64>(source, 8), mac, Heard.TO_US, now)
  return record == 0 ? entries : release(worker, block, config, record, entries)
}

function answer(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  own: usize,
  packet: usize,
  message: usize,
  length: u32,
  entries: u32,
): u32 {
  const target = message + Icmpv6.TARGET
  const source = packet + 8
  // Duplicate address detection: whoever wants our address hears with all that it is taken (D2).
  if (isZero(source)) return advertiseAddress(worker, block, own, target, 0, 0, 0, entries)
  const mac = optionOf(message, Icmpv6.NEIGHBOR_OPTIONS, length, Option.SOURCE)
  entries = meet(worker, block, config, own, packet, mac, entries)
  const asker = sourceOf(<usize>load<u32>(frame, Frame.ADDRESS))
  const port = <u32>load<u16>(frame, Frame.PORT)
  return advertiseAddress(worker, block, own, target, source, asker, port, entries)
}

/** A router solicitation is answered where the interface advertises itself. */
function advertise(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  own: usize,
  packet: usize,
  message: usize,
  length: u32,
  entries: u32,
): u32 {
  const source = packet + 8
  const nameless = isZero(source)
  if (!nameless) {
    const mac = optionOf(message, Icmpv6.ROUTER_SOLICITATION_OPTIONS, length, Option.SOURCE)
    entries = meet(worker, block, config, own, packet, mac, entries)
  }
  const port = <u32>load<u16>(frame, Frame.PORT)
  if ((load<u32>(own, Interface.FLAGS) & Interface.ADVERTISE) == 0) return entries
  if (!mayComplainAgain(port, load<f64>(block, Worker.NOW))) return entries
  const mac = sourceOf(<usize>load<u32>(frame, Frame.ADDRESS))
  return advertiseRouter(worker, block, config, own, nameless ? 0 : source, mac, port, entries)
}

/** What a neighbour says of itself (RFC 4861 section 7.2.5): nobody is known by that alone. */
function hearAdvertisement(
  worker: u32,
  block: usize,
  config: usize,
  own: usize,
  message: usize,
  length: u32,
  toUs: bool,
  entries: u32,
): u32 {
  const fid = load<u32>(own, Interface.FID)
  const lower = load<u64>(message, Icmpv6.TARGET)
  const upper = load<u64>(message, Icmpv6.TARGET + 8)
  const record = findNeighbor(fid, lower, upper)
  if (record == 0) return entries
  const known = macOf(load<u64>(record, Neighbor.LINK))
  let mac = optionOf(message, Icmpv6.NEIGHBOR_OPTIONS, length, Option.TARGET)
  if (mac == 0) mac = known // an answer to a question that was put to it alone may leave it out
  if (mac == 0 || isGroup(mac) || mac == load<u64>(own)) return entries
  const flags = <u32>load<u8>(message, 4)
  if (known != 0 && mac != known && (flags & Advertised.OVERRIDE) == 0) return entries
  const how = toUs && (flags & Advertised.SOLICITED) != 0 ? Heard.ANSWER : Heard.ALOUD
  const now = load<f64>(block, Worker.NOW)
  const waits = hear(worker, block, fid, lower, upper, mac, how, now)
  return waits == 0 ? entries : release(worker, block, config, waits, entries)
}
