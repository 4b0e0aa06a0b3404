/** Copies of frames for a port that watches others. */
import { latched, PortFlag, PortRecord, portRecord } from '../config'
import { dropTransmitted } from '../counter'
import { Drop } from '../drop'
import { NO_PORT, only } from '../transmit'
import { deliver } from './deliver'

/**
 * Sends the frame to the port `target` too, with `tag` (0: without), whatever its VLANs and MTU are.
 * Returns the number of transmit entries.
 */
export function mirror(
  worker: u32,
  block: usize,
  frame: usize,
  target: u32,
  tag: u32,
  count: u32,
): u32 {
  const record = portRecord(latched(block), target)
  const up = PortFlag.PRESENT | PortFlag.UP
  if ((load<u32>(record, PortRecord.FLAGS) & up) != up) {
    dropTransmitted(worker, target, Drop.EGRESS_DOWN, 1)
    return count
  }
  const offloads = load<u32>(record, PortRecord.OFFLOADS)
  return deliver(worker, block, frame, count, tag, offloads, only(target), 1, NO_PORT)
}
