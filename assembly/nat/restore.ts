/** What a packet said before it was translated, for whoever quotes it to its sender. */
import { tableOf } from '../flow/head'
import { FlowFlag, flagsOf, recordOf, tupleOf } from '../flow/record'
import { Track } from '../flow/track'
import { Frame } from '../frame'
import { isWideFrame, packetOf } from '../packet'
import { rewrite } from './rewrite'

/** Gives the packet of a frame that goes no further the addresses and ports back with which it came. */
export function restore(frame: usize): void {
  const wide = isWideFrame(frame)
  const reference = load<u32>(frame, Frame.FLOW)
  const track = <usize>load<u32>(frame, Frame.TRACK)
  let tuple = track + Track.CAME
  if (reference != 0) {
    const record = recordOf(tableOf(wide), reference)
    if ((flagsOf(record) & FlowFlag.TRANSLATED) == 0) return
    tuple = tupleOf(record, wide, reference & 1)
  } else if (track == 0 || load<u32>(track, Track.FLAGS) == 0) return
  rewrite(frame, packetOf(frame), wide, tuple)
}
