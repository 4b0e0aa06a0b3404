/**
 * The config that the packet path reads: double-buffered. Control edits the buffer that is not active
 * (change.ts) and makes it the active one by raising the generation, whose lowest bit names the
 * buffer. A worker latches the generation once a burst and publishes it as its epoch; the buffer left
 * behind is edited again only when no worker can be reading it (`configPassed`).
 *
 * A buffer: head { 0 sweepInterval u32 ms, 4 portCount u32, 8 bindings u32, 12 rules u32,
 * 16 tunnels u32 }, a record a port, a set
 * of VLANs a port, a record a domain, bindings of source addresses, and what `configCommit` makes of
 * them: the ports in the order of their kind, flood lists, runs of flood lists.
 */
import { DIRECTORY, Directory, directory, Worker, workerBlock } from './memory'
import {
  BINDING_SIZE,
  BINDINGS_MAX,
  CONFIG_HEAD_SIZE,
  DOMAIN_RECORD_SIZE,
  PORT_RECORD_SIZE,
  VLAN_MAP_SIZE,
  VLAN_SET_SIZE,
} from './size'

/** Ticks of an FDB time stamp: 125 ms, so that 24 bits span 24 days and ageing 1,000,000 s. */
export const TICK_MS: f64 = 125

export namespace Config {
  export const SWEEP_INTERVAL: usize = 0
  export const PORT_COUNT: usize = 4
  export const BINDING_COUNT: usize = 8
  /** u32: how many ports are tunnels. */
  export const TUNNEL_COUNT: usize = 16
  /** u32: address of the filter's rule set, 0 for none. */
  export const RULES: usize = 12
}

/** What a port does and lets others do; bits of PortRecord.FLAGS. The same in src/dataplane/abi.ts. */
export namespace PortFlag {
  export const PRESENT: u32 = 1
  export const UP: u32 = 2
  /** Reaches only ports that are not isolated. */
  export const ISOLATED: u32 = 4
  export const NO_LEARNING: u32 = 8
  /** Takes only frames whose source has an entry here. */
  export const LOCKED: u32 = 0x10
  /** What is learnt here neither ages nor moves. */
  export const STICKY: u32 = 0x20
  export const MAC_LIMIT: u32 = 0x40
  /** Source addresses are bound. */
  export const GUARD: u32 = 0x80
  export const VLAN_AWARE: u32 = 0x100
  /** Whatever comes in gets a tag of the native VLAN, whether it has one or not. */
  export const TUNNEL: u32 = 0x200
  export const ADMIT_TAGGED: u32 = 0x400
  export const ADMIT_UNTAGGED: u32 = 0x800
  export const NATIVE_TAGGED: u32 = 0x1000
  /** Some kind of flood from it is limited. */
  export const STORM: u32 = 0x2000
  export const POLICE_RECEIVE: u32 = 0x4000
  export const POLICE_TRANSMIT: u32 = 0x8000
  export const MIRROR_RECEIVE: u32 = 0x10000
  export const MIRROR_TRANSMIT: u32 = 0x20000
  /** Gets what is mirrored and nothing else. */
  export const MIRROR_TARGET: u32 = 0x40000
  /** Kinds of flood that leave by it; one bit a class, in the order of Flood. */
  export const FLOOD_BROADCAST: u32 = 0x100000
  export const FLOOD_MULTICAST: u32 = 0x200000
  export const FLOOD_UNKNOWN: u32 = 0x400000
  /** A tunnel to a VTEP: what leaves by it is encapsulated and leaves by a port of the underlay. */
  export const OVERLAY: u32 = 0x800000
  /** What comes in singly is coalesced into super-frames. */
  export const COALESCE: u32 = 0x1000000
  /** What comes in are VXLAN datagrams (underlay.ts). */
  export const UNDERLAY: u32 = 0x2000000

  /** Asked of every frame that comes in: looked at in the door. */
  export const DOOR: u32 = VLAN_AWARE | GUARD
  /** Looked at where a source is learnt. */
  export const SOURCES: u32 = NO_LEARNING | LOCKED | STICKY | MAC_LIMIT
  /** For each frame that leaves. */
  export const EGRESS: u32 = POLICE_TRANSMIT | MIRROR_TRANSMIT
}

