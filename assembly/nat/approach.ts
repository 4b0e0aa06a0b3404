/**
 * What the first packets of flows over IPv4 are about to need, found out for a group of them: the hashes of
 * their directions, the counter of their host, the chain of their inside endpoint, the external port it
 * gets and the buckets of the answers. All of it follows from the packet, the rules and the time, as far as
 * nobody else has the port; where it turns out otherwise, it is found out anew. The lines that this leads to
 * are read for all packets at once, so that their misses overlap.
 */
import { bucketOf } from '../flow/bucket'
import { hashBy, portsFor } from '../flow/hash'
import { Head } from '../flow/head'
import { counterOf } from '../flow/host'
import { cellOf, chainOf, endpointOf, hasPorts, mappingAt } from '../flow/mapping'
import { Kind } from '../flow/record'
import { FRAME_SIZE, Frame } from '../frame'
import { touch } from '../table/bucket'
import { Ethernet } from '../wire/ethernet'
import { swap16 } from '../wire/order'
import { External, externalAt, Nat, NatFlag, Source } from './config'
import { Note, noteOf } from './note'
import { likelyPort, NO_PORT } from './port'
import { NO_SLOT, slotOf, staticSlotOf } from './publish'
import { ruleFor, slotFor } from './source'

/**
 * Notes what the descriptors from `frame` to `end`, 64 at most, are about to need: those whose FLOW is 0 and
 * whose TRACK is not are of such packets, without IP options, if they come from domain `inFid` and leave by
 * `outFid`.
 */
export function approachFirst(
  block: usize,
  table: usize,
  rules: usize,
  frame: usize,
  end: usize,
  inFid: u32,
  outFid: u32,
  tick: u32,
): void {
  const statics = hasStatics(rules)
  const externals = filterOf(rules)
  for (let at = frame; at < end; at += FRAME_SIZE) {
    const note = noteOf(block, at)
    store<u32>(note, 0, Note.HOST)
    if (load<u32>(at, Frame.FLOW) != 0 || load<u32>(at, Frame.TRACK) == 0) continue
    const packet = <usize>load<u32>(at, Frame.ADDRESS) + Ethernet.HEADER
    if (mayBeIn(externals, packet + 16) && slotOf(rules, false, packet + 16) != NO_SLOT) continue
    if (statics && staticSlotOf(rules, false, packet + 12, outFid) != NO_SLOT) continue
    const rule = ruleFor(rules, false, packet + 12, inFid, outFid)
    foresee(table, rules, rule, note, packet, tick)
  }
  // Loops that only read have as many misses under way as the processor can.
  for (let at = frame; at < end; at += FRAME_SIZE) {
    const note = noteOf(block, at)
    if (load<u32>(note, Note.HOST) == 0) continue
    touch(<usize>load<u32>(note, Note.CHAIN))
    touch(<usize>load<u32>(note, Note.HOST))
    touch(<usize>load<u32>(note, Note.CELL))
    touch(<usize>load<u32>(note, Note.ANSWER))
    touch(<usize>load<u32>(note, Note.PERMITTED))
  }
  for (let at = frame; at < end; at += FRAME_SIZE) {
    const note = noteOf(block, at)
    if (load<u32>(note, Note.HOST) == 0 || load<u32>(note, Note.RULE) == 0) continue
    const number = load<u32>(<usize>load<u32>(note, Note.CHAIN))
    if (number != 0) touch(mappingAt(table, number - 1))
  }
}

/** A bit for each external address, by its last octet: most destinations are told by it to be none. */
function filterOf(rules: usize): u64 {
  let filter: u64 = 0
  const count = load<u32>(rules, Nat.EXTERNALS)
  for (let slot: u32 = 0; slot < count; slot++) filter |= bitOf(externalAt(rules, slot))
  return filter
}

@inline
function bitOf(address: usize): u64 {
  return (<u64>1) << (<u64>load<u8>(address, 3) & 63)
}

@inline
function mayBeIn(filter: u64, address: usize): bool {
  return (filter & bitOf(address)) != 0
}

function hasStatics(rules: usize): bool {
  let flags: u32 = 0
  const count = load<u32>(rules, Nat.EXTERNALS)
  for (let slot: u32 = 0; slot < count; slot++) {
    flags |= load<u32>(externalAt(rules, slot), External.FLAGS)
  }
  return (flags & NatFlag.STATIC) != 0
}

/** Notes what a packet is about to need. */
@inline
function foresee(
  table: usize,
  rules: usize,
  rule: usize,
  note: usize,
  packet: usize,
  tick: u32,
): void {
  const a = load<u64>(table, Head.SEED)
  const b = load<u64>(table, Head.SEED + 8)
  const c = load<u64>(table, Head.SEED + 16)
  const protocol = <u32>load<u8>(packet, 9)
  let addresses = load<u64>(packet, 12)
  let ports = load<u32>(packet, 20)
  store<u64>(note, hashBy(addresses, ports, protocol, a, b, c), Note.ORIGINAL)
  const host = counterOf(table, false, packet + 12)
  let chain = host
  let cell = host
  let open = true
  if (rule != 0) {
    const endpoint = endpointOf(table, packet + 12, ports & 0xffff, protocol)
    chain = chainOf(table, endpoint)
    const slot = slotFor(table, false, rule, packet + 12)
    const flags = load<u32>(rule, Source.FLAGS)
    const port = likelyPort(rule, endpoint, <u32>swap16(<u16>ports), protocol, flags, tick)
    if (port == NO_PORT || !hasPorts(table, slot)) return
    store<u64>(note, endpoint, Note.ENDPOINT)
    store<u32>(note, slot, Note.SLOT)
    cell = mappingAt(table, cellOf(slot, protocol, port))
    const external = <u64>load<u32>(externalAt(rules, slot), External.ADDRESS)
    addresses = external | ((addresses >> 32) << 32)
    ports = (ports & 0xffff0000) | <u32>swap16(<u16>port)
    open = (flags & NatFlag.OPEN) != 0
  }
  addresses = rotl<u64>(addresses, 32)
  ports = rotl<u32>(ports, 16)
  const reply = hashBy(addresses, ports, protocol, a, b, c)
  const answer = bucketOf(table, reply)
  let permitted = answer
  if (!open) {
    const what = protocol | (Kind.PERMIT << 8)
    const permit = hashBy(addresses, portsFor(ports, Kind.PERMIT), what, a, b, c)
    store<u64>(note, permit, Note.PERMIT)
    permitted = bucketOf(table, permit)
  }
  store<u64>(note, reply, Note.REPLY)
  store<u32>(note, <u32>host, Note.HOST)
  store<u32>(note, <u32>rule, Note.RULE)
  store<u32>(note, ports, Note.PORTS)
  store<u32>(note, <u32>chain, Note.CHAIN)
  store<u32>(note, <u32>cell, Note.CELL)
  store<u32>(note, <u32>answer, Note.ANSWER)
  store<u32>(note, <u32>permitted, Note.PERMITTED)
}
