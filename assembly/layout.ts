/** Lays out linear memory: the sizes of all regions, one behind the other, into the directory. */
import { DIRECTORY, DIRECTORY_SIZE, Directory, Family, Worker } from './memory'
import {
  BUCKET_SIZE,
  bucketsFor,
  CAPTURE_SIZE,
  COUNTERS_SIZE,
  chainsFor,
  DOMAIN_SHARED_SIZE,
  FAILURE_SIZE,
  FLOW_BUCKET_SIZE,
  FLOW_HEAD_SIZE,
  FLOW_SIZE,
  FLOW6_SIZE,
  FRAGMENT_SIZE,
  FRAGMENTS_MAX,
  floodEntriesFor,
  flowBucketsFor,
  flowOverflowFor,
  HEADS_SIZE,
  HELD_MAX,
  HELD_SIZE,
  IDENTIFICATIONS,
  INTERFACE_SHARED_SIZE,
  INTERFACE_SIZE,
  INTERFACES_MAX,
  LOCKS_MAX,
  line,
  MAPPING_SIZE,
  MAPPING6_SIZE,
  MAPPINGS,
  MERGED_SIZE,
  mappedFor,
  NAT_SIZE,
  NEIGHBOR_HEAD_SIZE,
  NEIGHBOR_SIZE,
  NODE_SIZE,
  nodesFor,
  overflowFor,
  PARTS_MAX,
  PARTS_SIZE,
  PATHS_SIZE,
  PORT_SHARED_SIZE,
  QUEUE_SIZE,
  REASONS_MAX,
  ROUTE_SIZE,
  ROUTER_HEAD_SIZE,
  RULE_COUNTERS_SIZE,
  RUN_SIZE,
  recordsSize,
  ruleSetSize,
  SIDES_SIZE,
  TABLE_HEAD_SIZE,
  TRACK_SIZE,
  tunnelPlacesFor,
  VLAN_MAP_SIZE,
} from './size'

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
  end = region(Directory.MERGED, end, all * MERGED_SIZE)
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
  // A bucket's two lines are fetched together where they are the two of a pair.
  end = (end + BUCKET_SIZE - 1) & ~(<u64>BUCKET_SIZE - 1)
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
  end = region(Directory.PATHS, end, flows == 0 ? 0 : (all - 1) * PATHS_SIZE)
  end = region(Directory.SIDES, end, <u64>flows * SIDES_SIZE)
  end = layoutFamily(Family.IPV4, end, flows, FLOW_SIZE, MAPPING_SIZE)
  return layoutFamily(Family.IPV6, end, flows6, FLOW6_SIZE, MAPPING6_SIZE)
}

function layoutFamily(family: usize, end: u64, flows: u32, record: u64, mapping: u64): u64 {
  end = region(family + Family.BUCKETS, end, <u64>flowBucketsFor(flows) * FLOW_BUCKET_SIZE)
  end = region(family + Family.POOL, end, <u64>flowOverflowFor(flows) * FLOW_BUCKET_SIZE)
  end = region(family + Family.RECORDS, end, <u64>flows * record)
  end = region(family + Family.MAPPINGS, end, <u64>mappedFor(flows) * MAPPINGS * mapping)
  return region(family + Family.CHAINS, end, flows == 0 ? 0 : <u64>chainsFor(flows) * 4)
}

/**
 * Octets of a config buffer: what `recordsSize` counts, and what each change makes anew: the flood lists with their
 * runs, three a domain, for broadcast, multicast and unknown unicast; and the table of tunnels.
 */
function configSize(ports: u32, domains: u32, memberships: u32): u64 {
  const lists = <u64>floodEntriesFor(ports, memberships) * (4 + RUN_SIZE)
  const tunnels = <u64>tunnelPlacesFor(ports) * 2
  return line(recordsSize(ports, domains) + <u64>ports * 4 + lists + tunnels)
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

function region(field: usize, start: u64, size: u64): u64 {
  const aligned = line(start)
  store<u32>(DIRECTORY + field, <u32>aligned)
  return aligned + size
}
