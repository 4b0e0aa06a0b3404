/** How often the router defends an address of its against others who claim it. */
import { Directory, directory, Worker } from '../memory'
import { Interface } from '../router/interface'
import { INTERFACE_SHARED_SIZE } from '../size'

/** At most one defence in this time (RFC 5227 section 2.4). */
const DEFEND_INTERVAL: u64 = 10_000
/** When an interface last defended an address, u64 ms from 1 on, among its shared words. */
const DEFENDED: usize = 32

/** True if the interface may defend itself now, which it then does. */
export function mayDefend(block: usize, own: usize): bool {
  const shared =
    directory(Directory.INTERFACES) + <usize>load<u32>(own, Interface.FID) * INTERFACE_SHARED_SIZE
  const last = atomic.load<u64>(shared, DEFENDED)
  const now = <u64>load<f64>(block, Worker.NOW) + 1
  if (last != 0 && now < last + DEFEND_INTERVAL) return false
  return atomic.cmpxchg<u64>(shared, last, now, DEFENDED) == last
}
