/**
 * Sizes: how many octets records and regions of linear memory have, and how many of them there are where
 * that is fixed. They follow from nothing but the capacities; where things lie is in memory.ts.
 */

/** What x86-64 and arm64 move between cores; words of different writers lie this far apart. */
export const CACHE_LINE: usize = 64

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
/** Flows of a burst of which a segment waits for the next. */
export const CANDIDATES_MAX: u32 = 16
/** A super-frame that is being made: headroom, a virtio-net header, the longest frame, in whole lines. */
export const MERGED_ROOM: usize = 65_792
/** What is known of the candidates, then room for as many super-frames: offload/open.ts. */
export const MERGED_HEAD: usize = 128 + <usize>CANDIDATES_MAX * 64
export const MERGED_SIZE: usize = MERGED_HEAD + <usize>CANDIDATES_MAX * MERGED_ROOM
export const EVENTS_MAX: u32 = 1024
export const READY_MAX: u32 = 256
export const ROUTED_MAX: u32 = 8
/** Frames whose ways through the router are found out at once; a power of two. */
export const WAYS_MAX: u32 = 64

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
/** Next hops of which a worker knows how they are reached: the logarithm of how many. */
export const HOPS_BITS: u32 = 11
/**
 * What a worker notes of the directions of flows (gateway/paths.ts): octets, a power of two, 64 a flow, and how
 * many eras it knows, a power of two.
 */
export const PATHS_SIZE: usize = 1 << 20
export const ERAS_MAX: u32 = 256
/** Flows up to which that is worth while: with more, most have lost their place before it is of use. */
export const PATHS_FLOWS: u32 = <u32>(PATHS_SIZE >> 6)
/** Addresses of which a worker remembers the route: likewise. */
export const RECALLED_BITS: u32 = 10
export const HELD_SIZE: usize = 2048
/** Captured frames, a ring a worker. */
export const CAPTURE_DATA: u32 = 1 << 20
export const CAPTURE_SIZE: u32 = 128 + CAPTURE_DATA
/**
 * An entry of a worker's queue table: { i32 descriptor that it writes to or -1, u32 kind of device,
 * i32 descriptor of the queue of its number or -1, u32 worker that reads that }.
 */
export const QUEUE_SIZE: u64 = 16
/** A record of failed writes: { u32 port, u32 errno, u32 frames, u32 octets }. */
export const FAILURE_SIZE: u64 = 16
/** Reasons a frame can be dropped for, at most: the stride of the drop counters. */
export const REASONS_MAX: usize = 128

/** Intervals and classes of values that a filter rule has, on average at most. */
export const RULE_MATCHES: u64 = 8
/** With more rules, those of a class that has few are listed beside its vector. */
export const LISTED_RULES: u32 = 256
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
export const FLOW_SIZE: usize = 64
export const FLOW6_SIZE: usize = 128
/** Octets of what TCP knows of a flow over IPv4, which stands beside its record. */
export const SIDES_SIZE: usize = 16
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

/**
 * External addresses of one family that have ports to translate to: so many that a full table has two flows a port,
 * four at least. A table of under 8192 flows has one for each 2048, two at least: an address takes 2 MB, 4 in IPv6,
 * and that would be most of a small switch.
 */
@inline
export function mappedFor(flows: u32): u32 {
  const few = flows == 0 ? 0 : min<u32>(4, max<u32>(2, flows >> 11))
  return max<u32>(few, min<u32>(64, (flows + MAPPINGS - 1) / MAPPINGS))
}

/** Heads of the chains of external ports by inside address: a power of two, half the flows or more. */
@inline
export function chainsFor(flows: u32): u32 {
  return (<u32>1) << (31 - clz<u32>(max<u32>(flows, 4) - 1))
}

/** Nodes of the trie over `routes` routes, its two roots among them. */
@inline
export function nodesFor(routes: u32): u32 {
  return routes * NODES_PER_ROUTE + 64
}

/** Octets at a config buffer's beginning: its head, the records of ports and domains, sets of VLANs, and bindings. */
@inline
export function recordsSize(ports: u32, domains: u32): u64 {
  const records =
    <u64>ports * (PORT_RECORD_SIZE + VLAN_SET_SIZE) + <u64>domains * DOMAIN_RECORD_SIZE
  return CONFIG_HEAD_SIZE + records + <u64>BINDINGS_MAX * BINDING_SIZE
}

/** Entries that the flood lists of all domains have room for: three a domain, one a class of flood. */
@inline
export function floodEntriesFor(ports: u32, memberships: u32): u32 {
  return 3 * (memberships + ports)
}

/** Places of the table of tunnels, a power of two: a quarter is taken where every port is a tunnel. */
@inline
export function tunnelPlacesFor(ports: u32): u32 {
  return (<u32>1) << (34 - clz<u32>(max<u32>(ports, 2) - 1))
}

/** Octets of one of the two rule sets of the filter, see filter/axis.ts. */
export function ruleSetSize(rules: u32): u64 {
  const words = (<u64>rules + 63) >> 6
  const vector = (words + ((words + 63) >> 6)) << 3
  const classes = <u64>rules * RULE_CLASSES + 64
  const listed: u64 = rules > LISTED_RULES ? 64 : 0
  const own = vector + 16 + listed + 5
  const head: u64 = 384 + 16 * 512
  return rules == 0 ? 0 : line(head + <u64>rules * (8 + RULE_MATCHES * 48) + classes * own)
}

/** Rounded up to a cache line. */
@inline
export function line(size: u64): u64 {
  return (size + CACHE_LINE - 1) & ~(<u64>CACHE_LINE - 1)
}
