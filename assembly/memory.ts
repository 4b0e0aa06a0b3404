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
 *   NAT          two buffers of translation rules
 *
 * All words are little-endian, as WebAssembly's are. "Address" means an offset in linear memory.
 */

/** Where the directory block lies: above all static data in every build (asserted by `boot`). */
export const DIRECTORY: usize = 0x10000
export const DIRECTORY_SIZE: usize = 4096

/** 'LSPN', written last by `boot`: an instance attaches to nothing else. */
export const MAGIC: u32 = 0x4e50534c
/** Grows with every change of layout or exports; never part of the semantic version. */
export const ABI_VERSION: u32 = 3

/** What x86-64 and arm64 move between cores; words of different writers lie this far apart. */
export const CACHE_LINE: usize = 64

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
  /** u64: when the next slice of flows is swept, in milliseconds; u32: where it starts. */
  export const FLOW_DEADLINE: usize = 2752
  export const FLOW_CURSOR: usize = 2760

  /** u32: the generation of the active config; its lowest bit names the buffer. */
  export const GENERATION: usize = 128
  /** u32: captures that are active, a bit each. */
  export const CAPTURING: usize = 132
  /** Filters of captures, 2 KiB, see capture.ts. */
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

/** Most frames in a burst, and so descriptors in a worker's block. */
export const BURST_MAX: u32 = 256
/** Entries a transmit list holds. */
export const TRANSMIT_MAX: u32 = 1024
/** Octets of headers that are made anew for a transmit list: tags, segments. */
export const HEADS_SIZE: u32 = 262_144
/**
 * What must be free in either for a frame to be begun: a burst that needs more is handled in parts.
 * A frame that by itself needs more than is there is dropped.
 */
export const ENTRIES_RESERVE: u32 = 512
export const HEADS_RESERVE: u32 = 131_072
export const EVENTS_MAX: u32 = 1024
export const READY_MAX: u32 = 256
export const ROUTED_MAX: u32 = 8

/** Offsets in a worker's block. The first lines are words that others read. */
export namespace Worker {
  /** u32: 0 while quiescent, else the generation of the config in use, shifted by one, plus 1. */
  export const EPOCH: usize = 0
  /** u32: how often `attach` was called for this worker: the epoch of the locks it holds. */
  export const INCARNATION: usize = 64
  /** f64: the time of the burst or tick. */
  export const NOW: usize = 88
  /** Headers made anew so far, octets: u32. The rest of a burst: u32 next frame, u32 frames, u32 port. */
  export const HEADS_USED: usize = 68
  export const NEXT: usize = 72
  export const COUNT: usize = 76
  export const PORT: usize = 80
  /** Statistics, u64 each: see counter.ts. */
  export const STATISTICS: usize = 128
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
  export const SIZE: usize = ROUTED + ROUTED_MAX * 64
}

/** Bytes of counters a port (and worker), of a port's and a domain's record and shared words. */
export const COUNTERS_SIZE: usize = 64
export const CONFIG_HEAD_SIZE: usize = 64
export const PORT_RECORD_SIZE: usize = 256
export const DOMAIN_RECORD_SIZE: usize = 64
export const PORT_SHARED_SIZE: usize = 128
export const DOMAIN_SHARED_SIZE: usize = 64
/** A bit a VID: the VLANs of a port. */
export const VLAN_SET_SIZE: usize = 512
/** A u16 a VID: the broadcast domains of a bridge. */
export const VLAN_MAP_SIZE: usize = 8192
/** Runs of flood lists, and bindings of source addresses, see flood.ts and guard.ts. */
export const RUN_SIZE: usize = 32
export const BINDING_SIZE: usize = 32
export const BINDINGS_MAX: u32 = 8192
/** Records of the router's part of the config: see router/interface.ts and router/route.ts. */
export const ROUTER_HEAD_SIZE: usize = 64
export const INTERFACES_MAX: u32 = 1024
export const INTERFACE_SIZE: usize = 64
export const ROUTE_SIZE: usize = 48
/** A node of a trie (table/trie.ts), and how many there are a route on average, at most. */
export const NODE_SIZE: usize = 64
export const NODES_PER_ROUTE: u32 = 16
/** Shared words of an interface (router/announce.ts); a neighbour's record; a frame that waits. */
export const INTERFACE_SHARED_SIZE: usize = 64
export const NEIGHBOR_HEAD_SIZE: usize = 64
export const NEIGHBOR_SIZE: usize = 128
export const HELD_MAX: u32 = 256
export const HELD_SIZE: usize = 2048
/** Captured frames, a ring a worker. */
export const CAPTURE_DATA: u32 = 1 << 20
export const CAPTURE_SIZE: u32 = 128 + CAPTURE_DATA
/** An entry of a worker's queue table: { i32 file descriptor or -1, u32 kind of device }. */
export const QUEUE_SIZE: u64 = 8
/** A record of failed writes: { u32 port, u32 errno, u32 frames, u32 octets }. */
export const FAILURE_SIZE: u64 = 16
/** Reasons a frame can be dropped for, at most: the stride of the drop counters. */
export const REASONS_MAX: usize = 128

