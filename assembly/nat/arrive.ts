/**
 * A packet that the router was given, before it is routed: its flow is found and its translation done,
 * or it calls an external address and is sent to who answers there.
 */
import { Drop } from '../drop'
import { find } from '../flow/bucket'
import { hashOf, portsFor } from '../flow/hash'
import { capacityOf, tableOf } from '../flow/head'
import {
  cellOf,
  hasPorts,
  isOpen,
  Mapping,
  mappingAt,
  sameAddress,
  standsFor,
} from '../flow/mapping'
import {
  copyAddress,
  copyAddresses,
  FlowFlag,
  flagsOf,
  incarnationOf,
  isSame,
  Kind,
  portsOf,
  recordOf,
  sameTuple,
  setPorts,
  tupleOf,
  turn,
} from '../flow/record'
import { isOver, tickOf } from '../flow/state'
import { remove } from '../flow/table'
import { followCalled, Track, trackOf } from '../flow/track'
import { Checksum, Fragment, Frame } from '../frame'
import { ownerOf } from '../memory'
import { isWideFrame, packetOf, transportOf } from '../packet'
import * as icmp from '../wire/icmp'
import * as icmpv6 from '../wire/icmpv6'
import { swap16 } from '../wire/order'
import { External, externalAt, NatFlag, Prefix, Published, rulesOf } from './config'
import { goesOn, keep, number, repeats, UNSEEN } from './fragments'
import { movePrefix, prefixRule } from './prefix'
import { insidePortOf, NO_SLOT, publishedOf, slotOf } from './publish'
import { relate } from './related'
import { rewrite, rewriteNarrow } from './rewrite'

const TCP: u32 = 6
const UDP: u32 = 17

/** True for an ICMP error, which belongs to the flow of the packet that it quotes. */
export function isError(frame: usize, wide: bool): bool {
  const protocol = <u32>load<u8>(frame, Frame.PROTOCOL)
  if (<u32>load<u8>(frame, Frame.FRAGMENT) == Fragment.LATER) return false
  const type = <u32>load<u8>(frame, Frame.ICMP_TYPE)
  if (wide) return protocol == icmpv6.Icmpv6.PROTOCOL && type < icmpv6.Icmpv6.INFORMATIONAL
  return protocol == icmp.Icmp.PROTOCOL && icmp.isError(type)
}

/**
 * Place A. The frame was parsed. Returns 0 or a drop reason; Frame.FLOW names the flow, 0 for a packet
 * that may begin one (`leave`), and for an error or a later fragment that belongs to none.
 */
export function arrive(worker: u32, block: usize, config: usize, frame: usize, now: f64): u32 {
  const wide = isWideFrame(frame)
  const table = tableOf(wide)
  store<u32>(frame, 0, Frame.FLOW)
  store<u32>(frame, 0, Frame.TRACK)
  if (capacityOf(table) == 0) return 0
  const packet = packetOf(frame)
  const protocol = <u32>load<u8>(frame, Frame.PROTOCOL)
  const ports = load<u32>(frame, Frame.PORTS)
  const track = trackOf(worker)
  store<u32>(frame, <u32>track, Frame.TRACK)
  const tick = tickOf(now)
  const owner = ownerOf(worker, block)
  copyAddresses(track, packet + (wide ? 8 : 12), wide)
  setPorts(track, wide, ports)
  store<u64>(track, 0, Track.CALLED) // and FLAGS
  store<u64>(track, 0, Track.SLOT) // and CELL
  if (isError(frame, wide)) {
    const why = relate(table, wide, frame, tick, track)
    return why != 0 && isExternal(rulesOf(config), wide, track) ? why : 0
  }
  const part = <u32>load<u8>(frame, Frame.FRAGMENT)
  if (part == Fragment.LATER) {
    const why = goesOn(track, table, wide, frame, tick, owner)
    if (why != UNSEEN) return why
    return isExternal(rulesOf(config), wide, track)
      ? keep(worker, owner, track, wide, frame, tick)
      : 0
  }
  if (part == Fragment.FIRST && repeats(track, table, wide, frame, tick, owner)) {
    return Drop.FRAGMENT_INVALID
  }
  if (wide && protocol == UDP && lacksChecksum(frame)) return Drop.CHECKSUM_ZERO
  const hash = hashOf(table, wide, track, ports, protocol, Kind.ORIGINAL)
  store<u64>(track, hash, Track.HASH)
  const reference = find(table, wide, hash, track, ports, protocol, Kind.ORIGINAL)
  if (reference != 0) {
    const record = recordOf(table, reference)
    const incarnation = incarnationOf(record)
    const over = isOver(record, tick)
    if (!over && sameTuple(tupleOf(record, wide, reference & 1), track, wide)) {
      return pass(worker, track, table, wide, reference, incarnation, frame, tick, owner)
    }
    if (over) remove(table, wide, reference >> 2, incarnation, owner)
  }
  return call(track, table, wide, rulesOf(config), frame, tick)
}

/** UDP over IPv6 must have a checksum (RFC 8200 section 8.1). */
@inline
function lacksChecksum(frame: usize): bool {
  if (<u32>load<u8>(frame, Frame.CHECKSUM) == Checksum.PARTIAL) return false
  return load<u16>(transportOf(frame), 6) == 0
}

