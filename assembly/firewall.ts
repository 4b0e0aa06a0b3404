/**
 * The filter in the path of a frame: what the rules say of a packet that begins a flow, what stands in
 * for them where none does, and what is let through unasked, since without it no network works. What
 * belongs to a flow goes the way of its first packet.
 */
import { Config, DomainRecord, domainRecord, PortFlag, PortRecord, portRecord } from './config'
import { Drop } from './drop'
import { Action, Axis, axisAt, NOWHERE, State } from './filter/axis'
import { judge } from './firewall/judge'
import { tableOf } from './flow/head'
import { FlowFlag, flagsOf, recordOf } from './flow/record'
import { Track } from './flow/track'
import { Fragment, Frame } from './frame'
import { Worker } from './memory'
import { arrive } from './nat/arrive'
import { leave } from './nat/leave'
import { isWideFrame, parseAt } from './packet'
import { destinationOf, EtherType, isGroup } from './wire/ethernet'
import { Icmp, isError } from './wire/icmp'
import { Icmpv6 } from './wire/icmpv6'
import { Payload, payloadOf } from './wire/payload'

/** What is to become of a frame; else a drop reason. */
export namespace Permit {
  export const PASS: u32 = 0
  /** Passes, also from one isolated port to another. */
  export const LINK: u32 = 0x100
}

/**
 * Whether a bridge may send a frame of a filtered domain to `outPort`, or flood it (NOWHERE). ARP and
 * neighbour discovery always pass, between isolated ports too: which of those may talk is then said by
 * the rules. What cannot be told to be no IP packet does not pass.
 */
export function permitBridged(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  outPort: u32,
): u32 {
  const length = load<u32>(frame, Frame.LENGTH)
  const payload = payloadOf(<usize>load<u32>(frame, Frame.ADDRESS), length)
  if (payload == Payload.UNKNOWN) return Drop.FILTER_DENIED
  const type = payload >> 16
  if (type == EtherType.ARP) return Permit.LINK
  if (type != EtherType.IPV4 && type != EtherType.IPV6) return Permit.PASS
  let permit = parseAt(frame, payload & 0xffff, type)
  if (permit == 0) permit = permitPacket(worker, block, config, frame, outPort)
  store<u32>(frame, length, Frame.LENGTH) // a bridge leaves padding where it is
  return permit
}

function permitPacket(worker: u32, block: usize, config: usize, frame: usize, outPort: u32): u32 {
  if (isDiscovery(frame)) return Permit.LINK
  const fid = <u32>load<u16>(frame, Frame.FID)
  const group = isGroup(destinationOf(<usize>load<u32>(frame, Frame.ADDRESS)))
  if (group) return permitNew(worker, block, config, frame, outPort, fid, isClosed(config, fid))
  const now = load<f64>(block, Worker.NOW)
  const why = arrive(worker, block, config, frame, now)
  if (why != 0) return why
  const flow = load<u32>(frame, Frame.FLOW)
  if (flow != 0) {
    const denied = permitKnown(worker, block, config, frame, outPort, fid)
    return denied != 0 ? denied : linkOf(frame, flow)
  }
  const permit = permitNew(worker, block, config, frame, outPort, fid, isClosed(config, fid))
  if (permit != Permit.PASS && permit != Permit.LINK) return permit
  // Two isolated ports have no flow that no rule allows: it would not come to be.
  if (permit == Permit.PASS && isIsolated(config, frame)) return permit
  if (permit == Permit.LINK) mark(frame)
  const full = leave(worker, block, config, frame, fid, now)
  return full != 0 ? full : permit
}

/** What a packet of a flow that was allowed by a rule may do. */
@inline
function linkOf(frame: usize, flow: u32): u32 {
  const record = recordOf(tableOf(isWideFrame(frame)), flow)
  return (flagsOf(record) & FlowFlag.LINK) != 0 ? Permit.LINK : Permit.PASS
}

/** Notes for the flow that the packet is to begin that a rule allows it. */
@inline
function mark(frame: usize): void {
  const track = <usize>load<u32>(frame, Frame.TRACK)
  if (track != 0) store<u32>(track, load<u32>(track, Track.FLAGS) | FlowFlag.LINK, Track.FLAGS)
}

