/**
 * What a worker found lately, by a hash of the address: most packets are to one of few. Neighbours, and
 * routes of IPv4 addresses where the trie is deep: an address in the lower half, in the upper one the
 * number of its route. Those are of one config, and are forgotten when the worker goes by another.
 */
import { Worker } from '../memory'
import { RECALLED_BITS, REMEMBERED_BITS } from '../size'
import { isLeaf, lookupWord, rootEntry, valueOfLeaf } from '../table/trie'
import { findNeighbor, isNeighbor } from './neighbor'
import { ROOT4, routeOfNumber } from './route'

/** Where a worker remembers the neighbour of an address. */
@inline
function rememberedAt(block: usize, lower: u64, upper: u64): usize {
  const hash = (<u32>(upper >> 32) ^ <u32>lower) * 0x9e3779b1
  return block + Worker.NEIGHBORS + ((hash >> (32 - REMEMBERED_BITS)) << 2)
}

/** What is remembered of a neighbour, which may be another one by now; 0 for nothing. */
@inline
export function remembered(block: usize, lower: u64, upper: u64): usize {
  return <usize>load<u32>(rememberedAt(block, lower, upper))
}

/** The same as `findNeighbor`, of those that a worker found lately. */
@inline
export function recallNeighbor(block: usize, fid: u32, lower: u64, upper: u64): usize {
  const at = rememberedAt(block, lower, upper)
  const known = <usize>load<u32>(at)
  if (known != 0 && isNeighbor(known, fid, lower, upper)) return known
  const record = findNeighbor(fid, lower, upper)
  store<u32>(at, <u32>record)
  return record
}

/** To be called before `recallRoute` in a burst: nothing that was found by another config counts. */
export function startRecall(block: usize): void {
  const epoch = load<u32>(block, Worker.EPOCH)
  if (load<u32>(block, Worker.ROUTES_EPOCH) == epoch) return
  memory.fill(block + Worker.ROUTES, 0, 8 << RECALLED_BITS)
  store<u32>(block, epoch, Worker.ROUTES_EPOCH)
}

/** The same as `routeBy`. `address` is in host order, and not 0. */
@inline
export function recallRoute(block: usize, trie: usize, routes: usize, address: u32): usize {
  const entry = rootEntry(trie, ROOT4, address)
  let number = valueOfLeaf(entry)
  if (!isLeaf(entry)) {
    const at = block + Worker.ROUTES + (((address * 0x9e3779b1) >> (32 - RECALLED_BITS)) << 3)
    const known = load<u64>(at)
    number = <u32>(known >> 32)
    if (<u32>known != address) {
      number = lookupWord(trie, ROOT4, address)
      store<u64>(at, <u64>address | ((<u64>number) << 32))
    }
  }
  return routeOfNumber(routes, number)
}
