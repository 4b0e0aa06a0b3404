/**
 * The config that the packet path reads: double-buffered. Control copies the active buffer to the
 * other (`configBegin`), edits that, and makes it the active one (`configCommit`) by raising the
 * generation, whose lowest bit names the buffer. A worker latches the generation once a burst and
 * publishes it as its epoch; the buffer left behind is edited again only when no worker can be
 * reading it (`configPassed`).
 *
 * Buffer: head { 0 sweepInterval u32 ms, 4 portCount u32 }, then a record a port:
 *    0 flags u32   4 fid u32   8 mtu u32   12 offloads u32 (what the device takes)
 * a record a domain:
 *    0 flags u32   4 ageing u32 ticks   8 members u32 (address)   12 memberCount u32
 *   16 mtu u32 (the smallest of the members)   20 offloads u32 (what all members take)
 * and the flood lists, a u32 port number each.
 */
import {
  bucketsFor,
  CONFIG_HEAD_SIZE,
  DIRECTORY,
  Directory,
  directory,
  RECORD_SIZE,
  Worker,
  workerBlock,
} from './memory'

/** Ticks of an FDB time stamp: 125 ms, so that 24 bits span 24 days and ageing 1,000,000 s. */
export const TICK_MS: f64 = 125

export namespace Config {
  export const SWEEP_INTERVAL: usize = 0
  export const PORT_COUNT: usize = 4
}

export namespace PortRecord {
  export const FLAGS: usize = 0
  export const FID: usize = 4
  export const MTU: usize = 8
  export const OFFLOADS: usize = 12
  /** Used while the flood lists are filled. */
  export const PLACED: usize = 16
  /** Flags. */
  export const PRESENT: u32 = 1
  export const UP: u32 = 2
}

export namespace DomainRecord {
  export const FLAGS: usize = 0
  export const AGEING: usize = 4
  export const MEMBERS: usize = 8
  export const MEMBER_COUNT: usize = 12
  export const MTU: usize = 16
  export const OFFLOADS: usize = 20
  export const PRESENT: u32 = 1
}

/** Buckets swept in one go: few enough that a burst hardly waits, even if all they hold is void. */
export const SWEEP_SLICE: u32 = 256

@inline
function buffer(generation: u32): usize {
  return directory(Directory.CONFIG) + <usize>(generation & 1) * directory(Directory.CONFIG_SIZE)
}

@inline
export function portRecord(config: usize, port: u32): usize {
  return config + CONFIG_HEAD_SIZE + <usize>port * RECORD_SIZE
}

@inline
export function domainRecord(config: usize, fid: u32): usize {
  const ports = directory(Directory.MAX_PORTS)
  return config + CONFIG_HEAD_SIZE + (ports + <usize>fid) * RECORD_SIZE
}

