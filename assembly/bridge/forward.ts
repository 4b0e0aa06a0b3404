/**
 * Where a frame goes (IEEE 802.1D-2004 section 7.7): a verdict, on which the pipeline acts.
 */
import { Flood } from '../config'
import { Drop } from '../drop'
import { holds, valueOf } from '../table/bucket'
import { find } from '../table/hash'
import { BROADCAST, isGroup, isReserved } from '../wire/ethernet'
import { isValid, keyOf, portOf } from './entry'

/** A verdict: what to do in the upper half, with which port, kind of flood or drop reason in the lower. */
export namespace Verdict {
  export const FORWARD: u32 = 0x10000
  export const FLOOD: u32 = 0x20000
  export const DROP: u32 = 0x30000
  export const KIND: u32 = 0x7fff0000
  export const DETAIL: u32 = 0xffff
  /** Beside FORWARD or FLOOD: also from one isolated port to another. */
  export const LINK: u32 = 0x80000000
}

/**
 * Decides for a frame to `mac` (its key is in `bucket`) that came in by `port`. `control` has a bit for
 * each reserved address that is let through; the last four are what `isValid` asks for.
 */
@inline
export function decide(
  table: usize,
  bucket: usize,
  mac: u64,
  fid: u32,
  port: u32,
  control: u32,
  ports: usize,
  generation: u32,
  ageing: u32,
  stamp: u32,
): u32 {
  if (isGroup(mac)) {
    if (mac == BROADCAST) return Verdict.FLOOD | Flood.BROADCAST
    const allowed = !isReserved(mac) || ((control >> <u32>(mac >> 40)) & 1) != 0
    return allowed ? Verdict.FLOOD | Flood.MULTICAST : Verdict.DROP | Drop.RESERVED_DESTINATION
  }
  const key = keyOf(mac, fid)
  const slot = find(table, bucket, key)
  if (slot == 0) return Verdict.FLOOD | Flood.UNKNOWN
  const value = valueOf(slot)
  if (!holds(slot, key) || !isValid(value, ports, generation, ageing, stamp)) {
    return Verdict.FLOOD | Flood.UNKNOWN
  }
  const destination = portOf(value)
  if (destination == port) return Verdict.DROP | Drop.SAME_PORT
  return Verdict.FORWARD | destination
}
