/**
 * An FDB entry (IEEE 802.1D-2004 section 7.9): key and value of the hash table.
 *
 *   key    bits  0-15 FID            16-63 MAC, first octet lowest
 *   value  bits  0-15 port           16-23 flags     24-39 generation    40-63 time stamp, ticks
 *          (0 in a sticky entry, which does not age)
 *
 * The generation is the sum of the port's and the domain's when the entry was written: raising
 * either makes all its entries void at once, which is how a flush costs nothing. The time stamp is
 * compared modulo 2^24 ticks (24 days); the sweep sees every entry long before it could wrap.
 */

import { DomainRecord, domainRecord, TICK_MS } from '../config'
import { Directory, directory } from '../memory'
import { DOMAIN_SHARED_SIZE, PORT_SHARED_SIZE } from '../size'
import { Ethernet } from '../wire/ethernet'

export { ownerOf } from '../memory'

export namespace Flag {
  /** Made by hand: in force until it is removed by hand. */
  export const STATIC: u32 = 1
  /** Learnt on a sticky port: neither ages nor moves, but goes with a flush. */
  export const STICKY: u32 = 2
  /** Made by control, from a directory: does not age, and moves as what was learnt does. */
  export const EXTERNAL: u32 = 4
  /** Not made by learning, and not changed by it where it is right. */
  export const MADE: u32 = STATIC | EXTERNAL
}

const STAMP_MASK: u32 = 0xffffff
const GENERATION_MASK: u32 = 0xffff
/** Ticks by which a stamp may lie ahead of the clock: 8 s. */
const SKEW: u32 = 64

/** Words of a port that all workers share; its meters (meter.ts) stand behind them. */
export namespace Shared {
  export const GENERATION: usize = 0
  /** Entries it has in the FDB, void ones that were not yet swept included. */
  export const ENTRIES: usize = 4
  /** u64: when what it does was last told as an event, ms. */
  export const TOLD: usize = 8
}

@inline
export function keyOf(mac: u64, fid: u32): u64 {
  return (mac << 16) | <u64>fid
}

/** The key of a frame's source. The address is what the shift leaves of the load. */
@inline
export function sourceKeyOf(frame: usize, fid: u32): u64 {
  return keyOf(load<u64>(frame, Ethernet.SOURCE), fid)
}

@inline
export function destinationKeyOf(frame: usize, fid: u32): u64 {
  return keyOf(load<u64>(frame, Ethernet.DESTINATION), fid)
}

@inline
export function fidOf(key: u64): u32 {
  return <u32>key & 0xffff
}

@inline
export function macOf(key: u64): u64 {
  return key >> 16
}

@inline
export function portOf(value: u64): u32 {
  return <u32>value & 0xffff
}

@inline
export function flagsOf(value: u64): u32 {
  return <u32>(value >> 16) & 0xff
}

@inline
export function isStatic(value: u64): bool {
  return (<u32>value & (Flag.STATIC << 16)) != 0
}

@inline
export function isSticky(value: u64): bool {
  return (<u32>value & (Flag.STICKY << 16)) != 0
}

/** True for an entry that does not age as long as no flush makes it void. */
@inline
function isLasting(value: u64): bool {
  return (<u32>value & ((Flag.STICKY | Flag.EXTERNAL) << 16)) != 0
}

/** True for an entry that was not made by learning. */
@inline
export function isMade(value: u64): bool {
  return (<u32>value & (Flag.MADE << 16)) != 0
}

/** The same value with another stamp. */
@inline
export function withStamp(value: u64, stamp: u32): u64 {
  return (value & 0xffffffffff) | ((<u64>stamp) << 40)
}

@inline
export function valueFor(port: u32, flags: u32, generation: u32, stamp: u32): u64 {
  return <u64>port | ((<u64>flags) << 16) | ((<u64>generation) << 24) | ((<u64>stamp) << 40)
}

/** A value without a generation, with the sum of its port's and its domain's. */
@inline
export function withGeneration(value: u64, generation: u32): u64 {
  return value | ((<u64>(generation & GENERATION_MASK)) << 24)
}

@inline
export function sharedOfPort(port: u32): usize {
  return directory(Directory.PORTS) + <usize>port * PORT_SHARED_SIZE
}

