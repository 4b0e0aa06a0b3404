/** Control's side of the rules: they are edited in the draft, after `configBegin` and before `configCommit`. */
import { activeConfig, draft } from '../config'
import { NAT_SIZE } from '../size'
import {
  External,
  externalAt,
  Nat,
  NatFlag,
  Prefix,
  Published,
  prefixAt,
  publishedAt,
  rulesOf,
  Source,
  sourceAt,
} from './config'
import { adjustmentOf, wordFor } from './prefix'

/** Copies the active rules to the draft: to be called whenever `configBegin` was. */
export function natBegin(): void {
  memory.copy(rulesOf(draft()), rulesOf(activeConfig()), NAT_SIZE)
}

/** Says how many of each there are from now on; what lies behind is not looked at. */
export function natCounts(externals: u32, sources: u32, published: u32, prefixes: u32): void {
  const rules = rulesOf(draft())
  store<u32>(rules, externals, Nat.EXTERNALS)
  store<u32>(rules, sources, Nat.SOURCES)
  store<u32>(rules, published, Nat.PUBLISHED)
  store<u32>(rules, prefixes, Nat.PREFIXES)
}

/** An address as four words, as a load of 16 octets gives them. */
function setAddress(at: usize, a: u32, b: u32, c: u32, d: u32): void {
  store<u32>(at, a)
  store<u32>(at, b, 4)
  store<u32>(at, c, 8)
  store<u32>(at, d, 12)
}

function setMask(at: usize, bits: u32): void {
  for (let octet: u32 = 0; octet < 16; octet++) {
    const left = <i32>bits - <i32>(octet << 3)
    const ones = left >= 8 ? 0xff : left <= 0 ? 0 : (0xff00 >> left) & 0xff
    store<u8>(at + octet, <u8>ones)
  }
}

/** Sets the address of a slot; `flags` 0 takes it out. */
export function natExternal(slot: u32, flags: u32, fid: u32, a: u32, b: u32, c: u32, d: u32): void {
  const external = externalAt(rulesOf(draft()), slot)
  setAddress(external + External.ADDRESS, a, b, c, d)
  store<u32>(external, flags, External.FLAGS)
  store<u32>(external, fid, External.FID)
}

/** Sets the inside address of a slot that is STATIC. */
export function natStatic(slot: u32, a: u32, b: u32, c: u32, d: u32): void {
  setAddress(externalAt(rulesOf(draft()), slot) + External.INSIDE, a, b, c, d)
}

/** Sets a source rule: from a prefix of `bits` in domain `inFid` (0: any) that leaves by `outFid`. */
export function natSource(
  index: u32,
  flags: u32,
  inFid: u32,
  outFid: u32,
  bits: u32,
  a: u32,
  b: u32,
  c: u32,
  d: u32,
): void {
  const rule = sourceAt(rulesOf(draft()), index)
  setAddress(rule + Source.PREFIX, a, b, c, d)
  setMask(rule + Source.MASK, bits)
  store<u32>(rule, flags | NatFlag.PRESENT, Source.FLAGS)
  store<u32>(rule, inFid, Source.IN_FID)
  store<u32>(rule, outFid, Source.OUT_FID)
}

/** Sets what a source rule translates to: slots, and of their ports these. */
export function natPool(index: u32, slot: u32, slots: u32, firstPort: u32, lastPort: u32): void {
  const rule = sourceAt(rulesOf(draft()), index)
  store<u32>(rule, slot, Source.FIRST_SLOT)
  store<u32>(rule, slots, Source.SLOTS)
  store<u16>(rule, <u16>firstPort, Source.FIRST_PORT)
  store<u16>(rule, <u16>lastPort, Source.LAST_PORT)
}

/** Sets a published range, `index` in the order of (slot, protocol, first port); no two overlap. */
export function natPublish(
  index: u32,
  slot: u32,
  protocol: u32,
  firstPort: u32,
  lastPort: u32,
  insideFirst: u32,
  number: u32,
  a: u32,
  b: u32,
  c: u32,
  d: u32,
): void {
  const published = publishedAt(rulesOf(draft()), index)
  store<u32>(published, (slot << 8) | protocol, Published.KEY)
  store<u16>(published, <u16>firstPort, Published.FIRST)
  store<u16>(published, <u16>lastPort, Published.LAST)
  store<u16>(published, <u16>insideFirst, Published.INSIDE_FIRST)
  store<u32>(published, number, Published.NUMBER)
  setAddress(published + Published.INSIDE, a, b, c, d)
}

/** Begins a prefix translation by its inside prefix of `bits`; `natPrefixOutside` completes it. */
export function natPrefix(
  index: u32,
  outFid: u32,
  bits: u32,
  a: u32,
  b: u32,
  c: u32,
  d: u32,
): void {
  const rule = prefixAt(rulesOf(draft()), index)
  setAddress(rule + Prefix.INSIDE, a, b, c, d)
  setMask(rule + Prefix.MASK, bits)
  store<u32>(rule, outFid, Prefix.OUT_FID)
  store<u32>(rule, wordFor(bits), Prefix.WORD)
}

export function natPrefixOutside(index: u32, a: u32, b: u32, c: u32, d: u32): void {
  const rule = prefixAt(rulesOf(draft()), index)
  setAddress(rule + Prefix.OUTSIDE, a, b, c, d)
  store<u32>(rule, adjustmentOf(rule), Prefix.ADJUSTMENT)
}