/** A packet of a known flow: counted, followed, translated. */
@inline
function pass(
  worker: u32,
  track: usize,
  table: usize,
  wide: bool,
  reference: u32,
  incarnation: u32,
  frame: usize,
  tick: u32,
  owner: u32,
): u32 {
  const record = recordOf(table, reference)
  const other = tupleOf(record, wide, (reference & 1) ^ 1)
  const addresses = rotl<u64>(load<u64>(other), 32)
  const ports = rotl<u32>(portsOf(other, wide), 16)
  if (wide) turn(track + Track.LEAVES, other, true)
  const translated = (flagsOf(record) & FlowFlag.TRANSLATED) != 0
  // Another worker may have ended the flow and begun one in its record.
  if (!isSame(record, incarnation)) return Drop.FLOW_INVALID
  store<u32>(frame, reference, Frame.FLOW)
  followCalled(table, wide, reference, record, frame, transportOf(frame), tick, owner)
  number(worker, owner, track, table, wide, reference, frame, tick)
  if (!translated) return 0
  if (wide) rewrite(frame, packetOf(frame), true, track + Track.LEAVES)
  else rewriteNarrow(frame, packetOf(frame), addresses, ports)
  return 0
}

/** True if what is sent to this tuple's destination has to be translated. */
function isExternal(rules: usize, wide: bool, tuple: usize): bool {
  if (slotOf(rules, wide, tuple + (wide ? 16 : 4)) != NO_SLOT) return true
  return wide && prefixRule(rules, Prefix.OUTSIDE, tuple + 16, 0) != 0
}

/** A packet of no flow: whoever answers at the address it calls. */
function call(track: usize, table: usize, wide: bool, rules: usize, frame: usize, tick: u32): u32 {
  const destination = track + (wide ? 16 : 4)
  const leaves = track + Track.LEAVES
  copyAddresses(leaves, track, wide)
  setPorts(leaves, wide, portsOf(track, wide))
  const inside = leaves + (wide ? 16 : 4)
  const slot = slotOf(rules, wide, destination)
  if (slot == NO_SLOT) {
    const rule = wide ? prefixRule(rules, Prefix.OUTSIDE, destination, 0) : 0
    if (rule == 0) return 0
    if (!movePrefix(rule, inside, false)) return Drop.NO_ROUTE
    return send(track, wide, frame, FlowFlag.DESTINATION_NAT)
  }
  store<u32>(track, slot + 1, Track.CALLED)
  const protocol = <u32>load<u8>(frame, Frame.PROTOCOL)
  const ported = protocol == TCP || protocol == UDP
  const ports = portsOf(track, wide)
  const port = ported ? <u32>swap16(<u16>(ports >> 16)) : 0
  const published = publishedOf(rules, slot, protocol, port)
  if (published != 0 && (ported || isRequest(frame, wide))) {
    memory.copy(inside, published + Published.INSIDE, wide ? 16 : 4)
    if (ported) {
      const to = <u32>swap16(<u16>insidePortOf(published, port))
      setPorts(leaves, wide, (ports & 0xffff) | (to << 16))
    }
    return send(track, wide, frame, FlowFlag.DESTINATION_NAT)
  }
  const external = externalAt(rules, slot)
  const flags = load<u32>(external, External.FLAGS)
  if ((flags & NatFlag.STATIC) != 0) {
    memory.copy(inside, external + External.INSIDE, wide ? 16 : 4)
    return send(track, wide, frame, FlowFlag.DESTINATION_NAT)
  }
  if (!ported || (flags & NatFlag.MASQUERADE) == 0 || !hasPorts(table, slot)) return 0
  const mapping = mappingAt(table, cellOf(slot, protocol, port))
  const word = standsFor(mapping)
  if (((word >> 16) & 0xff) != protocol) return Drop.NAT_UNSOLICITED
  copyAddress(inside, mapping + Mapping.ADDRESS, wide)
  setPorts(leaves, wide, (ports & 0xffff) | (word << 16))
  const fromInside = load<u32>(external, External.FID) != <u32>load<u16>(frame, Frame.FID)
  if (!fromInside && !isPermitted(track, table, wide, mapping, protocol, tick)) {
    return Drop.NAT_UNSOLICITED
  }
  // Asked last: the port may have become another's meanwhile, who was not asked for the caller.
  const same = standsFor(mapping) == word && sameAddress(table, mapping + Mapping.ADDRESS, inside)
  if (!same) return Drop.NAT_UNSOLICITED
  store<u32>(track, slot, Track.SLOT)
  const kept = FlowFlag.INWARD | FlowFlag.ONE_WAY
  return send(track, wide, frame, FlowFlag.DESTINATION_NAT | kept)
}

/** Of ICMP, only an echo request calls. */
@inline
function isRequest(frame: usize, wide: bool): bool {
  const type = <u32>load<u8>(frame, Frame.ICMP_TYPE)
  return type == (wide ? icmpv6.Icmpv6.ECHO_REQUEST : icmp.Icmp.ECHO_REQUEST)
}

/** Sends the packet in hand to the inside address that was written into Track.LEAVES. */
function send(track: usize, wide: bool, frame: usize, flags: u32): u32 {
  store<u32>(track, flags, Track.FLAGS)
  rewrite(frame, packetOf(frame), wide, track + Track.LEAVES)
  return 0
}

/** Address-dependent filtering: the endpoint has sent to the address that this packet comes from. */
function isPermitted(
  track: usize,
  table: usize,
  wide: bool,
  mapping: usize,
  protocol: u32,
  tick: u32,
): bool {
  if (isOpen(mapping)) return true
  const ports = portsFor(portsOf(track, wide), Kind.PERMIT)
  const hash = hashOf(table, wide, track, ports, protocol, Kind.PERMIT)
  const reference = find(table, wide, hash, track, ports, protocol, Kind.PERMIT)
  return reference != 0 && !isOver(recordOf(table, reference), tick)
}
