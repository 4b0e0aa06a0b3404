/**
 * The exports of the module as TypeScript sees them; assembly/index.ts is the other side. Addresses
 * are offsets in linear memory; times are milliseconds on any clock that only goes forward.
 */
export interface Exports {
  layout(workers: number, ports: number, domains: number, macs: number, arena: number): number
  boot(seedLow: number, seedHigh: number): number
  attach(worker: number): number
  breakLocks(worker: number): number
  setQueue(worker: number, port: number, descriptor: number, kind: number): void

  arena(worker: number): number
  queues(worker: number): number
  received(worker: number): number
  transmit(worker: number): number
  failures(worker: number): number
  ready(worker: number): number
  scratch(worker: number): number

  process(worker: number, port: number, count: number, now: number): number
  tick(worker: number, now: number): number
  nextDeadline(worker: number, now: number): number
  enter(worker: number): void
  quiesce(worker: number): void

  configBegin(): number
  configPort(port: number, flags: number, fid: number, mtu: number, offloads: number): void
  configDomain(fid: number, flags: number, ageing: number): void
  configCommit(): number
  configGeneration(): number
  configPassed(generation: number): number

  fdbCount(): number
  fdbSet(
    worker: number,
    fid: number,
    macHigh: number,
    macLow: number,
    port: number,
    fixed: number,
    now: number,
  ): number
  fdbDelete(worker: number, fid: number, macHigh: number, macLow: number): number
  fdbFlushPort(port: number): void
  fdbFlushDomain(fid: number): void
  fdbNext(reader: number, cursor: number, now: number): number

  portCounter(port: number, which: number): number
  dropCounter(port: number, reason: number): number
  resetPort(port: number): void
  transmitFailed(worker: number, port: number, reason: number, frames: number, octets: number): void
  workerStatistic(worker: number, which: number): number
  account(worker: number, busy: number, waited: number): void

  nextEvent(worker: number, reader: number): number
  eventsLost(worker: number): number
}

/** Most frames in a burst, and descriptors in the table at `received`. */
export const BURST_MAX = 256
/** Octets of a received descriptor { u32 address, u32 length }. */
export const RECEIVED_SIZE = 8
/** Octets of a transmit entry, in u32s: head, headLength, body, bodyLength, ports, portCount, except. */
export const TRANSMIT_SIZE = 32
/** Octets of an entry of the queue table { i32 descriptor, u32 kind of device (native/abi.h) }. */
export const QUEUE_SIZE = 8
/** Octets of a failure record { u32 port, u32 errno, u32 frames, u32 octets }; one a port at most. */
export const FAILURE_SIZE = 16
/** Octets of a readiness record { u32 port, u32 epoll events }, and how many there are. */
export const READY_SIZE = 8
export const READY_MAX = 256
/** Headroom kept before each frame's virtio-net header in the arena, and that header, octets. */
export const HEADROOM = 128
export const VIRTIO_HEADER = 12

/** Outcomes of a change to the FDB. */
export const Change = { DONE: 0, EXISTS: 1, MISSING: 2, FULL: 3, BUSY: 4 } as const

/** Flags of a port's and a domain's record. */
export const PORT_PRESENT = 1
export const PORT_UP = 2
export const DOMAIN_PRESENT = 1

/** Order of a port's counters and of a worker's statistics. */
export const portCounters = [
  'rxFrames',
  'rxBytes',
  'rxDrops',
  'txFrames',
  'txBytes',
  'txDrops',
] as const
export const workerStatistics = [
  'bursts',
  'frames',
  'learned',
  'moved',
  'expired',
  'evicted',
  'unlearned',
  'staticViolated',
] as const
/** Behind them: bursts of 1, 2 to 3, 4 to 7 … 256 frames, then two times in microseconds. */
export const BURST_SIZES = 9
export const BUSY = workerStatistics.length + BURST_SIZES
export const WAITED = BUSY + 1

/** Types of event, by their code. */
export const eventTypes = {
  1: 'moved',
  2: 'table-full',
  3: 'static-violated',
} as const