@inline
export function sharedOfDomain(fid: u32): usize {
  return directory(Directory.DOMAINS) + <usize>fid * DOMAIN_SHARED_SIZE
}

/** The generation that an entry of this port and domain must carry to be in force. */
@inline
export function generationOf(port: u32, fid: u32): u32 {
  const ofPort = atomic.load<u32>(sharedOfPort(port), Shared.GENERATION)
  const ofDomain = atomic.load<u32>(sharedOfDomain(fid), Shared.GENERATION)
  return (ofPort + ofDomain) & GENERATION_MASK
}

@inline
export function domainGeneration(fid: u32): u32 {
  return atomic.load<u32>(sharedOfDomain(fid), Shared.GENERATION)
}

/** How long entries of the domain are in force that were not seen again, in ticks. */
@inline
export function ageingOf(config: usize, fid: u32): u32 {
  return load<u32>(domainRecord(config, fid), DomainRecord.AGEING)
}

/**
 * `inForce` for a loop that knows the domain: `ports` is where the ports' shared words begin,
 * `generation` and `ageing` are the domain's.
 */
@inline
export function isValid(value: u64, ports: usize, generation: u32, ageing: u32, stamp: u32): bool {
  const shared = ports + <usize>portOf(value) * PORT_SHARED_SIZE
  // A plain load: an engine checks alignment and bounds of atomic ones, and a flush need not be seen
  // in the very frame that it falls in.
  const wanted = (load<u32>(shared, Shared.GENERATION) + generation) & GENERATION_MASK
  const young = ageOf(value, stamp) < ageing
  if ((<u32>(value >> 24) & GENERATION_MASK) == wanted && young) return true
  return isStatic(value) || ((<u32>(value >> 24) & GENERATION_MASK) == wanted && isLasting(value))
}

/** Milliseconds to ticks, as a time stamp. */
@inline
export function stampOf(now: f64): u32 {
  return <u32>(<u64>(now / TICK_MS)) & STAMP_MASK
}

/**
 * Ticks since the entry was last seen. A thread reads its clock once a burst, so another may have
 * set a stamp that lies a moment ahead: that entry is new, not 24 days old.
 */
@inline
export function ageOf(value: u64, stamp: u32): u32 {
  const age = (stamp - <u32>(value >> 40)) & STAMP_MASK
  return age > STAMP_MASK - SKEW ? 0 : age
}

/** When an entry that is in force will be too old if it is not seen again, ms; Infinity if it does not age. */
export function oldAt(value: u64, ageing: u32, now: f64): f64 {
  if (isStatic(value) || isLasting(value)) return Infinity
  const tick = <u64>(now / TICK_MS)
  const seen = tick - <u64>ageOf(value, <u32>tick & STAMP_MASK)
  return <f64>(seen + <u64>ageing) * TICK_MS
}

/** What `isYoung` wants to know of the ageing of a domain. */
@inline
export function ageLimit(ageing: u32): u32 {
  return ageing == 0 ? 0 : ageing + SKEW
}

/** As `ageOf(value, stamp) < ageing`; the skew is added on both sides, which saves a comparison. */
@inline
export function isYoung(value: u64, stamp: u32, limit: u32): bool {
  return ((stamp + SKEW - <u32>(value >> 40)) & STAMP_MASK) < limit
}

/** True if the value carries the generation, a sum that need not be masked. */
@inline
export function isGenerationOf(value: u64, generation: u32): bool {
  return ((<u32>(value >> 24) - generation) & GENERATION_MASK) == 0
}

/** True if a value says what learning would, but for its stamp and for who made it. */
@inline
export function saysTheSame(value: u64, learnt: u64): bool {
  return ((value ^ learnt) & ~((<u64>Flag.MADE) << 16)) << 24 == 0
}

/** True if two values are of the same port, flags and generation. */
@inline
export function onlyStampDiffers(one: u64, other: u64): bool {
  return (one ^ other) << 24 == 0
}

/** True for a static entry, and for one that was learnt and is neither flushed nor aged. */
@inline
export function inForce(config: usize, fid: u32, value: u64, stamp: u32): bool {
  const ports = directory(Directory.PORTS)
  return isValid(value, ports, domainGeneration(fid), ageingOf(config, fid), stamp)
}
