/** An IP packet through the router: what it is, where it goes, what is changed on the way. */
import { Drop } from '../drop'
import { Frame } from '../frame'
import { Worker } from '../memory'
import { parse } from '../packet'
import { refusal } from '../router/check'
import { isLinkLocal, isOurs } from '../router/discovery'
import { age, lifeOf } from '../router/hop'
import { Interface, interfaceOf } from '../router/interface'
import { clampMss } from '../router/mss'
import { Route, routeTo4, routeTo6 } from '../router/route'
import { EtherType } from '../wire/ethernet'
import { IPv4 } from '../wire/ipv4'
import { IPv6 } from '../wire/ipv6'
import { Complaint, complain } from './complain'
import { discard } from './emit'
import { canLeave, sendFitted } from './fit'
import { deliverLocal } from './local'
import { enterFlow, KEPT, leaveFlow } from './steps'

/** Handles a packet that was sent to the router's MAC in the domain of interface `own`. */
export function routePacket(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  own: usize,
  entries: u32,
): u32 {
  let why = parse(frame)
  if (why == 0) why = refusal(config, frame)
  if (why != 0) {
    discard(worker, frame, why)
    return entries
  }
  const now = load<f64>(block, Worker.NOW)
  why = enterFlow(worker, block, config, frame, now) // step A
  if (why != 0) return refuse(worker, block, config, frame, why, entries)
  if (isIPv6LinkLocal(frame)) return routeLinkLocal(worker, block, config, frame, own, entries)
  const route = routeOf(config, frame)
  const kind = route == 0 ? 0 : load<u32>(route)
  if (kind == Route.LOCAL) return deliverLocal(worker, block, config, frame, own, entries)
  if (kind == Route.BROADCAST) {
    discard(worker, frame, Drop.DIRECTED_BROADCAST)
    return entries
  }
  if (lifeOf(frame) <= 1) {
    return complain(worker, block, config, frame, Complaint.TTL, 0, Drop.TTL_EXCEEDED, entries)
  }
  if (kind == 0 || kind == Route.UNREACHABLE) {
    return complain(worker, block, config, frame, Complaint.NET, 0, Drop.NO_ROUTE, entries)
  }
  return forward(worker, block, config, frame, own, route, now, entries)
}

/** True if source or destination of a packet mean something on one link only (RFC 4291 section 2.5.6). */
@inline
function isIPv6LinkLocal(frame: usize): bool {
  if (<u32>load<u16>(frame, Frame.ETHER_TYPE) != EtherType.IPV6) return false
  const packet = <usize>load<u32>(frame, Frame.ADDRESS) + <u32>load<u16>(frame, Frame.L3)
  return isLinkLocal(packet + 8) || isLinkLocal(packet + 24)
}

/** Such a packet is for the router, or goes no further. */
function routeLinkLocal(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  own: usize,
  entries: u32,
): u32 {
  const packet = <usize>load<u32>(frame, Frame.ADDRESS) + <u32>load<u16>(frame, Frame.L3)
  if (isOurs(config, own, packet + 24)) {
    return deliverLocal(worker, block, config, frame, own, entries)
  }
  discard(worker, frame, Drop.NO_ROUTE)
  return entries
}

/** The route to a packet's destination, or 0. */
@inline
function routeOf(config: usize, frame: usize): usize {
  const packet = <usize>load<u32>(frame, Frame.ADDRESS) + <u32>load<u16>(frame, Frame.L3)
  return <u32>load<u16>(frame, Frame.ETHER_TYPE) == EtherType.IPV4
    ? routeTo4(config, packet + 16)
    : routeTo6(config, packet + 24)
}

/** Drops what a step refused, and says so where that is due. */
export function refuse(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  why: u32,
  entries: u32,
): u32 {
  if (why == Drop.FILTER_REJECTED || why == Drop.NAT_EXHAUSTED) {
    return complain(worker, block, config, frame, Complaint.PROHIBITED, 0, why, entries)
  }
  if (why != KEPT) discard(worker, frame, why)
  return entries
}

function forward(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  own: usize,
  route: usize,
  now: f64,
  entries: u32,
): u32 {
  const fid = load<u32>(route, Route.FID)
  const out = interfaceOf(config, fid)
  if (out == 0) {
    discard(worker, frame, Drop.NO_ROUTE)
    return entries
  }
  store<u16>(frame, <u16>fid, Frame.OUT_FID)
  const why = leaveFlow(worker, block, config, frame, route, now) // step B
  if (why != 0) return refuse(worker, block, config, frame, why, entries)
  const mtu = load<u32>(out, Interface.MTU)
  if (!canLeave(frame, mtu)) {
    const tooBig = Drop.NEEDS_FRAGMENTATION
    return complain(worker, block, config, frame, Complaint.TOO_BIG, mtu, tooBig, entries)
  }
  clampMss(frame, min(mtu, load<u32>(own, Interface.MTU)), headerOf(frame))
  age(frame)
  return sendFitted(worker, block, config, frame, route, out, entries)
}

/** Octets of an IP header without options. */
@inline
function headerOf(frame: usize): u32 {
  return <u32>load<u16>(frame, Frame.ETHER_TYPE) == EtherType.IPV4 ? IPv4.HEADER : IPv6.HEADER
}
