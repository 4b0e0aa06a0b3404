/**
 * Source translation: which external address and port a new flow leaves with. An inside endpoint has one
 * external port for all it talks to (RFC 4787 REQ-1) on the one external address of its host (REQ-2).
 */
import { Drop } from '../drop'
import { draw, Head, scramble } from '../flow/head'
import { lock, unlock } from '../flow/lock'
import {
  cellOf,
  chainOf,
  claim,
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
import { movePrefix, prefixRule } from './prefix'
import { NO_SLOT, publishedOf, staticSlotOf } from './publish'

const TCP: u32 = 6
const UDP: u32 = 17
/** Ports tried before a range counts as exhausted for the rest of the tick: of a smaller one all. */
const TRIES: u32 = 1024
/** A prime above every range: steps of it meet each port of a range once. */
const STEP: u32 = 2_147_483_647
const WELL_KNOWN: u32 = 1024

/**
 * Writes the source with which the packet in hand leaves by `outFid` into Track.LEAVES. Returns 0, or a
 * drop reason. A packet that called an external address from inside leaves as if by that address's
 * domain, and so comes back the way it went (RFC 4787 REQ-9).
 */
export function chooseSource(
  track: usize,
  table: usize,
  wide: bool,
  rules: usize,
  frame: usize,
  outFid: u32,
  owner: u32,
  tick: u32,
): u32 {
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
    return mapTo(track, table, wide, rules, rule, slot, frame, owner, tick)
  }
  // Who calls a neighbour by an external address must not be answered past the router.
  if (called != 0 && outFid == inFid && hasPorts(table, called - 1)) {
    return mapTo(track, table, wide, rules, 0, called - 1, frame, owner, tick)
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
  owner: u32,
  tick: u32,
): u32 {
  const protocol = <u32>load<u8>(frame, Frame.PROTOCOL)
  const ports = portsOf(track + Track.LEAVES, wide)
  const ported = protocol == TCP || protocol == UDP
  const echo = protocol == (wide ? icmpv6.Icmpv6.PROTOCOL : icmp.Icmp.PROTOCOL) && ports != 0
  if (ported || echo) {
    if (!hasPorts(table, slot)) return Drop.NAT_EXHAUSTED
    const cell = obtain(track, table, rules, rule, slot, ports & 0xffff, protocol, owner, tick)
    if (cell == 0) return Drop.NAT_EXHAUSTED
    const port = <u32>swap16(<u16>portOf(cell - 1))
    // Of an echo both halves are its identifier.
    const other = ported ? ports & 0xffff0000 : port << 16
    setPorts(track + Track.LEAVES, wide, port | other)
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
function obtain(
  track: usize,
  table: usize,
  rules: usize,
  rule: usize,
  slot: u32,
  port: u32,
  protocol: u32,
  owner: u32,
  tick: u32,
): u32 {
  const address = track + Track.LEAVES
  const endpoint = endpointOf(table, address, port, protocol)
  const chain = chainOf(table, endpoint)
  const word = lockOfChain(chain)
  if (!lock(word, owner)) return 0
  let cell = findMapping(table, chain, slot, address, port, protocol)
  if (cell != 0) atomic.add<u32>(mappingAt(table, cell - 1), 1)
  else {
    const flags = rule == 0 ? NatFlag.OPEN : load<u32>(rule, Source.FLAGS)
    const host = <u32>swap16(<u16>port)
    cell = choosePort(table, rules, rule, slot, endpoint, host, protocol, flags, tick)
    const open = (flags & NatFlag.OPEN) != 0 ? MappingFlag.OPEN : 0
    if (cell != 0) establish(table, chain, cell - 1, address, port, protocol, open)
  }
  unlock(word)
  return cell
}

/** In place of a port: a range has none that fits. */
export const NO_PORT: u32 = 0x10000

/** The ports that a rule (0: none in particular) has for a port (host order): the lowest, above the highest. */
function rangeFor(rule: usize, port: u32, protocol: u32): u32 {
  if (protocol != TCP && protocol != UDP) return 0xffff0000
  const low: u32 = rule == 0 ? WELL_KNOWN : <u32>load<u16>(rule, Source.FIRST_PORT)
  const high: u32 = rule == 0 ? 0xffff : <u32>load<u16>(rule, Source.LAST_PORT)
  const reserved = port < WELL_KNOWN && low == WELL_KNOWN && high == 0xffff
  return reserved ? 1 | ((WELL_KNOWN - 1) << 16) : low | (high << 16)
}

/** Of a range the lowest port of the parity that is asked for. */
@inline
function lowestOf(range: u32, port: u32, flags: u32): u32 {
  const low = range & 0xffff
  return (flags & NatFlag.PARITY) != 0 ? low + ((low ^ port) & 1) : low
}

@inline
function strideOf(flags: u32): u32 {
  return (flags & NatFlag.PARITY) != 0 ? 2 : 1
}

/**
 * The port that an inside endpoint gets if it is free: its own where the rule wants that, else one that
 * the endpoint and the time choose by a keyed hash (RFC 6056). It can so be told before.
 */
export function likelyPort(
  rule: usize,
  endpoint: u64,
  port: u32,
  protocol: u32,
  flags: u32,
  tick: u32,
): u32 {
  const range = rangeFor(rule, port, protocol)
  const high = range >> 16
  if ((flags & NatFlag.PRESERVE) != 0 && port >= (range & 0xffff) && port <= high) return port
  const low = lowestOf(range, port, flags)
  if (low > high) return NO_PORT
  const stride = strideOf(flags)
  const drawn = <u32>(scramble(endpoint + <u64>tick) >> 32)
  return low + (drawn % ((high - low) / stride + 1)) * stride
}

/**
 * Takes a free port: at random (RFC 6056), of the class of the inside one (RFC 4787 REQ-3; 0 to 1023 or
 * above), of its parity or the same where the rule says so. Returns its cell plus 1, or 0.
 */
function choosePort(
  table: usize,
  rules: usize,
  rule: usize,
  slot: u32,
  endpoint: u64,
  port: u32,
  protocol: u32,
  flags: u32,
  tick: u32,
): u32 {
  const likely = likelyPort(rule, endpoint, port, protocol, flags, tick)
  if (likely != NO_PORT) {
    const cell = take(table, rules, slot, protocol, likely)
    if (cell != 0) return cell
  }
  const range = rangeFor(rule, port, protocol)
  // Who goes on asking an exhausted range must not make everybody wait for the search.
  const searched = ((<u64>(cellOf(slot, protocol, range & 0xffff) + 1)) << 32) | <u64>tick
  if (load<u64>(table, Head.EXHAUSTED) == searched) return 0
  const high = range >> 16
  const low = lowestOf(range, port, flags)
  if (low > high) return 0
  const stride = strideOf(flags)
  const count = (high - low) / stride + 1
  let at = draw(table) % count
  // In a larger one steps of one length would meet the same taken ports again and again.
  const step = count <= TRIES ? STEP % count : (draw(table) % (count - 1)) | 1
  for (let tried: u32 = 0; tried < min(count, TRIES); tried++) {
    const cell = take(table, rules, slot, protocol, low + at * stride)
    if (cell != 0) return cell
    at = (at + step) % count
  }
  store<u64>(table, searched, Head.EXHAUSTED)
  return 0
}

/** Takes a port if it is free and not published; returns its cell plus 1, or 0. */
function take(table: usize, rules: usize, slot: u32, protocol: u32, port: u32): u32 {
  const cell = cellOf(slot, protocol, port)
  const mapping = mappingAt(table, cell)
  if (load<u32>(mapping) != 0) return 0
  if (publishedOf(rules, slot, protocol, port) != 0) return 0
  return claim(mapping) ? cell + 1 : 0
}
