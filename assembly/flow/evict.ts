/**
 * Room in a full table: the flow that was quiet longest, of a sample of those that nobody has answered
 * or that have ended; what is established never goes (CONFORMANCE T4). The sample is of rows of records
 * at keyed numbers: nobody can aim, and what was established in one go and lies side by side does not
 * hide the others.
 */
import { Statistic, statistic } from '../counter'
import { draw, Head } from './head'
import { FlowFlag, recordOf } from './record'
import { idleOf, isEnded, isExpendable, isOver } from './state'
import { remove } from './table'

/** Records looked at for one victim, and in a row; and how many that may go are enough to choose from. */
const SAMPLE: u32 = 128
const ROW: u32 = 4
const ENOUGH: u32 = 16

/** Ends one flow; false if the sample has none that may go. */
export function evict(block: usize, table: usize, wide: bool, owner: u32, tick: u32): bool {
  const used = atomic.load<u32>(table, Head.USED)
  if (used == 0) return false
  // Of a small table, all.
  const row = used > SAMPLE ? ROW : SAMPLE
  let index: u32 = 0
  let victim: u32 = 0
  let incarnation: u32 = 0
  let longest: u32 = 0
  let found: u32 = 0
  for (let looked: u32 = 0; looked < min(SAMPLE, used) && found < ENOUGH; looked++) {
    index = looked % row == 0 ? draw(table) % used : index + 1 >= used ? 0 : index + 1
    const record = recordOf(table, (index + 1) << 2)
    const word = load<u32>(record)
    if (((word >> 16) & FlowFlag.DEAD) != 0) continue
    if (!isExpendable(record) && !isOver(record, tick)) continue
    found++
    const idle = idleOf(record, tick) + 1
    if (idle <= longest) continue
    longest = idle
    victim = index + 1
    incarnation = word & 0xffff
  }
  if (victim == 0) return false
  const record = recordOf(table, victim << 2)
  const why = isOver(record, tick)
    ? Statistic.FLOWS_EXPIRED
    : isEnded(record)
      ? Statistic.FLOWS_ENDED
      : Statistic.FLOWS_EVICTED
  if (!remove(table, wide, victim, incarnation, owner)) return false
  statistic(block, why)
  return true
}