/** Kinds of flood. */
export namespace Flood {
  export const BROADCAST: u32 = 0
  export const MULTICAST: u32 = 1
  export const UNKNOWN: u32 = 2
  export const CLASSES: u32 = 3
}

export namespace PortRecord {
  export const FLAGS: usize = 0
  export const BRIDGE: usize = 4
  /** u32: the domain of what comes in without a tag; 0 if there is none. */
  export const FID: usize = 8
  export const MTU: usize = 12
  /** u32: what the device takes. */
  export const OFFLOADS: usize = 16
  /** u32: the bridge's map from VID to FID. */
  export const VLAN_MAP: usize = 20
  /** u16, byte order of the wire: the TPID of the bridge. u16: the native VID, 0 for none. */
  export const TPID: usize = 24
  export const NATIVE: usize = 26
  export const MAC_LIMIT: usize = 28
  /** u32: address of its bindings, and how many there are. */
  export const BINDINGS: usize = 32
  export const BINDING_COUNT: usize = 36
  /** u32: where what it receives and sends is mirrored to. */
  export const MIRROR_RECEIVE: usize = 40
  export const MIRROR_TRANSMIT: usize = 44
  /** u32: a bit for each of 01-80-C2-00-00-00 to -0F that is let through. */
  export const CONTROL_FRAMES: usize = 48
  /** u64: sorts ports by what they can take. */
  export const KIND: usize = 56
  /** A rate a meter, see meter.ts. */
  export const RATES: usize = 64
  /** What is known of a tunnel, see tunnel.ts. */
  export const TUNNEL: usize = 176
}

export namespace DomainRecord {
  export const FLAGS: usize = 0
  export const AGEING: usize = 4
  export const BRIDGE: usize = 8
  export const VID: usize = 12
  /** u32 each: the address of the runs of each class of flood, and how many there are. */
  export const RUNS: usize = 16
  /** u32 each: where the list of each class begins, and how many ports are on it. */
  export const LISTS: usize = 40
  export const PRESENT: u32 = 1
  /** The three lists are the same. */
  export const UNIFORM: u32 = 2
  /** What is bridged in it is asked of the filter, and denied if no rule takes it. */
  export const FILTERED: u32 = 4
  export const CLOSED: u32 = 8
  /** What is asked of stations behind tunnels is answered here. */
  export const SUPPRESSES: u32 = 16
}

/** Buckets swept in one go: few enough that a burst hardly waits, even if all they hold is void. */
export const SWEEP_SLICE: u32 = 256

@inline
function buffer(generation: u32): usize {
  return directory(Directory.CONFIG) + <usize>(generation & 1) * directory(Directory.CONFIG_SIZE)
}

@inline
export function portRecord(config: usize, port: u32): usize {
  return config + CONFIG_HEAD_SIZE + <usize>port * PORT_RECORD_SIZE
}

/** The VLANs that a port is a member of, a bit each. */
@inline
export function vlanSet(config: usize, port: u32): usize {
  const records = directory(Directory.MAX_PORTS) * PORT_RECORD_SIZE
  return config + CONFIG_HEAD_SIZE + records + <usize>port * VLAN_SET_SIZE
}

@inline
export function inVlanSet(set: usize, vid: u32): bool {
  return ((<u32>load<u8>(set + (vid >> 3)) >> (vid & 7)) & 1) != 0
}

@inline
export function domainRecord(config: usize, fid: u32): usize {
  const perPort = directory(Directory.MAX_PORTS) * (PORT_RECORD_SIZE + VLAN_SET_SIZE)
  return config + CONFIG_HEAD_SIZE + perPort + <usize>fid * DOMAIN_RECORD_SIZE
}

/** True if questions for stations behind tunnels are answered in the domain. */
@inline
export function suppresses(config: usize, fid: u32): bool {
  return (load<u32>(domainRecord(config, fid), DomainRecord.FLAGS) & DomainRecord.SUPPRESSES) != 0
}

/** True if what is bridged in the domain is asked of the filter. */
@inline
export function isFiltered(config: usize, fid: u32): bool {
  return (load<u32>(domainRecord(config, fid), DomainRecord.FLAGS) & DomainRecord.FILTERED) != 0
}

