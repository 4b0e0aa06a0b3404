/** Makes cuts and vectors of the matches of a rule set, see axis.ts. */

import { DIRECTORY, Directory } from '../memory'
import { LISTED_RULES, line } from '../size'
import { sort } from '../sort'
import {
  AXIS_SIZE,
  Axis,
  axisAt,
  Class,
  CUT_SIZE,
  LIST_MAX,
  LIST_SIZE,
  MANY,
  matchAt,
  matchesMax,
  Set,
  wordsFor,
} from './axis'
import { plant } from './tree'

/** An end of an interval: two u64 of the value at which it begins to count, u32 rule, u32 whether it opens. */
const EDGE_SIZE: usize = 24

/** False if the space that ends at `end` does not hold all vectors. */
export function compile(set: usize, end: usize): bool {
  const rules = load<u32>(set, Set.RULE_COUNT)
  const words = wordsFor(rules)
  store<u32>(set, words, Set.WORDS)
  store<u32>(set, wordsFor(words), Set.SUMMARY)
  const start = matchAt(set, matchesMax(load<u32>(DIRECTORY, Directory.MAX_RULES)))
  store<u32>(set, <u32>start, Set.USED)
  for (let axis: u32 = 0; axis < Axis.COUNT; axis++) {
    if (!compileAxis(set, axis, end)) return false
  }
  return true
}

function compileAxis(set: usize, axis: u32, end: usize): bool {
  const start = <usize>load<u32>(set, Set.USED)
  const record = axisAt(set, axis)
  memory.fill(record, 0, AXIS_SIZE)
  const edges = countEdges(set, axis)
  if (edges == 0) return true
  const vector = vectorSize(set)
  // As many classes as edges, and the first; the edges themselves lie behind, and are forgotten.
  const cuts = start
  const vectors = cuts + <usize>(edges + 1) * CUT_SIZE
  const ends = vectors + <usize>(edges + 1) * vector
  const order = ends + <usize>edges * EDGE_SIZE
  if (order + ((<usize>edges) << 2) > end) return false
  const count = collectEdges(set, axis, ends)
  for (let index: u32 = 0; index < count; index++) store<u32>(order + ((<usize>index) << 2), index)
  sort(order, count, ends, EDGE_SIZE, 2)
  fillFirst(set, axis, cuts, vectors)
  const classes = sweep(ends, order, count, cuts, vectors, vector, summaryOctets(set))
  for (let index: u32 = 0; index < classes; index++) summarise(set, vectors + <usize>index * vector)
  store<u32>(record, classes)
  store<u32>(record, <u32>cuts, Class.CUTS)
  store<u32>(record, <u32>vectors, Class.VECTORS)
  // Classes may be fewer than edges: what is not needed is left unused, a cut costs as much as a vector.
  let used = <usize>line(<u64>(vectors + <usize>classes * vector))
  if (load<u32>(set, Set.RULE_COUNT) > LISTED_RULES) {
    if (used + <usize>classes * LIST_SIZE > end) return false
    store<u32>(record, <u32>used, Class.LISTS)
    for (let index: u32 = 0; index < classes; index++) {
      list(set, vectors + <usize>index * vector, used)
      used += LIST_SIZE
    }
  }
  if (axis < Axis.SOURCE6) {
    const behind = plant(used, cuts, classes, end)
    if (behind != 0) {
      store<u32>(record, <u32>used, Class.TREE)
      used = behind
    }
  }
  store<u32>(set, <u32>used, Set.USED)
  return true
}

/** Writes the list of the rules of a class. */
function list(set: usize, vector: usize, to: usize): void {
  const words = load<u32>(set, Set.WORDS)
  const first = vector + summaryOctets(set)
  memory.fill(to, 0xff, LIST_SIZE)
  let count: u32 = 0
  for (let word: u32 = 0; word < words; word++) {
    for (let bits = load<u64>(first + ((<usize>word) << 3)); bits != 0; bits &= bits - 1) {
      if (count == LIST_MAX) {
        store<u32>(to, MANY)
        return
      }
      store<u32>(to + ((<usize>count) << 2), (word << 6) + <u32>ctz(bits))
      count++
    }
  }
}

@inline
function summaryOctets(set: usize): usize {
  return (<usize>load<u32>(set, Set.SUMMARY)) << 3
}

