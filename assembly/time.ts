/** What is due without a frame: ageing, the ends of flows, what the router asks, repeats or announces. */
import { sweep, sweepDeadline } from './bridge/sweep'
import { capture } from './capture'
import { latch } from './config'
import { flowDeadline, sweepFlows } from './flow/sweep'
import { routerDeadline, tickRouter } from './gateway'
import { DIRECTORY, Directory, Worker, workerBlock } from './memory'
import { MORE } from './transmit'

/**
 * Does what time asks for: a slice of FDB ageing, and what the router asks, repeats or announces.
 * Returns as `process` does.
 */
export function tick(worker: u32, now: f64): u32 {
  const block = workerBlock(worker)
  const config = latch(block)
  store<u32>(block, 0, Worker.HEADS_USED)
  store<f64>(block, now, Worker.NOW)
  sweep(worker, block, config, now)
  sweepFlows(worker, block, now)
  const entries = tickRouter(worker, block, config, now)
  if (entries != 0 && load<u32>(DIRECTORY, Directory.CAPTURING) != 0) {
    capture(worker, block, 0, 0, entries, now)
  }
  return load<u32>(block, Worker.REST_RUN) == 0 ? entries : entries | MORE
}

/** When `tick` wants to be called, in milliseconds on the clock of `now`; Infinity: not before a burst. */
export function nextDeadline(_worker: u32, now: f64): f64 {
  return max(now, min(sweepDeadline(), min(routerDeadline(), flowDeadline())))
}