/** The bindings of all ports. */
@inline
export function bindings(config: usize): usize {
  return domainRecord(config, load<u32>(DIRECTORY, Directory.MAX_DOMAINS))
}

/** What is made anew at every commit begins here. */
@inline
export function derived(config: usize): usize {
  return bindings(config) + <usize>BINDINGS_MAX * BINDING_SIZE
}

/** A bridge's map from VID to FID, u16 each, 0 where the bridge has no such VLAN. Not double-buffered. */
@inline
export function vlanMap(bridge: u32): usize {
  return directory(Directory.VLANS) + <usize>bridge * VLAN_MAP_SIZE
}

@inline
export function fidOfVlan(map: usize, vid: u32): u32 {
  // A plain load, see isValid in bridge/entry.ts.
  return <u32>load<u16>(map + ((<usize>vid) << 1))
}

/**
 * Latches the active config for the worker whose block is given and publishes its epoch. The
 * generation is read again after publishing: control that has seen an older epoch of ours can then
 * not have freed what we are about to use.
 */
@inline
export function latch(block: usize): usize {
  let generation = atomic.load<u32>(DIRECTORY, Directory.GENERATION)
  while (true) {
    atomic.store<u32>(block, (generation << 1) | 1, Worker.EPOCH)
    const again = atomic.load<u32>(DIRECTORY, Directory.GENERATION)
    if (again == generation) return buffer(generation)
    generation = again
  }
}

/** The config that a worker has latched. */
@inline
export function latched(block: usize): usize {
  return buffer(load<u32>(block, Worker.EPOCH) >> 1)
}

/**
 * Sets a deadline of the directory, by the config that the worker has latched, if it is `from` still: false
 * if another was faster. Where there is another config by now, that one has to be looked at: the deadline
 * is at once then, whoever of both was first to set it.
 */
export function postpone(block: usize, deadline: usize, from: u64, to: u64): bool {
  if (atomic.cmpxchg<u64>(DIRECTORY + deadline, from, to) != from) return false
  const generation = atomic.load<u32>(DIRECTORY, Directory.GENERATION)
  if (((generation << 1) | 1) != load<u32>(block, Worker.EPOCH)) {
    atomic.store<u64>(DIRECTORY + deadline, 0)
  }
  return true
}

/**
 * Says that the worker is about to look at what control hands over (descriptors, config): called
 * after every wait. What control takes away after this call it keeps until the worker has passed on.
 */
export function enter(worker: u32): void {
  latch(workerBlock(worker))
}

/** The worker holds no reference to config, tables or transmit lists until its next burst. */
export function quiesce(worker: u32): void {
  const block = workerBlock(worker)
  store<u32>(block, 0, Worker.IN_HAND)
  atomic.store<u32>(block, 0, Worker.EPOCH)
}

/**
 * The frames that a worker has in hand, of the burst at `received`, and the port they came by. For
 * whoever looks after one that died.
 */
export function framesInHand(worker: u32): u32 {
  return load<u32>(workerBlock(worker), Worker.IN_HAND)
}
export function portInHand(worker: u32): u32 {
  return load<u32>(workerBlock(worker), Worker.PORT)
}

/** The active config, for the control thread, which alone changes it. */
@inline
export function activeConfig(): usize {
  return buffer(load<u32>(DIRECTORY, Directory.GENERATION))
}

/** The buffer that is being edited. */
@inline
export function draft(): usize {
  return buffer(load<u32>(DIRECTORY, Directory.GENERATION) + 1)
}

/** The generation of the active config. */
export function configGeneration(): u32 {
  return load<u32>(DIRECTORY, Directory.GENERATION)
}

/** True when no worker uses a config older than `generation`: what it no longer names may be freed. */
export function configPassed(generation: u32): bool {
  const workers = load<u32>(DIRECTORY, Directory.MAX_WORKERS)
  const wanted = (generation << 1) | 1
  for (let worker: u32 = 0; worker <= workers; worker++) {
    const epoch = atomic.load<u32>(workerBlock(worker), Worker.EPOCH)
    if (epoch != 0 && <i32>(epoch - wanted) < 0) return false
  }
  return true
}
