/**
 * The map of linear memory. Each region starts where the previous one ends; nothing else in the
 * module knows an address. The directory block at `DIRECTORY` holds the capacities and the start
 * of every region, so that each instance finds its way without a global of its own:
 *
 *   0            static data of the module (constants only), then nothing up to DIRECTORY
 *   DIRECTORY    capacities, region starts, and the few words that all workers share
 *   WORKERS      a block per worker and one for the control thread: epoch, statistics, descriptors,
 *                transmit list, event ring
 *   COUNTERS     per worker and port, one cache line          DROPS    per worker, port and reason
 *   QUEUES       per worker and port, a queue                  ARENAS   per worker, received frames
 *   FAILURES     per worker, writes that failed, by port      HEADS    per worker, headers made anew
 *   MERGED       per worker, segments that were coalesced, and those that may be (offload/open.ts)
 *   CONFIG       two buffers of port and domain records       IDENTITY port lists of one
 *   PORTS        shared words of a port                       DOMAINS  shared words of a domain
 *   VLANS        per bridge, the broadcast domain of each VID CAPTURES per worker, captured frames
 *   FDB          table head, buckets, overflow pool
 *   INTERFACES   shared words of a router interface           NEIGHBORS what the router learnt: lock and
 *                                                             lists, table head, buckets, pool, records
 *   HELD         frames that wait for a neighbour
 *   FLOWS        heads of the flow tables of IPv4 and IPv6; then of each its buckets, overflow pool,
 *                records, external ports and the heads of the chains by inside address
 *   LOCKS        lock words of both flow tables, by bucket
 *   HOSTS        flows a source host, counted by a hash
 *   FRAGMENTS    which flow the rest of a fragmented packet belongs to
 *   PARTS        fragments that wait for the first of their packet
 *   IDENTIFIERS  counters of IPv4 identifications, by destination
 *   TRACKS       per worker, the packet that is being tracked
 *   PATHS        per worker, what became of packets of flows
 *   NAT          two buffers of translation rules
 *
 * All words are little-endian, as WebAssembly's are. "Address" means an offset in linear memory.
 */
import {
  BURST_MAX,
  ERAS_MAX,
  EVENTS_MAX,
  FAILURE_SIZE,
  HEADS_SIZE,
  HOPS_BITS,
  IDENTIFICATIONS,
  line,
  MERGED_SIZE,
  QUEUE_SIZE,
  READY_MAX,
  RECALLED_BITS,
  ROUTED_MAX,
  TRANSMIT_MAX,
  WAYS_MAX,
} from './size'

/** Where the directory block lies: above all static data in every build (asserted by `boot`). */
export const DIRECTORY: usize = 0x10000
export const DIRECTORY_SIZE: usize = 4096

/** 'LSPN', written last by `boot`: an instance attaches to nothing else. */
export const MAGIC: u32 = 0x4e50534c
/** Grows with every change of layout or exports; never part of the semantic version. */
export const ABI_VERSION: u32 = 5

