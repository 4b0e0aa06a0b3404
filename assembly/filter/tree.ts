/**
 * The class of a value of up to 32 bits on an axis, in as many steps as there are powers of 16 in the
 * number of classes, and without a branch that cannot be predicted: a tree whose nodes are one cache line.
 *
 *   tree    the address of each level, u32, the root's first, 0 behind the last
 *   level   nodes of 16 u32: of the last one where each class but the first begins, less 1; of the others
 *           the last number of each node below, but of the very last the largest that there is
 *
 * What is larger than a number of a node lies behind it, so how many those are says where to go on.
 */
import { CACHE_LINE } from '../size'
import { CUT_SIZE } from './axis'

const LEVELS: u32 = 4
const NODE: u32 = 16
const LAST: u32 = 0xffffffff
/** More classes have no tree. */
const MOST: u32 = 1 << (4 * LEVELS)

/** The last class that does not begin behind the value. */
export function classBy(tree: usize, value: u32): u32 {
  const wanted = i32x4.splat(value)
  let rank: u32 = 0
  for (let at = tree; load<u32>(at) != 0; at += 4) {
    const node = <usize>load<u32>(at) + <usize>rank * CACHE_LINE
    const low = i16x8.narrow_i32x4_s(
      i32x4.gt_u(wanted, v128.load(node)),
      i32x4.gt_u(wanted, v128.load(node, 16)),
    )
    const high = i16x8.narrow_i32x4_s(
      i32x4.gt_u(wanted, v128.load(node, 32)),
      i32x4.gt_u(wanted, v128.load(node, 48)),
    )
    rank = (rank << 4) + popcnt<u32>(i8x16.bitmask(i8x16.narrow_i16x8_s(low, high)))
  }
  return rank
}

/** Makes the tree of `classes` that begin at `cuts`; returns where it ends, or 0 if it is too large. */
export function plant(tree: usize, cuts: usize, classes: u32, end: usize): usize {
  const count = classes - 1
  if (count > MOST) return 0
  memory.fill(tree, 0, CACHE_LINE)
  let levels: u32 = 1
  for (let nodes = nodesFor(count); nodes > 1; nodes = nodesFor(nodes)) levels++
  let node = tree + CACHE_LINE
  let below: usize = 0
  let numbers = count
  for (let level = levels; level > 0; level--) {
    const nodes = nodesFor(numbers)
    const behind = node + <usize>nodes * CACHE_LINE
    if (behind > end) return 0
    store<u32>(tree + ((<usize>(level - 1)) << 2), <u32>node)
    memory.fill(node, 0xff, behind - node)
    for (let index: u32 = 0; index < numbers; index++) {
      const number = below == 0 ? beginOf(cuts, index + 1) : lastOf(below, index)
      store<u32>(node + ((<usize>index) << 2), below != 0 && index == numbers - 1 ? LAST : number)
    }
    below = node
    numbers = nodes
    node = behind
  }
  return node
}

/** Nodes that hold so many numbers. */
@inline
function nodesFor(numbers: u32): u32 {
  return max<u32>(1, (numbers + NODE - 1) / NODE)
}

/** Where a class begins, less 1: that may be 2^32, which no value reaches. */
@inline
function beginOf(cuts: usize, index: u32): u32 {
  return <u32>(load<u64>(cuts + <usize>index * CUT_SIZE, 8) - 1)
}

@inline
function lastOf(level: usize, node: u32): u32 {
  return load<u32>(level + <usize>node * CACHE_LINE, CACHE_LINE - 4)
}
