/** A question for a neighbour, in its family's words. */
import { interfaceOf } from '../router/interface'
import { isMapped } from '../router/neighbor'
import { askByArp } from './speak-arp'
import { askByNd } from './speak-nd'

/** Asks for a neighbour: everybody who may be it, or with a `mac` itself. */
export function ask(
  worker: u32,
  block: usize,
  config: usize,
  fid: u32,
  lower: u64,
  upper: u64,
  mac: u64,
  entries: u32,
): u32 {
  const own = interfaceOf(config, fid)
  if (own == 0) return entries
  if (!isMapped(lower, upper)) {
    return askByNd(worker, block, config, own, lower, upper, mac, entries)
  }
  return askByArp(worker, block, config, own, fid, <u32>(upper >> 32), mac, entries)
}
