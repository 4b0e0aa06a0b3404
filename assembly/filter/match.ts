/** Which rule a packet falls under: the first whose intervals hold it on every axis. */
import { Axis, axisAt, CUT_SIZE, Set } from './axis'
import { vectorSize } from './compile'

/** No rule takes it. */
export const NO_RULE: u32 = 0xffffffff

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
  for (let axis: u32 = 0; axis < Axis.COUNT; axis++) {
    const record = axisAt(set, axis)
    if (load<u32>(record) == 0 || ((axes >> axis) & 1) == 0) continue
    const key = keys + <usize>axis * KEY_SIZE
    const vector =
      <usize>load<u32>(record, 8) + <usize>classOf(record, load<u64>(key), load<u64>(key, 8)) * size
    store<u32>(keys + ((<usize>compared) << 2), <u32>vector) // never ahead of the keys still to be read
    compared++
  }
  return compared == 0 ? 0 : firstCommon(set, keys, compared)
}

/** The last class that does not begin behind the value. */
function classOf(record: usize, high: u64, low: u64): u32 {
  const cuts = <usize>load<u32>(record, 4)
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

/** The first bit that all vectors have. */
function firstCommon(set: usize, vectors: usize, count: u32): u32 {
  const summary = load<u32>(set, Set.SUMMARY)
  for (let word: u32 = 0; word < summary; word++) {
    let candidates = common(vectors, count, word)
    for (; candidates != 0; candidates &= candidates - 1) {
      const at = (word << 6) + <u32>ctz(candidates)
      const bits = common(vectors, count, summary + at)
      if (bits != 0) return (at << 6) + <u32>ctz(bits)
    }
  }
  return NO_RULE
}

@inline
function common(vectors: usize, count: u32, word: u32): u64 {
  const at = (<usize>word) << 3
  let bits = load<u64>(<usize>load<u32>(vectors) + at)
  for (let index: u32 = 1; index < count && bits != 0; index++) {
    bits &= load<u64>(<usize>load<u32>(vectors + ((<usize>index) << 2)) + at)
  }
  return bits
}