/** Intervals and classes of values that a filter rule has, on average at most. */
export const RULE_MATCHES: u64 = 8
const RULE_CLASSES: u64 = 4
/** Counters of a rule, a worker: { u64 packets, u64 octets }. */
export const RULE_COUNTERS_SIZE: u64 = 16

/** A hash bucket: two cache lines, seven entries (see table/hash.ts for the layout). */
export const BUCKET_SIZE: usize = 128
export const TABLE_HEAD_SIZE: usize = 192

/** Buckets of a table of `capacity` entries: five of seven slots taken on average. */
@inline
export function bucketsFor(capacity: u32): u32 {
  return (capacity + 4) / 5
}

/**
 * Overflow buckets of a table of `capacity` entries. With five entries a bucket on average (Poisson)
 * 13.3 % of the buckets overflow; a sixth, and 64 for small tables, is over ten standard deviations
 * more at every size: rated capacity fits with certainty in practice, at 29.9 bytes an entry.
 */
@inline
export function overflowFor(capacity: u32): u32 {
  return bucketsFor(capacity) / 6 + 64
}

/** Octets of the head of a flow table, of its buckets, and of a record over IPv4 and over IPv6. */
export const FLOW_HEAD_SIZE: usize = 256
export const FLOW_BUCKET_SIZE: usize = 64
export const FLOW_SIZE: usize = 80
export const FLOW6_SIZE: usize = 128
/** Octets of an external port, with an inside address of IPv4 and of IPv6. */
export const MAPPING_SIZE: usize = 16
export const MAPPING6_SIZE: usize = 32
/** Ports of an external address: TCP's, and those of UDP and ICMP echo. */
export const MAPPINGS: u32 = 2 * 65_536
/** Lock words of the flow tables, a power of two. */
export const LOCKS_MAX: u32 = 4096
/** Fragmented packets that are remembered, a power of two. */
export const FRAGMENTS_MAX: u32 = 1024
export const FRAGMENT_SIZE: usize = 64
/** Fragments that wait for the first of their packet, and octets of one with what is known of it. */
export const PARTS_MAX: u32 = 64
export const PARTS_SIZE: usize = 2048
/** Counters of IPv4 identifications, a power of two. */
export const IDENTIFICATIONS: u32 = 1024
export const TRACK_SIZE: usize = 192
export const NAT_SIZE: usize = 131_072

/**
 * Buckets of a flow table. It holds two entries a flow, and a third of at most every other one: seven
 * of nine slots are taken on average then.
 */
@inline
export function flowBucketsFor(flows: u32): u32 {
  return <u32>((<u64>flows * 5 + 13) / 14)
}

/**
 * Overflow buckets of a flow table. With seven entries a bucket on average (Poisson) 17 % of the buckets
 * overflow; a fifth, and 64 for small tables, is over ten standard deviations more.
 */
@inline
export function flowOverflowFor(flows: u32): u32 {
  return flows == 0 ? 0 : flowBucketsFor(flows) / 5 + 64
}

/** External addresses of one family that have ports to translate to: two flows a port at capacity. */
@inline
export function mappedFor(flows: u32): u32 {
  return flows == 0 ? 0 : max<u32>(4, min<u32>(64, (flows + MAPPINGS - 1) / MAPPINGS))
}

/** Heads of the chains of external ports by inside address: a power of two, half the flows or more. */
@inline
export function chainsFor(flows: u32): u32 {
  return (<u32>1) << (31 - clz<u32>(max<u32>(flows, 4) - 1))
}

@inline
export function directory(field: usize): usize {
  return load<u32>(DIRECTORY + field)
}

@inline
export function workerBlock(worker: u32): usize {
  return directory(Directory.WORKERS) + <usize>worker * Worker.SIZE
}

