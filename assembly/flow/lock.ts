/**
 * Locks of the flow tables: words that several buckets share, since a bucket has no room for one.
 * Nobody holds two at a time. A word carries its owner, so that those of a dead worker can be broken.
 */
import { Directory, directory } from '../memory'
import { LOCKS_MAX } from '../size'

/** Spins of at most some 100 microseconds: a holder writes for well under one. */
const SPIN_MAX: u32 = 10_000

/** The lock of what lies at `address`. */
@inline
export function lockOf(address: usize): usize {
  return directory(Directory.LOCKS) + (((address >> 6) & (LOCKS_MAX - 1)) << 2)
}

/** Takes a lock for `owner`, spinning for a bounded time. */
@inline
export function lock(word: usize, owner: u32): bool {
  return atomic.cmpxchg<u32>(word, 0, owner) == 0 || wait(word, owner)
}

function wait(word: usize, owner: u32): bool {
  for (let spin: u32 = 0; spin < SPIN_MAX; spin++) {
    if (atomic.load<u32>(word) == 0 && atomic.cmpxchg<u32>(word, 0, owner) == 0) return true
  }
  return false
}

@inline
export function unlock(word: usize): void {
  atomic.store<u32>(word, 0)
}

/** Frees the locks of a worker that is known to be dead; returns how many there were. */
export function breakFlowLocks(owner: u32, mask: u32): u32 {
  let broken: u32 = 0
  for (let index: u32 = 0; index < LOCKS_MAX; index++) {
    const word = directory(Directory.LOCKS) + (index << 2)
    const held = atomic.load<u32>(word)
    if (held == 0 || (held & mask) != owner) continue
    unlock(word)
    broken++
  }
  return broken
}