/** Offsets of words in the directory. */
export namespace Directory {
  export const MAGIC: usize = 0
  export const VERSION: usize = 4
  export const MAX_WORKERS: usize = 8
  export const MAX_PORTS: usize = 12
  export const MAX_DOMAINS: usize = 16
  export const MAX_MACS: usize = 20
  export const ARENA_SIZE: usize = 24
  export const MAX_ROUTES: usize = 108
  export const MAX_NEIGHBORS: usize = 112
  export const MAX_FLOWS: usize = 116
  export const MAX_FLOWS6: usize = 120
  export const MAX_RULES: usize = 124
  export const WORKERS: usize = 32
  export const COUNTERS: usize = 36
  export const DROPS: usize = 40
  export const QUEUES: usize = 44
  export const ARENAS: usize = 48
  export const CONFIG: usize = 52
  export const CONFIG_SIZE: usize = 56
  export const IDENTITY: usize = 60
  export const PORTS: usize = 64
  export const DOMAINS: usize = 68
  export const FDB: usize = 72
  export const FDB_BUCKETS: usize = 76
  export const FDB_POOL: usize = 80
  export const FAILURES: usize = 84
  export const MAX_BRIDGES: usize = 88
  export const MEMBERSHIPS: usize = 92
  export const HEADS: usize = 96
  export const VLANS: usize = 100
  export const CAPTURES: usize = 104
  /** Where the router's part begins in a config buffer. */
  export const ROUTER: usize = 208
  export const INTERFACES: usize = 212
  export const NEIGHBORS: usize = 216
  export const NEIGHBOR_TABLE: usize = 220
  export const NEIGHBOR_BUCKETS: usize = 224
  export const NEIGHBOR_POOL: usize = 228
  export const NEIGHBOR_RECORDS: usize = 232
  export const HELD: usize = 236
  export const FLOWS: usize = 2624
  export const LOCKS: usize = 2628
  export const HOSTS: usize = 2632
  /** How many counters of hosts there are, less one: one less than a power of two. */
  export const HOSTS_MASK: usize = 2636
  export const FRAGMENTS: usize = 2640
  export const TRACKS: usize = 2644
  export const NAT: usize = 2648
  export const IDENTIFIERS: usize = 2652
  export const PARTS: usize = 2700
  export const MERGED: usize = 2736
  export const SIDES: usize = 2740
  export const PATHS: usize = 2744
  /** u64: when the next slice of flows is swept, in milliseconds; u32: where it starts. */
  export const FLOW_DEADLINE: usize = 2752
  export const FLOW_CURSOR: usize = 2760

  /** u32: the generation of the active config; its lowest bit names the buffer. */
  export const GENERATION: usize = 128
  /** u32: captures that are active, a bit each. */
  export const CAPTURING: usize = 132
  /** Filters of captures, 2 KiB, see capture/filter.ts. */
  export const FILTERS: usize = 512
  /** u32: the filter's two rule sets, and the counters of its rules. */
  export const FILTER: usize = 2560
  export const RULE_COUNTERS: usize = 2564
  /** u64: when the next slice of the FDB is swept, in milliseconds. */
  export const SWEEP_DEADLINE: usize = 192
  /** u32: the bucket at which the next slice starts. */
  export const SWEEP_CURSOR: usize = 200
  /** u32: buckets still to be swept without delay, after a flush. */
  export const SWEEP_URGENT: usize = 204
  /** u64 each: when the router's interfaces, and its neighbours, want to be looked at, ms. */
  export const INTERFACE_DEADLINE: usize = 256
  export const NEIGHBOR_DEADLINE: usize = 320
}

/** A deadline that never comes: as f64 exact. */
export const NEVER: u64 = 1 << 52