@inline
function floodLists(config: usize): usize {
  const records = directory(Directory.MAX_PORTS) + directory(Directory.MAX_DOMAINS)
  return config + CONFIG_HEAD_SIZE + records * RECORD_SIZE
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

/**
 * Says that the worker is about to look at what control hands over (descriptors, config): called
 * after every wait. What control takes away after this call it keeps until the worker has passed on.
 */
export function enter(worker: u32): void {
  latch(workerBlock(worker))
}

/** The worker holds no reference to config, tables or transmit lists until its next burst. */
export function quiesce(worker: u32): void {
  atomic.store<u32>(workerBlock(worker), 0, Worker.EPOCH)
}

/** The active config, for the control thread, which alone changes it. */
@inline
export function activeConfig(): usize {
  return buffer(load<u32>(DIRECTORY, Directory.GENERATION))
}

/** The buffer that is being edited. */
@inline
function draft(): usize {
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

/** Starts a change. False while a worker still uses the buffer; then try again a moment later. */
export function configBegin(): bool {
  if (!configPassed(configGeneration())) return false
  memory.copy(draft(), activeConfig(), directory(Directory.CONFIG_SIZE))
  return true
}

/** Sets a port's record; `flags` 0 takes the port out. `fid` counts from 1. */
export function configPort(port: u32, flags: u32, fid: u32, mtu: u32, offloads: u32): void {
  const record = portRecord(draft(), port)
  store<u32>(record, flags, PortRecord.FLAGS)
  store<u32>(record, fid, PortRecord.FID)
  store<u32>(record, mtu, PortRecord.MTU)
  store<u32>(record, offloads, PortRecord.OFFLOADS)
}

/** Sets a broadcast domain's record: ageing in milliseconds; `flags` 0 takes the domain out. */
export function configDomain(fid: u32, flags: u32, ageing: f64): void {
  const record = domainRecord(draft(), fid)
  store<u32>(record, flags, DomainRecord.FLAGS)
  store<u32>(record, <u32>Math.ceil(ageing / TICK_MS), DomainRecord.AGEING)
}

/** Builds the flood lists of the draft, makes it the active config and returns its generation. */
export function configCommit(): u32 {
  const config = draft()
  let list = floodLists(config)
  const domains = load<u32>(DIRECTORY, Directory.MAX_DOMAINS)
  for (let fid: u32 = 1; fid < domains; fid++) resetDomain(domainRecord(config, fid))
  countMembers(config)
  for (let fid: u32 = 1; fid < domains; fid++) {
    const record = domainRecord(config, fid)
    store<u32>(record, <u32>list, DomainRecord.MEMBERS)
    list += (<usize>load<u32>(record, DomainRecord.MEMBER_COUNT)) << 2
    store<u32>(record, 0, DomainRecord.MEMBER_COUNT)
  }
  fillMembers(config)
  store<u32>(config, sweepInterval(config), Config.SWEEP_INTERVAL)
  // A shorter ageing must not wait for a deadline that was set by a longer one.
  atomic.store<u64>(DIRECTORY, 0, Directory.SWEEP_DEADLINE)
  const generation = load<u32>(DIRECTORY, Directory.GENERATION) + 1
  atomic.store<u32>(DIRECTORY, generation, Directory.GENERATION)
  return generation
}

function resetDomain(record: usize): void {
  store<u32>(record, 0, DomainRecord.MEMBER_COUNT)
  store<u32>(record, u32.MAX_VALUE, DomainRecord.MTU)
  store<u32>(record, u32.MAX_VALUE, DomainRecord.OFFLOADS)
}

/** Counts each domain's ports, and gathers what all of them can take. */
function countMembers(config: usize): void {
  const ports = load<u32>(DIRECTORY, Directory.MAX_PORTS)
  let present: u32 = 0
  for (let port: u32 = 0; port < ports; port++) {
    const record = portRecord(config, port)
    const flags = load<u32>(record, PortRecord.FLAGS)
    if ((flags & PortRecord.PRESENT) == 0) continue
    present++
    if ((flags & PortRecord.UP) == 0) continue
    const domain = domainRecord(config, load<u32>(record, PortRecord.FID))
    const mtu = load<u32>(record, PortRecord.MTU)
    if (mtu < load<u32>(domain, DomainRecord.MTU)) store<u32>(domain, mtu, DomainRecord.MTU)
    const offloads = load<u32>(domain, DomainRecord.OFFLOADS)
    store<u32>(domain, offloads & load<u32>(record, PortRecord.OFFLOADS), DomainRecord.OFFLOADS)
    store<u32>(domain, load<u32>(domain, DomainRecord.MEMBER_COUNT) + 1, DomainRecord.MEMBER_COUNT)
  }
  store<u32>(config, present, Config.PORT_COUNT)
}

/**
 * Fills the flood lists, ports of the same MTU and offloads one after the other: a frame that some
 * cannot take then goes to as few runs of a list as there are kinds of port.
 */
function fillMembers(config: usize): void {
  const ports = load<u32>(DIRECTORY, Directory.MAX_PORTS)
  for (let port: u32 = 0; port < ports; port++)
    store<u32>(portRecord(config, port), 0, PortRecord.PLACED)
  for (let port: u32 = 0; port < ports; port++) {
    if (!isUnplaced(portRecord(config, port))) continue
    for (let other = port; other < ports; other++) {
      if (isAlike(portRecord(config, port), portRecord(config, other))) place(config, other)
    }
  }
}

@inline
function isUnplaced(record: usize): bool {
  const member = PortRecord.PRESENT | PortRecord.UP
  if ((load<u32>(record, PortRecord.FLAGS) & member) != member) return false
  return load<u32>(record, PortRecord.PLACED) == 0
}

@inline
function isAlike(one: usize, other: usize): bool {
  return (
    isUnplaced(other) &&
    load<u32>(one, PortRecord.FID) == load<u32>(other, PortRecord.FID) &&
    load<u32>(one, PortRecord.MTU) == load<u32>(other, PortRecord.MTU) &&
    load<u32>(one, PortRecord.OFFLOADS) == load<u32>(other, PortRecord.OFFLOADS)
  )
}

function place(config: usize, port: u32): void {
  const record = portRecord(config, port)
  const domain = domainRecord(config, load<u32>(record, PortRecord.FID))
  const count = load<u32>(domain, DomainRecord.MEMBER_COUNT)
  store<u32>(<usize>load<u32>(domain, DomainRecord.MEMBERS) + ((<usize>count) << 2), port)
  store<u32>(domain, count + 1, DomainRecord.MEMBER_COUNT)
  store<u32>(record, 1, PortRecord.PLACED)
}

/** Milliseconds between slices, so that the whole table is swept four times in the shortest ageing. */
function sweepInterval(config: usize): u32 {
  const domains = load<u32>(DIRECTORY, Directory.MAX_DOMAINS)
  let shortest: u32 = u32.MAX_VALUE
  for (let fid: u32 = 1; fid < domains; fid++) {
    const record = domainRecord(config, fid)
    if (load<u32>(record, DomainRecord.FLAGS) == 0) continue
    shortest = min(shortest, load<u32>(record, DomainRecord.AGEING))
  }
  const slices = bucketsFor(load<u32>(DIRECTORY, Directory.MAX_MACS)) / SWEEP_SLICE + 1
  return max(1, <u32>((<f64>shortest * TICK_MS) / 4 / <f64>slices))
}
