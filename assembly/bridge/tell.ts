/** Events that a guest could cause with every frame: told once a second a port. */
import { emit } from '../event'
import { Shared, sharedOfPort } from './entry'

const INTERVAL: u64 = 1000

export function tell(
  block: usize,
  type: u32,
  port: u32,
  fid: u32,
  detail: u32,
  mac: u64,
  now: f64,
): void {
  const shared = sharedOfPort(port)
  const told = atomic.load<u64>(shared, Shared.TOLD)
  const due = <u64>now + INTERVAL // never 0, which is "not yet"
  if (told != 0 && due < told + INTERVAL) return
  if (atomic.cmpxchg<u64>(shared, told, due, Shared.TOLD) != told) return
  emit(block, type, port, fid, detail, mac, now)
}
