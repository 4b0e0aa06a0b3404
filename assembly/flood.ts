/**
 * Flood lists: which ports a frame of a broadcast domain goes to that is for all or for nobody known.
 * A domain has a list for each class (broadcast, multicast, unknown unicast), the same one three times
 * unless a port takes only some; a list is cut into runs of ports that take the same frames in the
 * same form, so that a flood costs an entry a run. All are made anew at a commit.
 *
 * A run: 0 members u32 (address of u32 port numbers)   4 count u32   8 mtu u32   12 offloads u32
 *       16 flags u32 (ALIKE, those its ports have in common)   20 tagged u32
 */
import {
  DomainRecord,
  derived,
  domainRecord,
  Flood,
  fidOfVlan,
  inVlanSet,
  PortFlag,
  PortRecord,
  portRecord,
  vlanSet,
} from './config'
import { DIRECTORY, Directory, directory } from './memory'
import { floodEntriesFor, PORT_RECORD_SIZE, RUN_SIZE } from './size'
import { sort } from './sort'

export namespace Run {
  export const MEMBERS: usize = 0
  export const COUNT: usize = 4
  export const MTU: usize = 8
  export const OFFLOADS: usize = 12
  export const FLAGS: usize = 16
  export const TAGGED: usize = 20
}

/** Flags by which a run's ports are alike. */
const ALIKE: u32 = PortFlag.ISOLATED | PortFlag.EGRESS | PortFlag.TUNNEL | PortFlag.OVERLAY
const MEMBER: u32 = PortFlag.PRESENT | PortFlag.UP

/** False, with nothing usable, if the lists need more room than there is. */
export function buildFloodLists(config: usize): bool {
  const ports = load<u32>(DIRECTORY, Directory.MAX_PORTS)
  const domains = load<u32>(DIRECTORY, Directory.MAX_DOMAINS)
  const count = sortPorts(config, ports)
  for (let fid: u32 = 1; fid < domains; fid++) clearDomain(domainRecord(config, fid))
  const order = derived(config)
  for (let index: u32 = 0; index < count; index++) {
    each(config, load<u32>(order + ((<usize>index) << 2)), Step.COUNT, 0)
  }
  if (!placeLists(config, order + ((<usize>ports) << 2))) return false
  for (let tagged: u32 = 0; tagged < 2; tagged++) {
    for (let index: u32 = 0; index < count; index++) {
      each(config, load<u32>(order + ((<usize>index) << 2)), Step.FILL, tagged)
    }
  }
  let run = order + ((<usize>ports) << 2) + ((<usize>capacity()) << 2)
  for (let fid: u32 = 1; fid < domains; fid++) run = cutRuns(config, domainRecord(config, fid), run)
  return true
}

/** Entries that the lists have room for. */
function capacity(): u32 {
  const memberships = load<u32>(DIRECTORY, Directory.MEMBERSHIPS)
  return floodEntriesFor(load<u32>(DIRECTORY, Directory.MAX_PORTS), memberships)
}

/** Where the room of a config buffer for ports, lists and runs ends. */
export function floodEnd(config: usize): usize {
  const ports = directory(Directory.MAX_PORTS) << 2
  return derived(config) + ports + <usize>capacity() * (4 + RUN_SIZE)
}

/** Writes the ports that floods may leave by, ordered by their kind; returns how many they are. */
function sortPorts(config: usize, ports: u32): u32 {
  const order = derived(config)
  let count: u32 = 0
  for (let port: u32 = 0; port < ports; port++) {
    const record = portRecord(config, port)
    const flags = load<u32>(record, PortRecord.FLAGS)
    if ((flags & MEMBER) != MEMBER || (flags & PortFlag.MIRROR_TARGET) != 0) continue
    const kind =
      ((<u64>(flags & ALIKE)) << 32) | <u64>(load<u32>(record, PortRecord.MTU) & 0xffffff)
    store<u64>(
      record,
      kind | ((<u64>load<u32>(record, PortRecord.OFFLOADS)) << 24),
      PortRecord.KIND,
    )
    store<u32>(order + ((<usize>count) << 2), port)
    count++
  }
  sort(order, count, portRecord(config, 0) + PortRecord.KIND, PORT_RECORD_SIZE, 1)
  return count
}

namespace Step {
  export const COUNT: u32 = 0
  export const FILL: u32 = 1
}

/** Counts a port in, or puts it on, the lists of all its domains. */
function each(config: usize, port: u32, step: u32, tagged: u32): void {
  const record = portRecord(config, port)
  const flags = load<u32>(record, PortRecord.FLAGS)
  if ((flags & PortFlag.VLAN_AWARE) == 0) {
    if (step == Step.COUNT || tagged == 0)
      join(config, port, flags, load<u32>(record, PortRecord.FID), step)
    return
  }
  const set = vlanSet(config, port)
  const map = <usize>load<u32>(record, PortRecord.VLAN_MAP)
  for (let word: u32 = 0; word < 64; word++) {
    let members = load<u64>(set + (word << 3))
    for (; members != 0; members &= members - 1) {
      const vid = (word << 6) + <u32>ctz(members)
      if (step == Step.FILL && <u32>leavesTagged(record, vid) != tagged) continue
      join(config, port, flags, fidOfVlan(map, vid), step)
    }
  }
}

