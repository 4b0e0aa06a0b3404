/**
 * ARP and ND suppression (CONFORMANCE P3): who has an address behind a tunnel is answered here, in the name
 * of whom it is asked for, where that is known; the question does not travel. What is known is what
 * control programmed (a directory, the config) and what the router of the bridge heard. Everything else is
 * flooded: announcements, duplicate address detection, and what is asked of a station on this side, which
 * answers for itself.
 */
import { inForce, keyOf, portOf, sharedOfDomain, stampOf } from '../bridge/entry'
import { PortFlag, PortRecord, portRecord } from '../config'
import { Frame } from '../frame'
import { Directory, directory, hasRouter, Worker } from '../memory'
import { networkOffsetOf, networkTypeOf } from '../packet'
import { Operation, operationOf } from '../router/arp'
import { discoveryAt, isLinkLocal, isValid } from '../router/discovery'
import { findNeighbor, isStale, macOf, mapped, Neighbor, State, stateOf } from '../router/neighbor'
import { isZero } from '../router/route'
import { holds, valueOf } from '../table/bucket'
import { bucketOf, find } from '../table/hash'
import * as arp from '../wire/arp'
import { EtherType } from '../wire/ethernet'
import { Icmpv6 } from '../wire/icmpv6'
import { TAKEN } from './arp'
import { sayHas } from './speak-arp'
import { advertiseFor } from './speak-nd'

/** Where among a domain's shared words it is counted what was answered, u64. */
const SUPPRESSED: usize = 16

/**
 * Answers a question that would be flooded. Returns the number of transmit entries, and TAKEN if it was
 * answered and goes no further.
 */
export function suppress(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  entries: u32,
): u32 {
  if (!hasRouter()) return entries
  const type = networkTypeOf(frame)
  if (type == EtherType.ARP) return suppressArp(worker, block, config, frame, entries)
  return type == EtherType.IPV6 ? suppressNd(worker, block, config, frame, entries) : entries
}

function suppressArp(worker: u32, block: usize, config: usize, frame: usize, entries: u32): u32 {
  const at = networkOffsetOf(frame)
  const packet = <usize>load<u32>(frame, Frame.ADDRESS) + at
  if (!arp.check(packet, load<u32>(frame, Frame.LENGTH) - at)) return entries
  if (operationOf(packet) != Operation.REQUEST) return entries
  const sender = load<u32>(packet, arp.Arp.SENDER)
  const target = load<u32>(packet, arp.Arp.TARGET)
  // A probe has no sender, an announcement asks for its own (RFC 5227 section 1.1).
  if (sender == 0 || sender == target) return entries
  const mac = remoteMac(block, config, frame, 0, mapped(target))
  if (mac == 0) return entries
  entries = sayHas(worker, block, frame, packet, mac, entries)
  return counted(frame, entries)
}

function suppressNd(worker: u32, block: usize, config: usize, frame: usize, entries: u32): u32 {
  const at = discoveryAt(frame)
  if (at == 0) return entries
  const packet = <usize>load<u32>(frame, Frame.ADDRESS) + networkOffsetOf(frame)
  const message = packet + at
  if (load<u8>(message) != <u8>Icmpv6.NEIGHBOR_SOLICITATION) return entries
  // Duplicate address detection has no source (RFC 4862 section 5.4.2).
  if (isZero(packet + 8) || !isValid(packet, at)) return entries
  const target = message + Icmpv6.TARGET
  // It may be a router's, which only its own answer tells (RFC 4861 section 7.2.5).
  if (isLinkLocal(target)) return entries
  const mac = remoteMac(block, config, frame, load<u64>(target), load<u64>(target, 8))
  if (mac == 0) return entries
  entries = advertiseFor(worker, block, frame, packet, target, mac, entries)
  return counted(frame, entries)
}

/** The MAC of an address, if it is known and is behind a tunnel; else 0. */
function remoteMac(block: usize, config: usize, frame: usize, lower: u64, upper: u64): u64 {
  const fid = <u32>load<u16>(frame, Frame.FID)
  const record = findNeighbor(fid, lower, upper)
  if (record == 0) return 0
  const now = load<f64>(block, Worker.NOW)
  const link = load<u64>(record, Neighbor.LINK)
  const state = stateOf(link)
  const fresh = state == State.REACHABLE && !isStale(record, state, now)
  if (state != State.PERMANENT && !fresh) return 0
  const mac = macOf(link)
  const table = directory(Directory.FDB)
  const key = keyOf(mac, fid)
  const slot = find(table, bucketOf(table, key), key)
  if (slot == 0) return 0
  const value = valueOf(slot)
  if (!holds(slot, key) || !inForce(config, fid, value, stampOf(now))) return 0
  const flags = load<u32>(portRecord(config, portOf(value)), PortRecord.FLAGS)
  return (flags & PortFlag.OVERLAY) != 0 ? mac : 0
}

function counted(frame: usize, entries: u32): u32 {
  atomic.add<u64>(sharedOfDomain(<u32>load<u16>(frame, Frame.FID)) + SUPPRESSED, 1)
  return entries | TAKEN
}

/** Questions of a domain that were answered here, since it was made. */
export function suppressedCount(fid: u32): f64 {
  return <f64>atomic.load<u64>(sharedOfDomain(fid) + SUPPRESSED)
}

/** Forgets that count, for a number that is given to another domain. */
export function resetDomain(fid: u32): void {
  atomic.store<u64>(sharedOfDomain(fid) + SUPPRESSED, 0)
}
