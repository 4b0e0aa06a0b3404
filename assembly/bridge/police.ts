/**
 * Policing of what a port sends into the switch. A burst that has room as a whole, the usual case,
 * costs two exchanges; otherwise its frames are asked for one by one, with the same outcome.
 */
import { PortRecord } from '../config'
import { dropReceived } from '../counter'
import { Drop } from '../drop'
import { FRAME_SIZE, Frame, framesOf } from '../frame'
import { conforms, hasRoom, Meter } from '../meter'

/** In place of the octets of a burst: something in it is dropped already, or may be a super-frame. */
export const UNUSUAL: u64 = u64.MAX_VALUE

/**
 * Drops what of the frames from `first` up to `end` (addresses of descriptors) is too much. `usual` are
 * the octets of all of them, or UNUSUAL.
 */
export function police(
  worker: u32,
  record: usize,
  port: u32,
  first: usize,
  end: usize,
  usual: u64,
  now: f64,
): void {
  const rates = record + PortRecord.RATES
  let frames = <u32>((end - first) / FRAME_SIZE)
  let octets = <u32>usual
  if (usual == UNUSUAL) {
    frames = 0
    octets = 0
    for (let frame = first; frame < end; frame += FRAME_SIZE) {
      if (load<u8>(frame, Frame.DROP) != 0) continue
      frames += framesOf(frame)
      octets += load<u32>(frame, Frame.LENGTH)
    }
  }
  const fits =
    hasRoom(rates, port, Meter.RECEIVE_FRAMES, frames, now) &&
    hasRoom(rates, port, Meter.RECEIVE_OCTETS, octets, now)
  if (fits) {
    conforms(rates, port, Meter.RECEIVE_FRAMES, frames, now)
    conforms(rates, port, Meter.RECEIVE_OCTETS, octets, now)
    return
  }
  for (let frame = first; frame < end; frame += FRAME_SIZE) {
    if (load<u8>(frame, Frame.DROP) != 0 || isWithin(rates, port, frame, now)) continue
    store<u8>(frame, <u8>Drop.POLICED_RECEIVE, Frame.DROP)
    dropReceived(worker, port, Drop.POLICED_RECEIVE, 1)
  }
}

function isWithin(rates: usize, port: u32, frame: usize, now: f64): bool {
  if (!conforms(rates, port, Meter.RECEIVE_FRAMES, framesOf(frame), now)) return false
  return conforms(rates, port, Meter.RECEIVE_OCTETS, load<u32>(frame, Frame.LENGTH), now)
}
