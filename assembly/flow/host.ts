/**
 * Flows a source host (CONFORMANCE T4): a counter each, found by a keyed hash of the address. Two hosts
 * may share one, and then share what they may have.
 */
import { DIRECTORY, Directory, directory } from '../memory'
import { Head, scramble } from './head'

/** A host may have this part of a table. */
const SHARE: u32 = 4

/** Where the flows of a host are counted. */
export function counterOf(table: usize, wide: bool, address: usize): usize {
  let x = load<u64>(table, Head.SEED)
  if (wide) {
    x ^= load<u64>(address) * load<u64>(table, Head.SEED + 8)
    x ^= load<u64>(address + 8)
  } else x ^= <u64>load<u32>(address)
  const index = <u32>(scramble(x) >> 32) & load<u32>(DIRECTORY, Directory.HOSTS_MASK)
  return directory(Directory.HOSTS) + ((<usize>index) << 2)
}

/** Counts a flow of the host at `counter`; false, and nothing counted, if it has its share already. */
@inline
export function admit(table: usize, counter: usize): bool {
  const most = max<u32>(1, load<u32>(table, Head.CAPACITY) / SHARE)
  if (atomic.add<u32>(counter, 1) < most) return true
  atomic.sub<u32>(counter, 1)
  return false
}

export function dismiss(table: usize, wide: bool, address: usize): void {
  atomic.sub<u32>(counterOf(table, wide, address), 1)
}
