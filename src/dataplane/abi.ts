/** Numbers of the ABI that TypeScript has to know; assembly/ is the other side, and a test compares them. */

/** An address: its octets as little-endian words, those of IPv4 in the first. */
export type Words = readonly [number, number, number, number]

/** Most frames in a burst, and descriptors in the table at `received`. */
export const BURST_MAX = 256
/** Octets of a received descriptor { u32 address, u32 length }. */
export const RECEIVED_SIZE = 8
/** Octets of a transmit entry, in u32s: head, headLength, body, bodyLength, ports, portCount, except. */
export const TRANSMIT_SIZE = 32
/** In place of an entry's body: the virtio-net header is zeros that whoever writes the frame puts there. */
export const BARE = 1
/** Octets of an entry of a queue table: native/abi.h, port_queue. */
export const QUEUE_SIZE = 16
/** Octets of a failure record { u32 port, u32 errno, u32 frames, u32 octets }; one a port at most. */
export const FAILURE_SIZE = 16
/** Octets of a readiness record { u32 token, u32 epoll events }, and how many there are. */
export const READY_SIZE = 8
export const READY_MAX = 256

const TOKEN_PORT_BITS = 20

/** What tells a queue of a port, 0 to 63, from all others that a worker waits for. */
export function readyToken(port: number, queue: number): number {
  return (queue << TOKEN_PORT_BITS) | port
}
export function portOfToken(token: number): number {
  return token & ((1 << TOKEN_PORT_BITS) - 1)
}
export function queueOfToken(token: number): number {
  return token >>> TOKEN_PORT_BITS
}
/** Headroom kept before each frame's virtio-net header in the arena, and that header, octets. */
export const HEADROOM = 128
export const VIRTIO_HEADER = 12

/** Outcomes of a change to the FDB. */
export const Change = { DONE: 0, EXISTS: 1, MISSING: 2, FULL: 3, BUSY: 4 } as const

/** Flags of a port's record: assembly/config.ts, PortFlag. */
export const PortFlag = {
  PRESENT: 0x1,
  UP: 0x2,
  ISOLATED: 0x4,
  NO_LEARNING: 0x8,
  LOCKED: 0x10,
  STICKY: 0x20,
  MAC_LIMIT: 0x40,
  GUARD: 0x80,
  VLAN_AWARE: 0x100,
  TUNNEL: 0x200,
  ADMIT_TAGGED: 0x400,
  ADMIT_UNTAGGED: 0x800,
  NATIVE_TAGGED: 0x1000,
  STORM: 0x2000,
  POLICE_RECEIVE: 0x4000,
  POLICE_TRANSMIT: 0x8000,
  MIRROR_RECEIVE: 0x10000,
  MIRROR_TRANSMIT: 0x20000,
  MIRROR_TARGET: 0x40000,
  FLOOD_BROADCAST: 0x100000,
  FLOOD_MULTICAST: 0x200000,
  FLOOD_UNKNOWN: 0x400000,
  OVERLAY: 0x800000,
  COALESCE: 0x1000000,
  UNDERLAY: 0x2000000,
} as const
/** Options of a tunnel: assembly/tunnel.ts, TunnelOption. */
export const TunnelOption = { STRICT: 1, TAGGED: 2, COPY_DSCP: 4 } as const
/** Flags of a domain's record: assembly/config.ts, DomainRecord. */
export const DomainFlag = { PRESENT: 1, FILTERED: 4, CLOSED: 8, SUPPRESSES: 16 } as const

/** What filter rules look at: assembly/filter/axis.ts. */
export const Axis = {
  IN_PORT: 0,
  OUT_PORT: 1,
  IN_DOMAIN: 2,
  OUT_DOMAIN: 3,
  VERSION: 4,
  PROTOCOL: 5,
  SOURCE_PORT: 6,
  DESTINATION_PORT: 7,
  ICMP_TYPE: 8,
  STATE: 9,
  SOURCE4: 10,
  DESTINATION4: 11,
  SOURCE6: 12,
  DESTINATION6: 13,
} as const
/** What connection tracking says of a packet: assembly/filter/axis.ts, State. */
export const FlowState = { new: 0, established: 1, related: 2 } as const
export const Action = { allow: 1, deny: 2, reject: 3 } as const
/** Assigned numbers of the protocols that have a name in the config. */
export const PROTOCOLS = { icmp: 1, tcp: 6, udp: 17, icmpv6: 58, sctp: 132 } as const

/** Flags of an interface: assembly/router/interface.ts. */
export const InterfaceFlag = { UPLINK: 1, ADVERTISE: 2 } as const
/** Kinds of route: assembly/router/route.ts. */
export const RouteKind = {
  LOCAL: 1,
  CONNECTED: 2,
  BROADCAST: 3,
  STATIC: 4,
  UNREACHABLE: 5,
} as const