/**
 * Lays out the memory for the given capacities and returns its size in bytes (as f64, since a plan
 * may exceed 4 GiB: the caller checks). Writes the directory only, so it also runs on a scratch
 * memory of two pages, which is how the size is known before the real memory exists. `ports` is one
 * more than there can be devices: the last number is the router's (`routerPort`). `domains` is one
 * more than there can be broadcast domains; `memberships` is the sum of their ports.
 */
export function layout(
  workers: u32,
  ports: u32,
  bridges: u32,
  domains: u32,
  memberships: u32,
  macs: u32,
  arena: u32,
  routes: u32,
  neighbors: u32,
  flows: u32,
  flows6: u32,
  rules: u32,
): f64 {
  memory.fill(DIRECTORY, 0, DIRECTORY_SIZE)
  store<u32>(DIRECTORY, workers, Directory.MAX_WORKERS)
  store<u32>(DIRECTORY, ports, Directory.MAX_PORTS)
  store<u32>(DIRECTORY, bridges, Directory.MAX_BRIDGES)
  store<u32>(DIRECTORY, domains, Directory.MAX_DOMAINS)
  store<u32>(DIRECTORY, memberships, Directory.MEMBERSHIPS)
  store<u32>(DIRECTORY, macs, Directory.MAX_MACS)
  store<u32>(DIRECTORY, arena, Directory.ARENA_SIZE)
  store<u32>(DIRECTORY, routes, Directory.MAX_ROUTES)
  store<u32>(DIRECTORY, neighbors, Directory.MAX_NEIGHBORS)
  store<u32>(DIRECTORY, flows, Directory.MAX_FLOWS)
  store<u32>(DIRECTORY, flows6, Directory.MAX_FLOWS6)
  store<u32>(DIRECTORY, rules, Directory.MAX_RULES)
  const all: u64 = workers + 1 // the control thread's block comes last
  const config = configSize(ports, domains, memberships)
  store<u32>(DIRECTORY, <u32>(config + routerSize(domains, routes)), Directory.CONFIG_SIZE)
  store<u32>(DIRECTORY, <u32>config, Directory.ROUTER)
  let end: u64 = DIRECTORY + DIRECTORY_SIZE
  end = region(Directory.WORKERS, end, all * Worker.SIZE)
  end = region(Directory.COUNTERS, end, all * ports * COUNTERS_SIZE)
  end = region(Directory.DROPS, end, all * ports * REASONS_MAX * 8)
  end = region(Directory.QUEUES, end, all * line(<u64>ports * QUEUE_SIZE))
  end = region(Directory.FAILURES, end, all * line((<u64>ports + 1) * FAILURE_SIZE))
  end = region(Directory.HEADS, end, all * HEADS_SIZE)
  end = region(Directory.ARENAS, end, all * arena)
  end = region(Directory.CONFIG, end, 2 * (config + routerSize(domains, routes)))
  end = region(Directory.IDENTITY, end, <u64>ports * 4)
  end = region(Directory.PORTS, end, <u64>ports * PORT_SHARED_SIZE)
  end = region(Directory.DOMAINS, end, <u64>domains * DOMAIN_SHARED_SIZE)
  end = region(Directory.VLANS, end, <u64>bridges * VLAN_MAP_SIZE)
  end = region(Directory.CAPTURES, end, all * CAPTURE_SIZE)
  end = region(Directory.FILTER, end, 2 * ruleSetSize(rules))
  end = region(Directory.RULE_COUNTERS, end, all * rules * RULE_COUNTERS_SIZE)
  end = region(Directory.FDB, end, TABLE_HEAD_SIZE)
  end = region(Directory.FDB_BUCKETS, end, <u64>bucketsFor(macs) * BUCKET_SIZE)
  end = region(Directory.FDB_POOL, end, <u64>overflowFor(macs) * BUCKET_SIZE)
  if (routes != 0 && neighbors != 0) end = layoutRouter(end, domains, neighbors)
  return <f64>layoutFlows(end, all, flows, flows6)
}

