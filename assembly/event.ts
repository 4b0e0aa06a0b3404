/**
 * What a worker has to tell: a bounded ring per worker, written by the worker, read by control.
 * What does not fit is counted, never waited for.
 *
 *    0 type u32   4 port u32   8 fid u32   12 detail u32   16 mac u64   24 time f64 (ms)
 */

import { bump } from './counter'
import { Worker, workerBlock } from './memory'
import { EVENTS_MAX } from './size'

const EVENT_SIZE: usize = 32

export namespace Event {
  /** A MAC was seen on another port; `detail` is the port it was on. */
  export const MOVED: u32 = 1
  /** The FDB is full and no entry of a port above its share was found to evict. */
  export const TABLE_FULL: u32 = 2
  /** A frame came from a MAC that a static entry gives to another port, `detail`. */
  export const STATIC_VIOLATED: u32 = 3
  /** A policy of the port dropped a frame of this MAC; `detail` is the drop reason. Once a second a port. */
  export const BLOCKED: u32 = 4
}

export function emit(
  block: usize,
  type: u32,
  port: u32,
  fid: u32,
  detail: u32,
  mac: u64,
  now: f64,
): void {
  const head = load<u32>(block, Worker.EVENT_HEAD)
  if (head - atomic.load<u32>(block, Worker.EVENT_TAIL) >= EVENTS_MAX) {
    bump(block + Worker.EVENT_LOST, 1)
    return
  }
  const event = block + Worker.EVENTS + <usize>(head & (EVENTS_MAX - 1)) * EVENT_SIZE
  store<u32>(event, type)
  store<u32>(event, port, 4)
  store<u32>(event, fid, 8)
  store<u32>(event, detail, 12)
  store<u64>(event, mac, 16)
  store<f64>(event, now, 24)
  atomic.store<u32>(block, head + 1, Worker.EVENT_HEAD)
}

/**
 * Takes the oldest event of `worker` and copies it to the scratch space of `reader`'s block.
 * Returns false when there is none. One reader only.
 */
export function nextEvent(worker: u32, reader: u32): bool {
  const block = workerBlock(worker)
  const tail = load<u32>(block, Worker.EVENT_TAIL)
  if (tail == atomic.load<u32>(block, Worker.EVENT_HEAD)) return false
  const event = block + Worker.EVENTS + <usize>(tail & (EVENTS_MAX - 1)) * EVENT_SIZE
  memory.copy(workerBlock(reader) + Worker.SCRATCH, event, EVENT_SIZE)
  atomic.store<u32>(block, tail + 1, Worker.EVENT_TAIL)
  return true
}

/** Events of `worker` that did not fit. */
export function eventsLost(worker: u32): f64 {
  return <f64>atomic.load<u64>(workerBlock(worker) + Worker.EVENT_LOST)
}
