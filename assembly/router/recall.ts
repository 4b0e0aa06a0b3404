/**
 * Routes that a worker found lately, by a hash of the IPv4 address: most packets are to one of few. Only
 * where the trie is deep: an address in the lower half, in the upper one the number of its route. They are
 * of one config, and are forgotten when the worker goes by another.
 */
import { Worker } from '../memory'
import { RECALLED_BITS } from '../size'
import { isLeaf, lookupWord, rootEntry, valueOfLeaf } from '../table/trie'
import { ROOT4, routeOfNumber } from './route'

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
