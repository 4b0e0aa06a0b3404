/** What a port's policy says of a frame that comes in, before anybody asks where it goes. */
import { PortFlag, PortRecord } from '../config'
import { Event } from '../event'
import { Frame } from '../frame'
import { sourceOf } from '../wire/ethernet'
import { classify } from './classify'
import { guarded } from './guard'
import { tell } from './tell'

/** Classifies and guards, as far as the port does. Returns 0, or a drop reason. */
export function inspect(
  block: usize,
  config: usize,
  record: usize,
  port: u32,
  frame: usize,
  now: f64,
): u32 {
  const flags = load<u32>(record, PortRecord.FLAGS)
  if ((flags & PortFlag.VLAN_AWARE) != 0) {
    const refused = classify(config, record, port, frame)
    if (refused != 0) return refused
  }
  if ((flags & PortFlag.GUARD) == 0) return 0
  const why = guarded(record, frame)
  if (why == 0) return 0
  const source = sourceOf(<usize>load<u32>(frame, Frame.ADDRESS))
  tell(block, Event.BLOCKED, port, <u32>load<u16>(frame, Frame.FID), why, source, now)
  return why
}