/** Whether frames of VLAN `vid` leave by the port with a tag. */
@inline
export function leavesTagged(record: usize, vid: u32): bool {
  if (vid != <u32>load<u16>(record, PortRecord.NATIVE)) return true
  return (load<u32>(record, PortRecord.FLAGS) & PortFlag.NATIVE_TAGGED) != 0
}

function join(config: usize, port: u32, flags: u32, fid: u32, step: u32): void {
  if (fid == 0) return
  const domain = domainRecord(config, fid)
  for (let kind: u32 = 0; kind < Flood.CLASSES; kind++) {
    if ((flags & (PortFlag.FLOOD_BROADCAST << kind)) == 0) {
      if (step == Step.COUNT) {
        const uniform = load<u32>(domain, DomainRecord.FLAGS) & ~DomainRecord.UNIFORM
        store<u32>(domain, uniform, DomainRecord.FLAGS)
      }
      continue
    }
    // A list that serves all three classes is filled once.
    const shared = (load<u32>(domain, DomainRecord.FLAGS) & DomainRecord.UNIFORM) != 0
    if (step == Step.FILL && shared && kind > 0) return
    const list = domain + DomainRecord.LISTS + ((<usize>kind) << 3)
    const count = load<u32>(list, 4)
    if (step == Step.FILL) store<u32>(<usize>load<u32>(list) + ((<usize>count) << 2), port)
    store<u32>(list, count + 1, 4)
  }
}

function clearDomain(domain: usize): void {
  store<u32>(
    domain,
    load<u32>(domain, DomainRecord.FLAGS) | DomainRecord.UNIFORM,
    DomainRecord.FLAGS,
  )
  memory.fill(domain + DomainRecord.RUNS, 0, (<usize>Flood.CLASSES) << 4)
}

/** Gives each list its place, by what was counted, and empties the counts for filling. */
function placeLists(config: usize, start: usize): bool {
  const domains = load<u32>(DIRECTORY, Directory.MAX_DOMAINS)
  let used: u32 = 0
  for (let fid: u32 = 1; fid < domains; fid++) {
    const domain = domainRecord(config, fid)
    const uniform = (load<u32>(domain, DomainRecord.FLAGS) & DomainRecord.UNIFORM) != 0
    for (let kind: u32 = 0; kind < Flood.CLASSES; kind++) {
      const list = domain + DomainRecord.LISTS + ((<usize>kind) << 3)
      if (uniform && kind > 0) {
        store<u64>(list, 0)
        continue
      }
      const count = load<u32>(list, 4)
      store<u32>(list, <u32>(start + ((<usize>used) << 2)))
      store<u32>(list, 0, 4)
      used += count
    }
  }
  return used <= capacity()
}

/** Cuts a domain's lists into runs, which are written from `run` on; returns where they end. */
function cutRuns(config: usize, domain: usize, run: usize): usize {
  const uniform = (load<u32>(domain, DomainRecord.FLAGS) & DomainRecord.UNIFORM) != 0
  const vid = load<u32>(domain, DomainRecord.VID)
  for (let kind: u32 = 0; kind < Flood.CLASSES; kind++) {
    const runs = domain + DomainRecord.RUNS + ((<usize>kind) << 3)
    if (uniform && kind > 0) {
      store<u64>(runs, load<u64>(domain, DomainRecord.RUNS))
      continue
    }
    const list = domain + DomainRecord.LISTS + ((<usize>kind) << 3)
    const end = cutList(config, <usize>load<u32>(list), load<u32>(list, 4), vid, run)
    store<u32>(runs, <u32>run)
    store<u32>(runs, <u32>((end - run) / RUN_SIZE), 4)
    run = end
  }
  return run
}

function cutList(config: usize, list: usize, count: u32, vid: u32, run: usize): usize {
  let start: u32 = 0
  for (let index: u32 = 1; index <= count; index++) {
    const first = portRecord(config, load<u32>(list + ((<usize>start) << 2)))
    if (index < count) {
      const next = portRecord(config, load<u32>(list + ((<usize>index) << 2)))
      if (isAlike(first, next, vid)) continue
    }
    store<u32>(run, <u32>(list + ((<usize>start) << 2)), Run.MEMBERS)
    store<u32>(run, index - start, Run.COUNT)
    store<u32>(run, load<u32>(first, PortRecord.MTU), Run.MTU)
    store<u32>(run, load<u32>(first, PortRecord.OFFLOADS), Run.OFFLOADS)
    store<u32>(run, load<u32>(first, PortRecord.FLAGS) & ALIKE, Run.FLAGS)
    store<u32>(run, vid != 0 && leavesTagged(first, vid) ? 1 : 0, Run.TAGGED)
    run += RUN_SIZE
    start = index
  }
  return run
}

@inline
function isAlike(one: usize, other: usize, vid: u32): bool {
  if (load<u64>(one, PortRecord.KIND) != load<u64>(other, PortRecord.KIND)) return false
  return vid == 0 || leavesTagged(one, vid) == leavesTagged(other, vid)
}

/** True if the port is a member of the domain. */
export function isMember(config: usize, record: usize, port: u32, fid: u32): bool {
  if ((load<u32>(record, PortRecord.FLAGS) & PortFlag.VLAN_AWARE) == 0) {
    return load<u32>(record, PortRecord.FID) == fid
  }
  const domain = domainRecord(config, fid)
  if (load<u32>(domain, DomainRecord.BRIDGE) != load<u32>(record, PortRecord.BRIDGE)) return false
  return inVlanSet(vlanSet(config, port), load<u32>(domain, DomainRecord.VID))
}