@inline
export function vectorSize(set: usize): usize {
  return (<usize>(load<u32>(set, Set.SUMMARY) + load<u32>(set, Set.WORDS))) << 3
}

function countEdges(set: usize, axis: u32): u32 {
  const matches = load<u32>(set, Set.MATCH_COUNT)
  let count: u32 = 0
  for (let index: u32 = 0; index < matches; index++) {
    if (load<u32>(matchAt(set, index), 4) == axis) count += 2
  }
  return count
}

/**
 * Writes where the intervals on an axis end, and then where they begin: where one ends and the next
 * begins, the lower number comes first. Returns how many.
 */
function collectEdges(set: usize, axis: u32, list: usize): u32 {
  const matches = load<u32>(set, Set.MATCH_COUNT)
  let edge = list
  for (let opens: u32 = 0; opens < 2; opens++) {
    for (let index: u32 = 0; index < matches; index++) {
      const match = matchAt(set, index)
      if (load<u32>(match, 4) == axis) edge = writeEdge(edge, match, opens)
    }
  }
  return <u32>((edge - list) / EDGE_SIZE)
}

/** Returns where the next one is to be written. An interval up to the largest value has no end. */
function writeEdge(edge: usize, match: usize, opens: u32): usize {
  let high = load<u64>(opens != 0 ? match + 16 : match + 32)
  let low = load<u64>(opens != 0 ? match + 24 : match + 40)
  if (opens == 0) {
    low++
    if (low == 0 && ++high == 0) return edge
  }
  store<u64>(edge, high)
  store<u64>(edge, low, 8)
  store<u32>(edge, load<u32>(match), 16)
  store<u32>(edge, opens, 20)
  return edge + EDGE_SIZE
}

/** The class that begins at 0: the rules that take all values of the axis. */
function fillFirst(set: usize, axis: u32, cuts: usize, vectors: usize): void {
  const rules = load<u32>(set, Set.RULE_COUNT)
  const words = vectors + summaryOctets(set)
  store<u64>(cuts, 0)
  store<u64>(cuts, 0, 8)
  memory.fill(vectors, 0, vectorSize(set))
  for (let rule: u32 = 0; rule < rules; rule++) flip(words, rule, 1)
  const matches = load<u32>(set, Set.MATCH_COUNT)
  for (let index: u32 = 0; index < matches; index++) {
    const match = matchAt(set, index)
    if (load<u32>(match, 4) == axis) flip(words, load<u32>(match), 0)
  }
}

/** Makes a class of each stretch between edges; returns how many there are. */
function sweep(
  list: usize,
  order: usize,
  count: u32,
  cuts: usize,
  vectors: usize,
  vector: usize,
  summary: usize,
): u32 {
  let classes: u32 = 1
  for (let index: u32 = 0; index < count; index++) {
    const edge = list + <usize>load<u32>(order + ((<usize>index) << 2)) * EDGE_SIZE
    const last = cuts + <usize>(classes - 1) * CUT_SIZE
    if (load<u64>(edge) != load<u64>(last) || load<u64>(edge, 8) != load<u64>(last, 8)) {
      store<u64>(last + CUT_SIZE, load<u64>(edge))
      store<u64>(last + CUT_SIZE, load<u64>(edge, 8), 8)
      memory.copy(
        vectors + <usize>classes * vector,
        vectors + <usize>(classes - 1) * vector,
        vector,
      )
      classes++
    }
    const words = vectors + <usize>(classes - 1) * vector + summary
    flip(words, load<u32>(edge, 16), load<u32>(edge, 20))
  }
  return classes
}

@inline
function flip(words: usize, rule: u32, on: u32): void {
  const word = words + ((<usize>(rule >> 6)) << 3)
  const bit = (<u64>1) << (<u64>(rule & 63))
  store<u64>(word, on != 0 ? load<u64>(word) | bit : load<u64>(word) & ~bit)
}

/** A bit for each word of the vector that has one. */
function summarise(set: usize, vector: usize): void {
  const words = load<u32>(set, Set.WORDS)
  const first = vector + summaryOctets(set)
  for (let word: u32 = 0; word < words; word++) {
    if (load<u64>(first + ((<usize>word) << 3)) != 0) flip(vector, word, 1)
    else flip(vector, word, 0)
  }
}
