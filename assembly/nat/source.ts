/**
 * Source translation: which external address and port a new flow leaves with. An inside endpoint has one
 * external port for all it talks to (RFC 4787 REQ-1) on the one external address of its host (REQ-2).
 */
import { Drop } from '../drop'
import { Head, scramble } from '../flow/head'
import { lock, unlock } from '../flow/lock'
import {
  chainOf,
  endpointOf,
  establish,
  findMapping,
  hasPorts,
  isOpen,
  lockOfChain,
  MappingFlag,
  mappingAt,
  portOf,
} from '../flow/mapping'
import { copyAddress, FlowFlag, portsOf, setPorts } from '../flow/record'
import { Track } from '../flow/track'
import { Frame } from '../frame'
import * as icmp from '../wire/icmp'
import * as icmpv6 from '../wire/icmpv6'
import { swap16 } from '../wire/order'
import { External, externalAt, Nat, NatFlag, Prefix, Source, sourceAt } from './config'
import { Note } from './note'
import { choosePort, likelyPort } from './port'
import { movePrefix, prefixRule } from './prefix'
import { NO_SLOT, staticSlotOf } from './publish'

const TCP: u32 = 6
const UDP: u32 = 17

/**
 * Writes the source with which the packet in hand leaves by `outFid` into Track.LEAVES. Returns 0, or a
 * drop reason. A packet that called an external address from inside leaves as if by that address's
 * domain, and so comes back the way it went (RFC 4787 REQ-9). `note` is what was noted of it (approach.ts),
 * or 0.
 */
export function chooseSource(
  track: usize,
  table: usize,
  wide: bool,
  rules: usize,
  frame: usize,
  outFid: u32,
  note: usize,
  owner: u32,
  tick: u32,
): u32 {
  if (note != 0) {
    const rule = <usize>load<u32>(note, Note.RULE)
    if (rule == 0) return 0
    const slot = load<u32>(note, Note.SLOT)
    return mapTo(track, table, false, rules, rule, slot, frame, note, owner, tick)
  }
  const called = load<u32>(track, Track.CALLED)
  const inFid = <u32>load<u16>(frame, Frame.FID)
  let by = outFid
  if (called != 0) {
    const fid = load<u32>(externalAt(rules, called - 1), External.FID)
    if (fid != inFid) by = fid
  }
  const address = track + Track.LEAVES
  const fixed = staticSlotOf(rules, wide, address, by)
  if (fixed != NO_SLOT) return become(track, wide, externalAt(rules, fixed))
  if (wide) {
    const rule = prefixRule(rules, Prefix.INSIDE, address, by)
    if (rule != 0) {
      if (!movePrefix(rule, address, true)) return Drop.NO_ROUTE
      mark(track, FlowFlag.SOURCE_NAT)
      return 0
    }
  }
  const rule = ruleFor(rules, wide, address, inFid, by)
  if (rule != 0) {
    const slot = slotFor(table, wide, rule, address)
    return mapTo(track, table, wide, rules, rule, slot, frame, 0, owner, tick)
  }
  // Who calls a neighbour by an external address must not be answered past the router.
  if (called != 0 && outFid == inFid && hasPorts(table, called - 1)) {
    return mapTo(track, table, wide, rules, 0, called - 1, frame, 0, owner, tick)
  }
  return 0
}

/** True if what leaves by `outFid` from this tuple's source has to be translated. */
export function isSource(rules: usize, wide: bool, frame: usize, tuple: usize, outFid: u32): bool {
  if (staticSlotOf(rules, wide, tuple, outFid) != NO_SLOT) return true
  if (wide && prefixRule(rules, Prefix.INSIDE, tuple, outFid) != 0) return true
  return ruleFor(rules, wide, tuple, <u32>load<u16>(frame, Frame.FID), outFid) != 0
}

@inline
function mark(track: usize, flags: u32): void {
  store<u32>(track, load<u32>(track, Track.FLAGS) | flags, Track.FLAGS)
}

/** The slot that a rule gives a host, by a keyed hash of its address. */
export function slotFor(table: usize, wide: bool, rule: usize, address: usize): u32 {
  let x = load<u64>(table, Head.SEED + 8)
  x ^= wide ? load<u64>(address) ^ rotl<u64>(load<u64>(address + 8), 7) : <u64>load<u32>(address)
  const slots = max<u32>(1, load<u32>(rule, Source.SLOTS))
  return load<u32>(rule, Source.FIRST_SLOT) + 2 * (<u32>(scramble(x) >> 32) % slots)
}

