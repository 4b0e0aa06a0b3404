/**
 * What rules look at, an axis each, and how a rule set lies in memory. A value on an axis is an unsigned
 * number of up to 128 bits; a rule takes some intervals of it, or all if it names none.
 *
 * A rule set is compiled (compile.ts) to what is known as aggregated bit vectors: the ends of all
 * intervals on an axis cut it into classes, and each class has a vector with a bit for each rule that
 * takes its values. The rule of a packet is the first bit that the vectors of all axes have in
 * common. A summary of the vector, a bit a word of it, is compared first. Of many rules most classes
 * have few, which are listed beside the vector: the rule of a packet is then the first of a list that
 * the other classes have, and one cache line an axis is read for it.
 *
 *   set      head, axes, rules, then space for matches and, behind them, cuts and vectors
 *   head     0 ruleCount u32   4 matchCount u32   8 words u32 (u64 of a vector)   12 summary u32 (u64 of one)
 *            16 used u32 (where free space begins)   20 axes u32 (how many are compared)
 *   axis     0 classes u32, 0: no rule looks at it   4 cuts u32 (address)   8 vectors u32 (address)
 *            12 lists u32 (address, 0: none)   16 tree u32 (address, 0: none)
 *   rule     0 action u32   4 slot u32 (of its counters)
 *   match    0 rule u32   4 axis u32   16 low   32 high (two u64 each, the upper half first)
 *   cut      where a class begins: two u64, the upper half first; the first class begins at 0
 *   vector   summary words, then words; bit 0 of word 0 is the first rule
 *   list     the numbers of the rules of a class that has few, u32 each, ascending, NO_RULE behind them;
 *            of any other MANY. One cache line, where a vector of many rules is scattered over several
 *   tree     see tree.ts: the class of a value of up to 32 bits
 */
import { DIRECTORY, Directory } from '../memory'
import { RULE_MATCHES } from '../size'

export namespace Axis {
  /** Device port a frame came in by, and leaves by; NOWHERE where that is not one. */
  export const IN_PORT: u32 = 0
  export const OUT_PORT: u32 = 1
  /** Broadcast domains, by FID. */
  export const IN_DOMAIN: u32 = 2
  export const OUT_DOMAIN: u32 = 3
  /** 4 or 6. */
  export const VERSION: u32 = 4
  export const PROTOCOL: u32 = 5
  export const SOURCE_PORT: u32 = 6
  export const DESTINATION_PORT: u32 = 7
  export const ICMP_TYPE: u32 = 8
  /** A State. */
  export const STATE: u32 = 9
  export const SOURCE4: u32 = 10
  export const DESTINATION4: u32 = 11
  export const SOURCE6: u32 = 12
  export const DESTINATION6: u32 = 13
  export const COUNT: u32 = 14
}

/** What connection tracking says of a packet. */
export namespace State {
  export const NEW: u32 = 0
  export const ESTABLISHED: u32 = 1
  export const RELATED: u32 = 2
}

export namespace Action {
  export const ALLOW: u32 = 1
  export const DENY: u32 = 2
  export const REJECT: u32 = 3
}

/** Stands for a port that a frame does not have: that of a flood, or the router's own. */
export const NOWHERE: u32 = 0xffffffff

export namespace Set {
  export const RULE_COUNT: usize = 0
  export const MATCH_COUNT: usize = 4
  export const WORDS: usize = 8
  export const SUMMARY: usize = 12
  export const USED: usize = 16
  export const SIZE: usize = 64
}

export const AXIS_SIZE: usize = 20
export namespace Class {
  export const COUNT: usize = 0
  export const CUTS: usize = 4
  export const VECTORS: usize = 8
  export const LISTS: usize = 12
  export const TREE: usize = 16
}
export const RULE_SIZE: usize = 8
export const MATCH_SIZE: usize = 48
export const CUT_SIZE: usize = 16

/** No rule takes it. */
export const NO_RULE: u32 = 0xffffffff
/** Rules that a list has room for; and in place of the first, of a class that has more. */
export const LIST_MAX: u32 = 16
export const LIST_SIZE: usize = 64
export const MANY: u32 = 0xfffffffe

/** u64 of a vector of `rules` bits, and of its summary. */
@inline
export function wordsFor(bits: u32): u32 {
  return (bits + 63) >> 6
}

@inline
export function axisAt(set: usize, axis: u32): usize {
  return set + Set.SIZE + <usize>axis * AXIS_SIZE
}

@inline
export function ruleAt(set: usize, rule: u32): usize {
  return axisAt(set, Axis.COUNT + 2) + <usize>rule * RULE_SIZE
}

@inline
export function matchAt(set: usize, match: u32): usize {
  const rules = load<u32>(DIRECTORY, Directory.MAX_RULES)
  return ruleAt(set, rules) + <usize>match * MATCH_SIZE
}

export function matchesMax(rules: u32): u32 {
  return <u32>(<u64>rules * RULE_MATCHES)
}
