/**
 * Longest-prefix match: a trie of four bits a step whose nodes are one cache line each. An entry is
 * the number of a child node, or a leaf: LEAF and a value, 0 for none. Leaves are pushed down, so that
 * a look-up ends at the first one it meets and never goes back. Node 0 is the root of one family,
 * node 1 that of another.
 *
 * It is filled once, shortest prefixes first, and then only read. A trie: 0 nodes used u32, 4 nodes
 * there are u32, 8 the length that was inserted last u32; nodes from NODE_SIZE on.
 */
import { NODE_SIZE } from '../size'

const USED: usize = 0
const COUNT: usize = 4
const LENGTH: usize = 8
const ROOTS: u32 = 2
const STRIDE: u32 = 4
const LEAF: u32 = 0x80000000

@inline
function nodeAt(trie: usize, index: u32): usize {
  return trie + <usize>(index + 1) * NODE_SIZE
}

/** Makes an empty trie of at most `count` nodes in (`count` + 1) * NODE_SIZE octets. */
export function clear(trie: usize, count: u32): void {
  store<u32>(trie, ROOTS, USED)
  store<u32>(trie, count, COUNT)
  store<u32>(trie, 0, LENGTH)
  for (let root: u32 = 0; root < ROOTS; root++) spread(nodeAt(trie, root), 0, 1 << STRIDE, LEAF)
}

function spread(node: usize, first: u32, count: u32, entry: u32): void {
  for (let index = first; index < first + count; index++) {
    store<u32>(node + ((<usize>index) << 2), entry)
  }
}

/** Bits `at` to `at` + 3 of an address in the order of the wire. */
@inline
function bitsAt(address: usize, at: u32): u32 {
  return (<u32>load<u8>(address + (at >> 3)) >> (4 - (at & 4))) & 15
}

/**
 * Gives the prefix of `length` bits at `address` a value (1 to 2^31 - 1), in place of what was said of
 * the same prefix. False when there are no nodes left, or a longer prefix was inserted before.
 */
export function insert(trie: usize, root: u32, address: usize, length: u32, value: u32): bool {
  if (length < load<u32>(trie, LENGTH)) return false
  store<u32>(trie, length, LENGTH)
  let node = nodeAt(trie, root)
  let at: u32 = 0
  for (; at + STRIDE < length; at += STRIDE) {
    const slot = node + ((<usize>bitsAt(address, at)) << 2)
    const entry = load<u32>(slot)
    if ((entry & LEAF) == 0) {
      node = nodeAt(trie, entry)
      continue
    }
    const child = load<u32>(trie, USED)
    if (child == load<u32>(trie, COUNT)) return false
    store<u32>(trie, child + 1, USED)
    node = nodeAt(trie, child)
    spread(node, 0, 1 << STRIDE, entry)
    store<u32>(slot, child)
  }
  // No longer prefix is in yet, so nothing but leaves stands where this one covers a node.
  const covered: u32 = 1 << (STRIDE - (length - at))
  const first = length == 0 ? 0 : bitsAt(address, at) & ~(covered - 1)
  spread(node, first, covered, LEAF | value)
  return true
}

/** The value of the longest prefix that `address` lies in; 0 for none. */
@inline
export function lookup(trie: usize, root: u32, address: usize): u32 {
  let entry = root
  let at: u32 = 0
  while ((entry & LEAF) == 0) {
    entry = load<u32>(nodeAt(trie, entry) + ((<usize>bitsAt(address, at)) << 2))
    at += STRIDE
  }
  return entry & ~LEAF
}

/** The same for an address of four octets, host order. */
@inline
export function lookupWord(trie: usize, root: u32, address: u32): u32 {
  let entry = root
  while ((entry & LEAF) == 0) {
    entry = load<u32>(nodeAt(trie, entry) + ((<usize>(address >> (32 - STRIDE))) << 2))
    address <<= STRIDE
  }
  return entry & ~LEAF
}

/** The same for an address of 16 octets. */
export function lookupWide(trie: usize, root: u32, address: usize): u32 {
  const entry = walk(trie, root, load<u64>(address), 0, 16)
  return walk(trie, entry, load<u64>(address, 8), 0, 16) & ~LEAF
}

/** Goes on from an entry by steps `from` to `to` at most of the 16 that eight octets of an address make. */
@inline
export function walk(trie: usize, entry: u32, octets: u64, from: u32, to: u32): u32 {
  const low: u64 = 0x0f0f0f0f0f0f0f0f
  let bits = (((octets >> 4) & low) | ((octets & low) << 4)) >> (from << 2)
  for (; (entry & LEAF) == 0 && from != to; from++) {
    entry = load<u32>(nodeAt(trie, entry) + ((<usize>bits & 15) << 2))
    bits >>= STRIDE
  }
  return entry
}

/** What `lookupWord` reads first: a leaf, or the way on. */
@inline
export function rootEntry(trie: usize, root: u32, address: u32): u32 {
  return load<u32>(nodeAt(trie, root) + ((<usize>(address >> (32 - STRIDE))) << 2))
}

@inline
export function isLeaf(entry: u32): bool {
  return (entry & LEAF) != 0
}

@inline
export function valueOfLeaf(entry: u32): u32 {
  return entry & ~LEAF
}