/** Offsets in a worker's block. The first lines are words that others read. */
export namespace Worker {
  /** u32: 0 while quiescent, else the generation of the config in use, shifted by one, plus 1. */
  export const EPOCH: usize = 0
  /** u32: how often `attach` was called for this worker: the epoch of the locks it holds. */
  export const INCARNATION: usize = 64
  /** f64: the time of the burst or tick. */
  export const NOW: usize = 88
  /** u32: the descriptor up to which flows were read ahead. */
  export const APPROACHED: usize = 96
  /** u32: the frame up to which FDB buckets were read ahead. */
  export const AHEAD: usize = 100
  /**
   * Of a burst of the underlay, u32 each: its port and one, 0 for none; datagrams received; the one
   * that is next, and how many octets of it were gone through; octets of the arena's second half used,
   * and those that frames may need that are not moved yet.
   */
  export const UNDERLAY: usize = 104
  export const DATAGRAMS: usize = 108
  export const DATAGRAM: usize = 112
  export const DATAGRAM_AT: usize = 116
  export const SPREAD: usize = 120
  export const RESERVED: usize = 124
  /** Headers made anew so far, octets: u32. The rest of a burst: u32 next frame, u32 frames, u32 port. */
  export const HEADS_USED: usize = 68
  export const NEXT: usize = 72
  export const COUNT: usize = 76
  export const PORT: usize = 80
  /** Statistics, u64 each: see counter.ts. */
  export const STATISTICS: usize = 128
  /** Of the datagram that is next: where its payload ends, and octets of each in a run, u32 each. */
  export const DATAGRAM_END: usize = 320
  export const DATAGRAM_SIZE: usize = 324
  /** u32: whether some of the burst became super-frames, which lie in MERGED. */
  export const JOINED: usize = 328
  /**
   * Of a flood that the last call left, u32 each: the run that is next, 0 for none, and where runs end;
   * the member of it that is next; what ports must not have in common with the ingress.
   */
  export const REST_RUN: usize = 332
  export const REST_END: usize = 336
  export const REST_MEMBER: usize = 340
  export const REST_ISOLATION: usize = 344
  /** u32: the EPOCH in which ROUTES were found. */
  export const ROUTES_EPOCH: usize = 348
  /** u32: frames of the burst that the worker has in hand, received from PORT; 0 between bursts. */
  export const IN_HAND: usize = 352
  /** u32: the descriptor up to which FIRSTS are noted; and by which domain these packets leave. */
  export const FIRSTS_END: usize = 356
  export const FIRSTS_FID: usize = 360
  /**
   * Of gateway/express.ts, u32 each: the number up to which frames do not go that way; which frames are in
   * FOUND, from and to; why its loop stopped; the burst's era (gateway/paths.ts), 0 for none. u64: the state
   * that this is of. u32: the last number that was given to an era or a hop.
   */
  export const DETOURS: usize = 364
  export const FOUND_FROM: usize = 368
  export const FOUND_TO: usize = 372
  export const STOPPED: usize = 376
  export const ERA: usize = 380
  export const ERA_STATE: usize = 400
  export const SERIAL: usize = 408
  /** u32: whether the filter's classes of first packets are noted in CLASSES, and where those in hand are, or 0. */
  export const CLASSED: usize = 412
  export const CLASSES_AT: usize = 416
  /** u32: the descriptor up to which flows of IPv6 were read ahead. */
  export const APPROACHED6: usize = 420
  /** Event ring: u32 head (written by the worker), u64 lost. */
  export const EVENT_HEAD: usize = 384
  export const EVENT_LOST: usize = 392
  /** Event ring: u32 tail (written by the reader). */
  export const EVENT_TAIL: usize = 448
  /** 256 bytes in which an export hands a record to TypeScript. */
  export const SCRATCH: usize = 512
  /** Received frames: BURST_MAX x { u32 address of the Ethernet header, u32 length }. */
  export const RECEIVED: usize = 768
  /** Descriptors of frames in flight: BURST_MAX x 64 bytes, see frame.ts. */
  export const FRAMES: usize = RECEIVED + BURST_MAX * 8
  /** Transmit list: TRANSMIT_MAX x 32 bytes, see transmit.ts. */
  export const TRANSMIT: usize = FRAMES + BURST_MAX * 64
  /** Ports with something to read: READY_MAX x { u32 port, u32 epoll events }. */
  export const READY: usize = TRANSMIT + TRANSMIT_MAX * 32
  /** Events: EVENTS_MAX x 32 bytes, see event.ts. */
  export const EVENTS: usize = READY + READY_MAX * 8
  /** Descriptors of frames of the router's own making: ROUTED_MAX x 64 bytes. */
  export const ROUTED: usize = EVENTS + EVENTS_MAX * 32
  /** The last of them: that of the frame whose flood the last call left. */
  export const REST: usize = ROUTED + (ROUTED_MAX - 1) * 64
  /** How next hops are reached that were found lately, 64 octets each, see gateway/hops.ts. */
  export const HOPS: usize = ROUTED + ROUTED_MAX * 64
  /** Where frames go that are routed, as far as that was found out ahead: see gateway/way.ts. */
  export const WAYS: usize = HOPS + (64 << HOPS_BITS)
  export const WAYS6: usize = WAYS + <usize>WAYS_MAX * 64
  /** What addresses were found to be routed by lately, u64 each, see router/recall.ts. */
  export const ROUTES: usize = WAYS6 + <usize>WAYS_MAX * 64
  /** Likewise of IPv6, 32 octets each. */
  export const ROUTES6: usize = ROUTES + (8 << RECALLED_BITS)
  /** Identifications that it has taken: { next u32, how many u32 } a counter, see nat/identify.ts. */
  export const NUMBERS: usize = ROUTES6 + (32 << RECALLED_BITS)
  /** What first packets of flows need, as far as that was found out ahead: see nat/approach.ts. */
  export const FIRSTS: usize = NUMBERS + <usize>IDENTIFICATIONS * 8
  /** Eras, 32 octets each, see gateway/paths.ts. */
  export const ERAS: usize = FIRSTS + <usize>WAYS_MAX * 64
  /** What is found of packets that may go by what was noted, 16 octets each, see gateway/found.ts. */
  export const FOUND: usize = ERAS + <usize>ERAS_MAX * 32
  /** Classes of first packets, four u32 each, see firewall/judge.ts. */
  export const CLASSES: usize = FOUND + <usize>WAYS_MAX * 16
  export const SIZE: usize = CLASSES + <usize>WAYS_MAX * 16
}

