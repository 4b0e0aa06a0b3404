/** What the router tells the sender of a packet that it drops: the one place ICMP errors come from. */
import { Frame } from '../frame'
import { Worker } from '../memory'
import {
  Complaint,
  errorLength,
  isVersion4,
  mayComplain,
  mayComplainAgain,
  seal,
  writeError,
} from '../router/icmp'
import { Interface, interfaceOf } from '../router/interface'
import { sourceFor } from '../router/route'
import { begin, discard, toPort } from './emit'
import { restorePacket } from './steps'

export { Complaint } from '../router/icmp'

/** The least MTU that IPv6 knows: less is never told (RFC 8201; CONFORMANCE K4). */
const MTU6: u32 = 1280

/** Drops a packet for the reason `why`, and tells its sender. `detail` is an MTU, where that is why. */
export function complain(
  worker: u32,
  block: usize,
  config: usize,
  frame: usize,
  what: u32,
  detail: u32,
  why: u32,
  entries: u32,
): u32 {
  discard(worker, frame, why)
  restorePacket(frame) // step C: to its sender it is what it was sent as
  const port = <u32>load<u16>(frame, Frame.PORT)
  if (!mayComplain(frame) || !mayComplainAgain(port, load<f64>(block, Worker.NOW))) return entries
  const fid = <u32>load<u16>(frame, Frame.FID)
  const own = interfaceOf(config, fid)
  if (own == 0) return entries
  const version4 = isVersion4(frame)
  const packet = <usize>load<u32>(frame, Frame.ADDRESS) + <u32>load<u16>(frame, Frame.L3)
  let source = sourceFor(config, version4 ? 4 : 6, packet + (version4 ? 12 : 8), fid)
  if (source == 0) {
    if (version4) return entries
    source = own + Interface.LINK_LOCAL
  }
  const length = errorLength(frame)
  const error = begin(worker, block, fid, length)
  if (error == 0) return entries
  const to = <usize>load<u32>(error, Frame.ADDRESS)
  writeError(to, frame, length, load<u64>(own), source)
  if (!version4 && what == Complaint.TOO_BIG) detail = max(MTU6, detail)
  seal(to, version4, length, what, detail)
  // By the way the packet came: whoever sent it on is there.
  return toPort(worker, block, error, port, entries)
}