function isIsolated(config: usize, frame: usize): bool {
  const record = portRecord(config, <u32>load<u16>(frame, Frame.PORT))
  return (load<u32>(record, PortRecord.FLAGS) & PortFlag.ISOLATED) != 0
}

/** Whether a packet may begin a flow: a Permit, or a drop reason. */
function permitNew(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  outPort: u32,
  outFid: u32,
  closed: bool,
): u32 {
  const action = judge(worker, block, config, frame, State.NEW, outPort, outFid)
  if (action == Action.ALLOW) return Permit.LINK
  if (action == Action.DENY) return Drop.FILTER_DENIED
  if (action == Action.REJECT) return Drop.FILTER_REJECTED
  return closed ? Drop.FILTER_DENIED : Permit.PASS
}

/** True if there are rules that ask for a flow's state. */
@inline
export function asksOfKnown(config: usize): bool {
  const set = <usize>load<u32>(config, Config.RULES)
  return set != 0 && load<u32>(axisAt(set, Axis.STATE)) != 0
}

/**
 * Why a packet of a flow may not pass: 0, or a drop reason. What began may go on, unless a rule that
 * asks for the state says otherwise.
 */
function permitKnown(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  outPort: u32,
  outFid: u32,
): u32 {
  if (!asksOfKnown(config)) return 0
  const state = isQuoting(frame) ? State.RELATED : State.ESTABLISHED
  const action = judge(worker, block, config, frame, state, outPort, outFid)
  if (action == Action.REJECT) return Drop.FILTER_REJECTED
  return action == Action.DENY ? Drop.FILTER_DENIED : 0
}

/** True for an ICMP error, which is related to the flow of the packet that it quotes. */
@inline
function isQuoting(frame: usize): bool {
  const protocol = <u32>load<u8>(frame, Frame.PROTOCOL)
  const type = <u32>load<u8>(frame, Frame.ICMP_TYPE)
  if (protocol == Icmpv6.PROTOCOL) return type < Icmpv6.INFORMATIONAL
  return protocol == Icmp.PROTOCOL && isError(type)
}

/**
 * Whether the router may send a packet to `outFid`: 0, or a drop reason. What was published is let in
 * by a closed bridge. By which port it will leave is not known yet: rules take it by its address.
 */
export function permitRouted(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  outFid: u32,
): u32 {
  if (load<u32>(frame, Frame.FLOW) != 0) {
    return permitKnown(worker, block, config, frame, NOWHERE, outFid)
  }
  const from = isClosed(config, <u32>load<u16>(frame, Frame.FID))
  const closed = from || isClosed(config, outFid)
  const permit = permitNew(
    worker,
    block,
    config,
    frame,
    NOWHERE,
    outFid,
    closed && !isCalled(frame),
  )
  return permit == Permit.LINK ? 0 : permit
}

/** True if the packet's destination was translated by a rule. */
@inline
function isCalled(frame: usize): bool {
  const track = <usize>load<u32>(frame, Frame.TRACK)
  return track != 0 && (load<u32>(track, Track.FLAGS) & FlowFlag.DESTINATION_NAT) != 0
}

/** True if what no rule takes is denied in the domain. */
@inline
export function isClosed(config: usize, fid: u32): bool {
  return (load<u32>(domainRecord(config, fid), DomainRecord.FLAGS) & DomainRecord.CLOSED) != 0
}

/** Neighbour discovery and multicast listener discovery (RFC 4861, 2710, 3810), in fragments none (RFC 6980). */
function isDiscovery(frame: usize): bool {
  if (<u32>load<u16>(frame, Frame.ETHER_TYPE) != EtherType.IPV6) return false
  if (<u32>load<u8>(frame, Frame.FRAGMENT) != Fragment.WHOLE) return false
  if (<u32>load<u8>(frame, Frame.PROTOCOL) != Icmpv6.PROTOCOL) return false
  const type = <u32>load<u8>(frame, Frame.ICMP_TYPE)
  const listener = type >= Icmpv6.LISTENER_QUERY && type <= Icmpv6.LISTENER_DONE
  const neighbor = type >= Icmpv6.ROUTER_SOLICITATION && type <= Icmpv6.REDIRECT
  return listener || neighbor || type == Icmpv6.LISTENER_REPORT_2
}