/** The regions of connection tracking and translation; returns where they end. */
function layoutFlows(end: u64, all: u64, flows: u32, flows6: u32): u64 {
  const hosts = chainsFor(max(1024, (flows + flows6) / 8))
  store<u32>(DIRECTORY, hosts - 1, Directory.HOSTS_MASK)
  end = region(Directory.FLOWS, end, 2 * FLOW_HEAD_SIZE)
  end = region(Directory.LOCKS, end, LOCKS_MAX * 4)
  end = region(Directory.HOSTS, end, <u64>hosts * 4)
  end = region(Directory.FRAGMENTS, end, <u64>FRAGMENTS_MAX * FRAGMENT_SIZE)
  end = region(Directory.PARTS, end, 64 + <u64>PARTS_MAX * PARTS_SIZE)
  end = region(Directory.IDENTIFIERS, end, <u64>IDENTIFICATIONS * 4)
  end = region(Directory.TRACKS, end, all * TRACK_SIZE)
  end = region(Directory.NAT, end, 2 * NAT_SIZE)
  end = layoutFamily(Family.IPV4, end, flows, FLOW_SIZE, MAPPING_SIZE)
  return layoutFamily(Family.IPV6, end, flows6, FLOW6_SIZE, MAPPING6_SIZE)
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

function layoutFamily(family: usize, end: u64, flows: u32, record: u64, mapping: u64): u64 {
  end = region(family + Family.BUCKETS, end, <u64>flowBucketsFor(flows) * FLOW_BUCKET_SIZE)
  end = region(family + Family.POOL, end, <u64>flowOverflowFor(flows) * FLOW_BUCKET_SIZE)
  end = region(family + Family.RECORDS, end, <u64>flows * record)
  end = region(family + Family.MAPPINGS, end, <u64>mappedFor(flows) * MAPPINGS * mapping)
  return region(family + Family.CHAINS, end, flows == 0 ? 0 : <u64>chainsFor(flows) * 4)
}

/**
 * Octets of a config buffer: records, sets of VLANs and bindings, which are copied from one buffer
 * to the other, and the flood lists with their runs, which are made anew: three a domain, for
 * broadcast, multicast and unknown unicast.
 */
function configSize(ports: u32, domains: u32, memberships: u32): u64 {
  const lists = 3 * (<u64>memberships + ports)
  return line(copiedSize(ports, domains) + <u64>ports * 4 + lists * (4 + RUN_SIZE))
}

/**
 * Octets of the router's part of a config buffer: which interface each domain has, interfaces,
 * routes, and the trie over them.
 */
function routerSize(domains: u32, routes: u32): u64 {
  if (routes == 0) return 0
  const interfaces = <u64>ROUTER_HEAD_SIZE + <u64>INTERFACES_MAX * INTERFACE_SIZE
  const nodes = <u64>nodesFor(routes) * NODE_SIZE
  return line(interfaces + <u64>domains * 2 + <u64>routes * ROUTE_SIZE) + nodes
}

/** Nodes of the trie over `routes` routes, its two roots among them. */
@inline
export function nodesFor(routes: u32): u32 {
  return routes * NODES_PER_ROUTE + 64
}

/** What the router learns, and frames that wait for it. */
function layoutRouter(end: u64, domains: u32, neighbors: u32): u64 {
  end = region(Directory.INTERFACES, end, <u64>domains * INTERFACE_SHARED_SIZE)
  end = region(Directory.NEIGHBORS, end, NEIGHBOR_HEAD_SIZE)
  end = region(Directory.NEIGHBOR_TABLE, end, TABLE_HEAD_SIZE)
  end = region(Directory.NEIGHBOR_BUCKETS, end, <u64>bucketsFor(neighbors) * BUCKET_SIZE)
  end = region(Directory.NEIGHBOR_POOL, end, <u64>overflowFor(neighbors) * BUCKET_SIZE)
  end = region(Directory.NEIGHBOR_RECORDS, end, <u64>neighbors * NEIGHBOR_SIZE)
  return region(Directory.HELD, end, <u64>HELD_MAX * HELD_SIZE)
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

/** Octets of what is copied from one config buffer to the other. */
@inline
export function copiedSize(ports: u32, domains: u32): u64 {
  const records =
    <u64>ports * (PORT_RECORD_SIZE + VLAN_SET_SIZE) + <u64>domains * DOMAIN_RECORD_SIZE
  return CONFIG_HEAD_SIZE + records + <u64>BINDINGS_MAX * BINDING_SIZE
}

/** Octets of one of the two rule sets of the filter, see filter/axis.ts. */
export function ruleSetSize(rules: u32): u64 {
  const words = (<u64>rules + 63) >> 6
  const vector = (words + ((words + 63) >> 6)) << 3
  const classes = <u64>rules * RULE_CLASSES + 64
  return rules == 0 ? 0 : line(256 + <u64>rules * (8 + RULE_MATCHES * 48) + classes * (vector + 16))
}

@inline
function line(size: u64): u64 {
  return (size + CACHE_LINE - 1) & ~(<u64>CACHE_LINE - 1)
}

function region(field: usize, start: u64, size: u64): u64 {
  const aligned = line(start)
  store<u32>(DIRECTORY + field, <u32>aligned)
  return aligned + size
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
