/**
 * Room in a full table: the flow that was quiet longest, of a sample of those that nobody has answered
 * or that have ended; what is established never goes (CONFORMANCE T4). Where the sample lies nobody can
 * aim: it starts at a keyed number.
 */
import { Statistic, statistic } from '../counter'
import { draw, Head } from './head'
import { FlowFlag, flagsOf, recordOf } from './record'
import { idleOf, isExpendable, isOver } from './state'
import { remove } from './table'

/** Records looked at for one victim. */
const SAMPLE: u32 = 64

/** Ends one flow; false if the sample has none that may go. */
export function evict(block: usize, table: usize, wide: bool, owner: u32, tick: u32): bool {
  const used = atomic.load<u32>(table, Head.USED)
  if (used == 0) return false
  let index = draw(table) % used
  let victim: u32 = 0
  let longest: u32 = 0
  for (let looked: u32 = 0; looked < min(SAMPLE, used); looked++) {
    index = index + 1 >= used ? 0 : index + 1
    const record = recordOf(table, (index + 1) << 2)
    if ((flagsOf(record) & FlowFlag.DEAD) != 0) continue
    if (!isExpendable(record) && !isOver(record, tick)) continue
    const idle = idleOf(record, tick) + 1
    if (idle <= longest) continue
    longest = idle
    victim = index + 1
  }
  if (victim == 0 || !remove(table, wide, victim, owner)) return false
  statistic(block, Statistic.FLOWS_EVICTED)
  return true
}
