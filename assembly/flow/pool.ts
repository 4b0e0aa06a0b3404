/** The records of a flow table that are free: those that were used before, then those that never were. */
import { Head } from './head'
import { Flow, recordOf } from './record'

/** Takes a record and returns its number, from 1; 0 when all are in use. */
@inline
export function takeRecord(table: usize): u32 {
  while (true) {
    const head = atomic.load<u64>(table, Head.FREE)
    if (<u32>head == 0) break
    const next = atomic.load<u32>(recordOf(table, (<u32>head) << 2), Flow.NEXT)
    const then = (((head >> 32) + 1) << 32) | <u64>next
    if (atomic.cmpxchg<u64>(table, head, then, Head.FREE) == head) return <u32>head
  }
  const capacity = load<u32>(table, Head.CAPACITY)
  while (true) {
    const used = atomic.load<u32>(table, Head.USED)
    if (used >= capacity) return 0
    if (atomic.cmpxchg<u32>(table, used, used + 1, Head.USED) == used) return used + 1
  }
}

/** Gives a record back; whoever reads it still sees by the incarnation that it is nobody's. */
export function giveRecord(table: usize, index: u32): void {
  const record = recordOf(table, index << 2)
  store<u8>(record, 0, Flow.STATE)
  atomic.add<u16>(record, 1, Flow.INCARNATION)
  while (true) {
    const head = atomic.load<u64>(table, Head.FREE)
    atomic.store<u32>(record, <u32>head, Flow.NEXT)
    const then = (((head >> 32) + 1) << 32) | <u64>index
    if (atomic.cmpxchg<u64>(table, head, then, Head.FREE) == head) return
  }
}