/** Where the parts of a family's flow table lie, as offsets of directory words from its own. */
export namespace Family {
  export const IPV4: usize = 2656
  export const IPV6: usize = 2676
  export const BUCKETS: usize = 0
  export const POOL: usize = 4
  export const RECORDS: usize = 8
  export const MAPPINGS: usize = 12
  export const CHAINS: usize = 16
}

@inline
export function directory(field: usize): usize {
  return load<u32>(DIRECTORY + field)
}

@inline
export function workerBlock(worker: u32): usize {
  return directory(Directory.WORKERS) + <usize>worker * Worker.SIZE
}

/** True if the memory was laid out for a router. */
@inline
export function hasRouter(): bool {
  return load<u32>(DIRECTORY, Directory.INTERFACES) != 0
}

/** The word that marks a lock as this worker's, in its present incarnation. */
@inline
export function ownerOf(worker: u32, block: usize): u32 {
  return ((worker + 1) << 24) | (load<u32>(block, Worker.INCARNATION) & 0xffffff)
}

/**
 * The number of the port that stands for the router: what it sends comes from there, and its drops
 * are counted there. It has no device and is on no flood list.
 */
@inline
export function routerPort(): u32 {
  return load<u32>(DIRECTORY, Directory.MAX_PORTS) - 1
}

/** Address of a worker's queue table, an entry a port. */
export function queues(worker: u32): usize {
  const stride = line(<u64>load<u32>(DIRECTORY, Directory.MAX_PORTS) * QUEUE_SIZE)
  return directory(Directory.QUEUES) + <usize>worker * <usize>stride
}

/** Address of a worker's space for headers. */
@inline
export function heads(worker: u32): usize {
  return directory(Directory.HEADS) + <usize>worker * HEADS_SIZE
}

/** Address of a worker's space for what is coalesced. */
@inline
export function merged(worker: u32): usize {
  return directory(Directory.MERGED) + <usize>worker * MERGED_SIZE
}

/** Address of a worker's arena. */
export function arena(worker: u32): usize {
  return directory(Directory.ARENAS) + <usize>worker * directory(Directory.ARENA_SIZE)
}

/** Address of a worker's records of failed writes: room for every port, and one for none. */
export function failures(worker: u32): usize {
  const ports = <u64>load<u32>(DIRECTORY, Directory.MAX_PORTS)
  const stride = line((ports + 1) * FAILURE_SIZE)
  return directory(Directory.FAILURES) + <usize>worker * <usize>stride
}