/** States of a neighbour by their number: assembly/router/neighbor.ts, State. */
export const neighborStates = [
  'none',
  'incomplete',
  'reachable',
  'stale',
  'delay',
  'probe',
  'failed',
  'permanent',
] as const

/** Meters of a port: assembly/meter.ts. */
export const Meter = {
  BROADCAST: 0,
  MULTICAST: 1,
  UNKNOWN_UNICAST: 2,
  RECEIVE_OCTETS: 3,
  RECEIVE_FRAMES: 4,
  TRANSMIT_OCTETS: 5,
  TRANSMIT_FRAMES: 6,
} as const
export const METERS = 7

/** Kinds of binding: assembly/bridge/guard.ts. */
export const Binding = { MAC: 1, IPV4: 2, IPV6: 3 } as const

/** Last octets of the reserved addresses that can be let through (802.1Q-2022 table 8-1). */
export const ControlFrame = { stp: 0x0, lacp: 0x2, eapol: 0x3, lldp: 0xe } as const

/** Flags of an FDB entry as `fdbNext` gives it. */
export const ENTRY_STATIC = 1
export const ENTRY_STICKY = 2
export const ENTRY_EXTERNAL = 4

/** What a capture asks for: assembly/capture/filter.ts, Wants. */
export const Wants = {
  RECEIVED: 1,
  TRANSMITTED: 2,
  DROPPED: 4,
  PORT: 8,
  MAC: 16,
  ETHER_TYPE: 32,
  VLAN: 64,
  ADDRESS: 128,
} as const
export const CAPTURES_MAX = 32

/** Where the directory block lies, and words of it: assembly/memory.ts, Directory. */
export const DIRECTORY = 0x10000
export const Directory = {
  /** Capacities. */
  WORKERS: 8,
  PORTS: 12,
  DOMAINS: 16,
  MACS: 20,
  ARENA: 24,
  BRIDGES: 88,
  MEMBERSHIPS: 92,
  ROUTES: 108,
  NEIGHBORS: 112,
  FLOWS: 116,
  FLOWS6: 120,
  RULES: 124,
  CONFIG: 52,
  CAPTURES: 104,
  /** Of the region behind the captures. */
  CAPTURES_END: 2560,
  GENERATION: 128,
  CAPTURING: 132,
  FILTERS: 512,
  FILTERS_END: 2560,
} as const
/** Words of a worker's block: assembly/memory.ts, Worker, and assembly/counter.ts, Statistic. */
export const Block = {
  STATISTICS: 128,
  /** The line that has the two times; what stands before and behind them in it are other statistics. */
  TIMES_LINE: 256,
  BUSY: 264,
  TIMES_END: 280,
  EVENT_TAIL: 448,
  SCRATCH: 512,
} as const

/** Set in what `process` and `resume` return, as a signed number, when the burst is not done. */
export const MORE = 0x8000_0000

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
/** Behind the times: flows that began, that had no answer and were evicted for others, whose time was over,
 * and that had ended and were evicted. */
export const FLOWS_BEGUN = WAITED + 1
export const FLOWS_EVICTED = FLOWS_BEGUN + 1
export const FLOWS_EXPIRED = FLOWS_EVICTED + 1
export const FLOWS_ENDED = FLOWS_EXPIRED + 1

/** Types of event, by their code. */
export const eventTypes = {
  1: 'moved',
  2: 'table-full',
  3: 'static-violated',
  4: 'blocked',
} as const

/** States of a flow, by their code: assembly/flow/state.ts. */
export const flowStates = [
  'none',
  'syn-sent',
  'syn-received',
  'established',
  'closing',
  'closed',
  'reset',
  'midstream',
  'unreplied',
  'replied',
] as const

/** Flags of a flow: assembly/flow/record.ts. */
export const FlowFlag = { MAPPED: 4, SOURCE_NAT: 8, DESTINATION_NAT: 16, INWARD: 64 } as const

/** What flows are purged by: assembly/flow/inspect.ts. */
export const Purge = { PORT: 0, FID: 1, SLOT: 2, ADDRESS: 3 } as const

/** Flags of rules of translation, and how many there can be: assembly/nat/config.ts. */
export const NatFlag = {
  PRESENT: 1,
  WIDE: 2,
  MASQUERADE: 4,
  STATIC: 8,
  OPEN: 16,
  PRESERVE: 32,
  PARITY: 64,
} as const
export const EXTERNALS_MAX = 256
export const SOURCES_MAX = 128
export const PUBLISHED_MAX = 2048
export const PREFIXES_MAX = 64
