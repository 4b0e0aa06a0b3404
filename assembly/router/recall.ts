/** Neighbours that a worker found lately, by a hash of their address: most packets are to one of few. */
import { Worker } from '../memory'
import { REMEMBERED_BITS } from '../size'
import { findNeighbor, isNeighbor } from './neighbor'

/** Where a worker remembers the neighbour of an address. */
@inline
function rememberedAt(block: usize, lower: u64, upper: u64): usize {
  const hash = (<u32>(upper >> 32) ^ <u32>lower) * 0x9e3779b1
  return block + Worker.NEIGHBORS + ((hash >> (32 - REMEMBERED_BITS)) << 2)
}

/** The same as `findNeighbor`, of those that a worker found lately. */
@inline
export function recallNeighbor(block: usize, fid: u32, lower: u64, upper: u64): usize {
  const at = rememberedAt(block, lower, upper)
  const known = <usize>load<u32>(at)
  if (known != 0 && isNeighbor(known, fid, lower, upper)) return known
  const record = findNeighbor(fid, lower, upper)
  store<u32>(at, <u32>record)
  return record
}
