/**
 * Counters. Each worker has its own, written by it alone with plain stores and summed by whoever
 * reads; an aligned 64-bit store is not torn on any machine we run on. A frame counts as sent when it
 * is put into the transmit list, and is taken back if the device then refuses it.
 */
import { DIRECTORY, Directory, directory, Worker, workerBlock } from './memory'
import { COUNTERS_SIZE, PORT_SHARED_SIZE, REASONS_MAX } from './size'

/** A port's counters, u64 each: one cache line. `rx` is into the switch. */
export namespace Counter {
  export const RX_FRAMES: usize = 0
  export const RX_OCTETS: usize = 8
  export const RX_DROPS: usize = 16
  export const TX_FRAMES: usize = 24
  export const TX_OCTETS: usize = 32
  export const TX_DROPS: usize = 40
  export const COUNT: u32 = 6
}

/** A worker's statistics, u64 each. */
export namespace Statistic {
  export const BURSTS: usize = 0
  export const FRAMES: usize = 8
  export const LEARNED: usize = 16
  export const MOVED: usize = 24
  export const EXPIRED: usize = 32
  export const EVICTED: usize = 40
  /** Addresses that were not learned: the table was full of others' fair share, or a lock was busy. */
  export const UNLEARNED: usize = 48
  /** Frames whose source is a static entry of another port. */
  export const STATIC_VIOLATED: usize = 56
  /** Bursts of 1, 2 to 3, 4 to 7 … 128 to 255 and 256 frames: nine words. */
  export const BURST_SIZES: usize = 64
  /** Time spent on bursts and ticks, and time spent waiting for them, in microseconds. */
  export const BUSY: usize = 136
  export const WAITED: usize = 144
  /** Flows that began, that had no answer and were evicted for others, and whose time was over. */
  export const FLOWS_BEGUN: usize = 152
  export const FLOWS_EVICTED: usize = 160
  export const FLOWS_EXPIRED: usize = 168
  /** Flows that had ended and were evicted for others. */
  export const FLOWS_ENDED: usize = 176
  export const COUNT: u32 = 23
}

@inline
export function countersOf(worker: u32, port: u32): usize {
  const index = worker * load<u32>(DIRECTORY, Directory.MAX_PORTS) + port
  return directory(Directory.COUNTERS) + <usize>index * COUNTERS_SIZE
}

@inline
function dropsOf(worker: u32, port: u32): usize {
  const index = worker * load<u32>(DIRECTORY, Directory.MAX_PORTS) + port
  return directory(Directory.DROPS) + <usize>index * (REASONS_MAX * 8)
}

@inline
export function bump(address: usize, by: u64): void {
  store<u64>(address, load<u64>(address) + by)
}

@inline
export function statisticOf(block: usize, which: usize): u64 {
  return load<u64>(block + Worker.STATISTICS + which)
}

@inline
export function statistic(block: usize, which: usize): void {
  bump(block + Worker.STATISTICS + which, 1)
}

/** Counts a burst of `frames` (1 to BURST_MAX). */
@inline
export function countBurst(block: usize, frames: u32): void {
  const size = <usize>(31 - clz(frames | 1))
  bump(block + Worker.STATISTICS + Statistic.BURSTS, 1)
  bump(block + Worker.STATISTICS + Statistic.FRAMES, frames)
  bump(block + Worker.STATISTICS + Statistic.BURST_SIZES + (size << 3), 1)
}

/** Adds to the time that a worker was busy and that it waited, in milliseconds. */
export function account(worker: u32, busy: f64, waited: f64): void {
  const block = workerBlock(worker)
  bump(block + Worker.STATISTICS + Statistic.BUSY, <u64>max(0, busy * 1000))
  bump(block + Worker.STATISTICS + Statistic.WAITED, <u64>max(0, waited * 1000))
}

/** Counts frames dropped on their way in. */
export function dropReceived(worker: u32, port: u32, reason: u32, frames: u32): void {
  bump(countersOf(worker, port) + Counter.RX_DROPS, frames)
  bump(dropsOf(worker, port) + ((<usize>reason) << 3), frames)
}

/** Counts frames dropped on their way out. */
export function dropTransmitted(worker: u32, port: u32, reason: u32, frames: u32): void {
  bump(countersOf(worker, port) + Counter.TX_DROPS, frames)
  bump(dropsOf(worker, port) + ((<usize>reason) << 3), frames)
}

/** Counts frames of `octets` together as sent in a port's `counters`. */
@inline
export function countTransmitted(counters: usize, frames: u32, octets: u32): void {
  bump(counters + Counter.TX_FRAMES, frames)
  bump(counters + Counter.TX_OCTETS, octets)
}

/** Turns frames counted as sent into drops: the device did not take them. */
export function transmitFailed(
  worker: u32,
  port: u32,
  reason: u32,
  frames: u32,
  octets: u32,
): void {
  const counters = countersOf(worker, port)
  bump(counters + Counter.TX_FRAMES, -(<i64>frames))
  bump(counters + Counter.TX_OCTETS, -(<i64>octets))
  dropTransmitted(worker, port, reason, frames)
}

/** Counts frames of `octets` together that left by a port beside those that were sent there: copies. */
export function transmitCopied(worker: u32, port: u32, frames: u32, octets: u32): void {
  countTransmitted(countersOf(worker, port), frames, octets)
}

/** Sum over all workers (and the control thread) of a port's counter; `which` from 0 to COUNT - 1. */
export function portCounter(port: u32, which: u32): f64 {
  const workers = load<u32>(DIRECTORY, Directory.MAX_WORKERS)
  let total: u64 = 0
  for (let worker: u32 = 0; worker <= workers; worker++) {
    total += atomic.load<u64>(countersOf(worker, port) + ((<usize>which) << 3))
  }
  return <f64>total
}

/** Sum over all workers of the frames of a port dropped for `reason`. */
export function dropCounter(port: u32, reason: u32): f64 {
  const workers = load<u32>(DIRECTORY, Directory.MAX_WORKERS)
  let total: u64 = 0
  for (let worker: u32 = 0; worker <= workers; worker++) {
    total += atomic.load<u64>(dropsOf(worker, port) + ((<usize>reason) << 3))
  }
  return <f64>total
}

/**
 * Zeroes a port's counters in all workers, and what its meters and events remember: for an index that
 * is given to another port. Its generation and what it has in the FDB (the first 8 octets) stay.
 */
export function resetPort(port: u32): void {
  const shared = directory(Directory.PORTS) + <usize>port * PORT_SHARED_SIZE
  memory.fill(shared + 8, 0, PORT_SHARED_SIZE - 8)
  const workers = load<u32>(DIRECTORY, Directory.MAX_WORKERS)
  for (let worker: u32 = 0; worker <= workers; worker++) {
    memory.fill(countersOf(worker, port), 0, COUNTERS_SIZE)
    memory.fill(dropsOf(worker, port), 0, REASONS_MAX * 8)
  }
}

/** One statistic of one worker; `which` from 0 to COUNT - 1. */
export function workerStatistic(worker: u32, which: u32): f64 {
  return <f64>atomic.load<u64>(workerBlock(worker) + Worker.STATISTICS + ((<usize>which) << 3))
}
