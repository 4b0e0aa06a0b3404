/**
 * Prefix translation of IPv6 (RFC 6296): one prefix for another, and one 16-bit word adjusted so that
 * no checksum changes. It has no state; its flows are tracked as all are.
 */
import { fold } from '../wire/checksum'
import { Nat, Prefix, prefixAt } from './config'

/** Of prefixes beyond 48 bits the word is searched: in the interface identifier (section 3.5). */
const SEARCH: u32 = 4

/** The 16-bit word that is adjusted for prefixes of that length (sections 3.4 and 3.5). */
export function wordFor(bits: u32): u32 {
  return bits <= 48 ? 3 : SEARCH
}

/** What is added on the way out: the sum of the inside prefix less that of the outside one. */
export function adjustmentOf(rule: usize): u32 {
  const inside = sumOf(rule + Prefix.INSIDE)
  return fold(<u64>inside + <u64>(~sumOf(rule + Prefix.OUTSIDE) & 0xffff))
}

function sumOf(address: usize): u32 {
  let total: u64 = 0
  for (let at: usize = 0; at < 16; at += 4) total += <u64>load<u32>(address + at)
  return fold(total)
}

/** The rule whose prefix at offset `side` (Prefix.INSIDE or OUTSIDE) has the address; 0 if none. */
export function prefixRule(rules: usize, side: usize, address: usize, outFid: u32): usize {
  const count = load<u32>(rules, Nat.PREFIXES)
  const wanted = v128.load(address)
  for (let index: u32 = 0; index < count; index++) {
    const rule = prefixAt(rules, index)
    if (outFid != 0 && load<u32>(rule, Prefix.OUT_FID) != outFid) continue
    const differs = v128.xor(wanted, v128.load(rule + side))
    if (!v128.any_true(v128.and(differs, v128.load(rule, Prefix.MASK)))) return rule
  }
  return 0
}

/** Moves an address from inside to outside or back; false for one that has no counterpart. */
export function movePrefix(rule: usize, address: usize, outward: bool): bool {
  const to = v128.load(rule + (outward ? Prefix.OUTSIDE : Prefix.INSIDE))
  const mask = v128.load(rule, Prefix.MASK)
  v128.store(address, v128.bitselect(to, v128.load(address), mask))
  let word = load<u32>(rule, Prefix.WORD)
  // A word of all ones is not used: it and zero are the same to a checksum (section 3.6).
  while (word >= SEARCH && word < 8 && load<u16>(address + (word << 1)) == 0xffff) word++
  if (word == 8 || load<u16>(address + (word << 1)) == 0xffff) return false
  const adjustment = load<u32>(rule, Prefix.ADJUSTMENT)
  const by = outward ? adjustment : ~adjustment & 0xffff
  const sum = fold(<u64>load<u16>(address + (word << 1)) + <u64>by)
  store<u16>(address + (word << 1), <u16>(sum == 0xffff ? 0 : sum))
  return true
}
