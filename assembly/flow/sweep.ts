/**
 * Expiry. A look-up already takes a flow whose time is over for none; the sweep gives back what it holds,
 * a slice of records at a time, so that no burst waits for it. Whichever worker's tick comes first takes
 * the next slice.
 */
import { Statistic, statistic } from '../counter'
import { DIRECTORY, Directory, ownerOf } from '../memory'
import { countOf, Head, tableOf } from './head'
import { incarnationOf, recordOf } from './record'
import { isOver, SHORTEST_MS, tickOf } from './state'
import { remove } from './table'

/** Records looked at in one go. */
const SLICE: u32 = 256
/** The whole table is swept so often in the shortest time that a flow lasts. */
const ROUNDS: u32 = 4

@inline
function usedOf(wide: bool): u32 {
  return atomic.load<u32>(tableOf(wide), Head.USED)
}

/** When the next slice is due, in milliseconds; Infinity without flows. */
export function flowDeadline(): f64 {
  if (countOf(tableOf(false)) + countOf(tableOf(true)) == 0) return Infinity
  return <f64>atomic.load<u64>(DIRECTORY, Directory.FLOW_DEADLINE)
}

/** Sweeps a slice if one is due. */
export function sweepFlows(worker: u32, block: usize, now: f64): void {
  const deadline = atomic.load<u64>(DIRECTORY, Directory.FLOW_DEADLINE)
  if (now < <f64>deadline) return
  const narrow = usedOf(false)
  const all = narrow + usedOf(true)
  if (all == 0) return
  const interval = max<u32>(1, SHORTEST_MS / ROUNDS / (all / SLICE + 1))
  const next = <u64>now + interval
  if (atomic.cmpxchg<u64>(DIRECTORY, deadline, next, Directory.FLOW_DEADLINE) != deadline) return
  let index = atomic.add<u32>(DIRECTORY, SLICE, Directory.FLOW_CURSOR) % all
  const owner = ownerOf(worker, block)
  const tick = tickOf(now)
  for (let done: u32 = 0; done < min(SLICE, all); done++) {
    const wide = index >= narrow
    sweepRecord(block, wide, wide ? index - narrow : index, owner, tick)
    index = index + 1 >= all ? 0 : index + 1
  }
}

@inline
function sweepRecord(block: usize, wide: bool, index: u32, owner: u32, tick: u32): void {
  const table = tableOf(wide)
  const record = recordOf(table, (index + 1) << 2)
  const incarnation = incarnationOf(record)
  if (!isOver(record, tick)) return
  if (remove(table, wide, index + 1, incarnation, owner)) statistic(block, Statistic.FLOWS_EXPIRED)
}