/** Takes the whole address of an external one: ports stay. */
function become(track: usize, wide: bool, external: usize): u32 {
  copyAddress(track + Track.LEAVES, external + External.ADDRESS, wide)
  mark(track, FlowFlag.SOURCE_NAT)
  return 0
}

/** The first source rule that the packet meets, or 0. */
export function ruleFor(rules: usize, wide: bool, address: usize, inFid: u32, outFid: u32): usize {
  const count = load<u32>(rules, Nat.SOURCES)
  const from = wide ? v128.load(address) : i32x4.splat(load<i32>(address))
  for (let index: u32 = 0; index < count; index++) {
    const rule = sourceAt(rules, index)
    if (((load<u32>(rule, Source.FLAGS) & NatFlag.WIDE) != 0) != wide) continue
    if (load<u32>(rule, Source.OUT_FID) != outFid) continue
    const comesFrom = load<u32>(rule, Source.IN_FID)
    if (comesFrom != 0 && comesFrom != inFid) continue
    const differs = v128.xor(from, v128.load(rule, Source.PREFIX))
    if (!v128.any_true(v128.and(differs, v128.load(rule, Source.MASK)))) return rule
  }
  return 0
}

/** Leaves with a port of an external address; `rule` 0 asks for nothing in particular. */
function mapTo(
  track: usize,
  table: usize,
  wide: bool,
  rules: usize,
  rule: usize,
  slot: u32,
  frame: usize,
  note: usize,
  owner: u32,
  tick: u32,
): u32 {
  const protocol = <u32>load<u8>(frame, Frame.PROTOCOL)
  const ports = portsOf(track + Track.LEAVES, wide)
  const ported = protocol == TCP || protocol == UDP
  const echo = protocol == (wide ? icmpv6.Icmpv6.PROTOCOL : icmp.Icmp.PROTOCOL) && ports != 0
  if (ported || echo) {
    if (!hasPorts(table, slot)) return Drop.NAT_EXHAUSTED
    const port = ports & 0xffff
    const cell = obtain(track, table, rules, rule, slot, port, protocol, note, owner, tick)
    if (cell == 0) return Drop.NAT_EXHAUSTED
    const external = <u32>swap16(<u16>portOf(cell - 1))
    // Of an echo both halves are its identifier.
    const other = ported ? ports & 0xffff0000 : external << 16
    setPorts(track + Track.LEAVES, wide, external | other)
    store<u32>(track, cell, Track.CELL)
    store<u32>(track, slot, Track.SLOT)
    mark(
      track,
      isOpen(mappingAt(table, cell - 1)) ? FlowFlag.MAPPED | FlowFlag.OPEN : FlowFlag.MAPPED,
    )
  }
  mark(track, FlowFlag.ONE_WAY)
  return become(track, wide, externalAt(rules, slot))
}

/** The cell of the inside endpoint, plus 1, counted for one more flow; a new one if it has none; or 0. */
@inline
function obtain(
  track: usize,
  table: usize,
  rules: usize,
  rule: usize,
  slot: u32,
  port: u32,
  protocol: u32,
  note: usize,
  owner: u32,
  tick: u32,
): u32 {
  const address = track + Track.LEAVES
  const endpoint =
    note != 0 ? load<u64>(note, Note.ENDPOINT) : endpointOf(table, address, port, protocol)
  const chain = chainOf(table, endpoint)
  const word = lockOfChain(chain)
  if (!lock(word, owner)) return 0
  let cell = findMapping(table, chain, slot, address, port, protocol)
  if (cell != 0) atomic.add<u32>(mappingAt(table, cell - 1), 1)
  else {
    const flags = rule == 0 ? NatFlag.OPEN : load<u32>(rule, Source.FLAGS)
    const host = <u32>swap16(<u16>port)
    const likely =
      note != 0
        ? <u32>swap16(<u16>(load<u32>(note, Note.PORTS) >> 16))
        : likelyPort(rule, endpoint, host, protocol, flags, tick)
    cell = choosePort(table, rules, rule, slot, likely, host, protocol, flags, tick)
    const open = (flags & NatFlag.OPEN) != 0 ? MappingFlag.OPEN : 0
    if (cell != 0) establish(table, chain, cell - 1, address, port, protocol, open)
  }
  unlock(word)
  return cell
}
