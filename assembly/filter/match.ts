/** Which rule a packet falls under: the first whose intervals hold it on every axis. */
import { Axis, axisAt, Class, CUT_SIZE, LIST_SIZE, MANY, NO_RULE, Set } from './axis'
import { vectorSize } from './compile'
import { classBy } from './tree'

/** A packet's values lie 16 octets apart, an axis each: two u64, the upper half first. */
export const KEY_SIZE: usize = 16

@inline
export function setKey(keys: usize, axis: u32, value: u32): void {
  const key = keys + <usize>axis * KEY_SIZE
  store<u64>(key, 0)
  store<u64>(key, <u64>value, 8)
}

/**
 * The number of the first rule of `set` that takes the packet whose values are at `keys`; those of
 * axes without a bit in `axes` are not looked at. The values are overwritten.
 */
export function firstRule(set: usize, keys: usize, axes: u32): u32 {
  const size = vectorSize(set)
  let compared: u32 = 0
  let shortest: usize = 0
  for (let axis: u32 = 0; axis < Axis.COUNT; axis++) {
    const record = axisAt(set, axis)
    if (load<u32>(record) == 0 || ((axes >> axis) & 1) == 0) continue
    const index = <usize>classOf(record, keys + <usize>axis * KEY_SIZE)
    const vector = <usize>load<u32>(record, Class.VECTORS) + index * size
    let list = <usize>load<u32>(record, Class.LISTS)
    if (list != 0) {
      list += index * LIST_SIZE
      if (load<u32>(list) == MANY) list = 0
      else shortest = list
    }
    // Never ahead of the keys still to be read.
    store<u64>(keys + ((<usize>compared) << 3), <u64>vector | ((<u64>list) << 32))
    compared++
  }
  if (compared == 0) return 0
  return shortest != 0
    ? firstListed(set, keys, compared, shortest)
    : firstCommon(set, keys, compared)
}

/**
 * For who finds out classes ahead: that of a value on an axis that has a tree and lists, whose list is then
 * at `listOf`, and one; 0 of any other.
 */
@inline
export function classAhead(record: usize, value: u32): u32 {
  const tree = <usize>load<u32>(record, Class.TREE)
  return tree == 0 || load<u32>(record, Class.LISTS) == 0 ? 0 : classBy(tree, value) + 1
}

@inline
export function listOf(record: usize, known: u32): usize {
  return known == 0
    ? record
    : <usize>load<u32>(record, Class.LISTS) + <usize>(known - 1) * LIST_SIZE
}

/** Says of an axis which class is known of the value at `keys`, as `classAhead` has it. */
@inline
export function setKnown(keys: usize, axis: u32, known: u32): void {
  store<u32>(keys + <usize>axis * KEY_SIZE, known)
}

/** The last class that does not begin behind the value. Where there is a tree, the upper half is free: `setKnown`. */
@inline
function classOf(record: usize, key: usize): u32 {
  const tree = <usize>load<u32>(record, Class.TREE)
  if (tree != 0) {
    const known = load<u32>(key)
    return known != 0 ? known - 1 : classBy(tree, load<u32>(key, 8))
  }
  return search(record, load<u64>(key), load<u64>(key, 8))
}

/** The same among cuts. */
function search(record: usize, high: u64, low: u64): u32 {
  const cuts = <usize>load<u32>(record, Class.CUTS)
  let first: u32 = 0
  let end = load<u32>(record)
  while (end - first > 1) {
    const middle = (first + end) >> 1
    const cut = cuts + <usize>middle * CUT_SIZE
    const begins = load<u64>(cut)
    const above = begins > high || (begins == high && load<u64>(cut, 8) > low)
    if (above) end = middle
    else first = middle
  }
  return first
}

/** The first rule of a list that all of `classes`, vectors and lists, have. */
function firstListed(set: usize, classes: usize, count: u32, list: usize): u32 {
  const words = (<usize>load<u32>(set, Set.SUMMARY)) << 3
  for (let at = list; at < list + LIST_SIZE; at += 4) {
    const rule = load<u32>(at)
    if (rule == NO_RULE) break
    let index: u32 = 0
    while (index < count && has(load<u64>(classes + ((<usize>index) << 3)), words, rule)) index++
    if (index == count) return rule
  }
  return NO_RULE
}

/** True if a class has a rule; only one without a list is asked for its vector. */
@inline
function has(one: u64, words: usize, rule: u32): bool {
  const list = <usize>(one >> 32)
  if (list != 0) return isListed(list, rule)
  const word = load<u64>(<usize>(<u32>one) + words + ((<usize>(rule >> 6)) << 3))
  return ((word >> <u64>(rule & 63)) & 1) != 0
}

@inline
function isListed(list: usize, rule: u32): bool {
  const wanted = i32x4.splat(rule)
  const a = i32x4.eq(v128.load(list), wanted)
  const b = i32x4.eq(v128.load(list, 16), wanted)
  const c = i32x4.eq(v128.load(list, 32), wanted)
  const d = i32x4.eq(v128.load(list, 48), wanted)
  return v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))
}

/** The first bit that all vectors have. */
function firstCommon(set: usize, classes: usize, count: u32): u32 {
  const summary = load<u32>(set, Set.SUMMARY)
  for (let word: u32 = 0; word < summary; word++) {
    let candidates = common(classes, count, word)
    for (; candidates != 0; candidates &= candidates - 1) {
      const at = (word << 6) + <u32>ctz(candidates)
      const bits = common(classes, count, summary + at)
      if (bits != 0) return (at << 6) + <u32>ctz(bits)
    }
  }
  return NO_RULE
}

@inline
function common(classes: usize, count: u32, word: u32): u64 {
  const at = (<usize>word) << 3
  let bits = load<u64>(<usize>load<u32>(classes) + at)
  for (let index: u32 = 1; index < count && bits != 0; index++) {
    bits &= load<u64>(<usize>load<u32>(classes + ((<usize>index) << 3)) + at)
  }
  return bits
}
