/** The short way between ports of a VLAN-aware bridge. */
import { inVlanSet, PortFlag, PortRecord, portRecord, vlanSet } from '../config'
import { countTransmitted } from '../counter'
import { leavesTagged } from '../flood'
import { Frame } from '../frame'
import { COUNTERS_SIZE } from '../memory'
import { Ethernet, TAG } from '../wire/ethernet'
import { tagOf, Vlan } from '../wire/vlan'
import { longerBy, sendAlone, sendFitting } from './form'
import { isWatched, UP, unicastSpecial } from './send'

/** All that the short way asks of a port, and whether somebody else is to have a say. */
const SPECIAL: u32 = UP | PortFlag.EGRESS | PortFlag.VLAN_AWARE | PortFlag.MIRROR_TARGET
const PLAIN: u32 = UP | PortFlag.VLAN_AWARE

/** As `unicast`, for a frame of a VLAN. */
export function unicastVlan(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  port: u32,
  own: usize,
  counters: usize,
  isolation: u32,
  count: u32,
): u32 {
  const record = portRecord(config, port)
  const ingress = portRecord(config, <u32>load<u16>(frame, Frame.PORT))
  const plain = (load<u32>(record, PortRecord.FLAGS) & (SPECIAL | isolation)) == PLAIN
  const length = load<u32>(frame, Frame.LENGTH)
  const tci = <u32>load<u16>(frame, Frame.TCI)
  const vid = tci & Vlan.VID_MASK
  // Checksum, GSO type and size; nested is a question of what is left without the tag.
  const asks = load<u32>(frame, Frame.CHECKSUM) | <u32>load<u8>(frame, Frame.NESTED)
  const together = load<u32>(record, PortRecord.BRIDGE) == load<u32>(ingress, PortRecord.BRIDGE)
  const most = load<u32>(record, PortRecord.MTU) + Ethernet.HEADER
  const fits = length <= (load<u32>(frame, Frame.TAG) == 0 ? most : most + TAG)
  if (!plain || !fits || asks != 0 || !together || !inVlanSet(vlanSet(config, port), vid)) {
    return unicastSpecial(worker, block, frame, port, isolation, count)
  }
  const tag = leavesTagged(record, vid) ? tagOf(<u32>load<u16>(record, PortRecord.TPID), tci) : 0
  if (tag == load<u32>(frame, Frame.TAG)) {
    sendFitting(block, load<u32>(frame, Frame.ADDRESS), length, own, count)
    countTransmitted(counters + <usize>port * COUNTERS_SIZE, 1, length)
    return count + 1
  }
  if (isWatched(config, frame)) {
    return unicastSpecial(worker, block, frame, port, isolation, count)
  }
  countTransmitted(counters + <usize>port * COUNTERS_SIZE, 1, length + longerBy(frame, tag))
  sendAlone(block, frame, count, tag, own)
  return count + 1
}
