/**
 * Routes that a worker found lately, by a hash of the address: most packets are to one of few. Only
 * where the trie is deep: of IPv4 an address in the lower half, in the upper one the number of its route; of
 * IPv6 32 octets, the address and behind it the number. They are of one config, and are forgotten when the
 * worker goes by another.
 */
import { Worker } from '../memory'
import { RECALLED_BITS } from '../size'
import { isLeaf, lookupWord, rootEntry, valueOfLeaf, walk } from '../table/trie'
import { mix } from '../wire/ipv6'
import { ROOT4, ROOT6, routeOfNumber } from './route'

/** Steps in the trie, of four bits, up to which no route of IPv6 is remembered: most networks end there. */
const SHALLOW: u32 = 12

/** To be called before `recallRoute` in a burst: nothing that was found by another config counts. */
export function startRecall(block: usize): void {
  const epoch = load<u32>(block, Worker.EPOCH)
  if (load<u32>(block, Worker.ROUTES_EPOCH) == epoch) return
  memory.fill(block + Worker.ROUTES, 0, 40 << RECALLED_BITS) // and ROUTES6
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

/** The same as `routeTo6`, for the IPv6 address that stands at `address`. It is not ::. */
@inline
export function recallWide(block: usize, trie: usize, routes: usize, address: usize): usize {
  const place = (mix(address) >> (32 - RECALLED_BITS)) << 5
  const at = block + Worker.ROUTES6 + <usize>place
  const known = load<u64>(at) == load<u64>(address) && load<u64>(at, 8) == load<u64>(address, 8)
  return routeOfNumber(routes, known ? load<u32>(at, 16) : lookAt(at, trie, address))
}

/** Looks for the number of the route to an address that is to be remembered at `at`. */
function lookAt(at: usize, trie: usize, address: usize): u32 {
  const upper = load<u64>(address)
  let entry = walk(trie, ROOT6, upper, 0, SHALLOW)
  if (isLeaf(entry)) return valueOfLeaf(entry)
  const lower = load<u64>(address, 8)
  entry = walk(trie, entry, upper, SHALLOW, 16)
  const number = valueOfLeaf(walk(trie, entry, lower, 0, 16))
  store<u64>(at, upper)
  store<u64>(at, lower, 8)
  store<u32>(at, number, 16)
  return number
}
