/**
 * Control's side of the config: the active buffer is copied to the other (`configBegin`), edited, and
 * made the active one (`configCommit`).
 */
import {
  activeConfig,
  bindings,
  Config,
  configGeneration,
  configPassed,
  DomainRecord,
  domainRecord,
  draft,
  PortFlag,
  PortRecord,
  portRecord,
  SWEEP_SLICE,
  TICK_MS,
  vlanMap,
  vlanSet,
} from './config'
import { buildFloodLists } from './flood'
import { DIRECTORY, Directory } from './memory'
import { NANOSECOND, RATE_SIZE, Rate, resetMeter } from './meter'
import {
  BINDING_SIZE,
  BINDINGS_MAX,
  bucketsFor,
  CONFIG_HEAD_SIZE,
  DOMAIN_RECORD_SIZE,
  PORT_RECORD_SIZE,
  VLAN_SET_SIZE,
} from './size'
import { buildTunnelTable } from './tunnel'

/** Starts a change. False while a worker still uses the buffer; then try again a moment later. */
export function configBegin(): bool {
  if (!configPassed(configGeneration())) return false
  const from = activeConfig()
  const to = draft()
  const domains = load<u32>(DIRECTORY, Directory.MAX_DOMAINS)
  memory.copy(to, from, CONFIG_HEAD_SIZE)
  copyPorts(to, from)
  memory.copy(domainRecord(to, 0), domainRecord(from, 0), <usize>domains * DOMAIN_RECORD_SIZE)
  // Written anew with every change, since they lie one behind the other.
  store<u32>(to, 0, Config.BINDING_COUNT)
  return true
}

/**
 * Copies the records of ports that are, or were, and their VLANs: places that no port has had lately are as they
 * are. So a change takes as long as there are ports, not as there is room for.
 */
function copyPorts(to: usize, from: usize): void {
  const ports = load<u32>(DIRECTORY, Directory.MAX_PORTS)
  for (let port: u32 = 0; port < ports; port++) {
    const old = portRecord(from, port)
    const record = portRecord(to, port)
    if ((load<u32>(old, PortRecord.FLAGS) | load<u32>(record, PortRecord.FLAGS)) == 0) continue
    memory.copy(record, old, PORT_RECORD_SIZE)
    memory.copy(vlanSet(to, port), vlanSet(from, port), VLAN_SET_SIZE)
  }
}

/**
 * Sets a port's record and clears its VLANs; `flags` 0 takes the port out. `fid`, from 1, is where
 * frames without a tag belong, 0 where they have no place.
 */
export function configPort(
  port: u32,
  flags: u32,
  bridge: u32,
  fid: u32,
  mtu: u32,
  offloads: u32,
): void {
  const record = portRecord(draft(), port)
  store<u32>(record, flags, PortRecord.FLAGS)
  store<u32>(record, bridge, PortRecord.BRIDGE)
  store<u32>(record, fid, PortRecord.FID)
  store<u32>(record, mtu, PortRecord.MTU)
  store<u32>(record, offloads, PortRecord.OFFLOADS)
  store<u32>(record, 0, PortRecord.BINDING_COUNT)
  memory.fill(vlanSet(draft(), port), 0, VLAN_SET_SIZE)
}

/** Sets the TPID that a port classifies on and pushes, host order, and its native VID, 0 for none. */
export function configPortVlan(port: u32, tpid: u32, native: u32): void {
  const record = portRecord(draft(), port)
  store<u32>(record, <u32>vlanMap(load<u32>(record, PortRecord.BRIDGE)), PortRecord.VLAN_MAP)
  store<u16>(record, bswap<u16>(<u16>tpid), PortRecord.TPID)
  store<u16>(record, <u16>native, PortRecord.NATIVE)
}

/** Makes a port a member of the VLANs from `first` to `last`. */
export function configPortMember(port: u32, first: u32, last: u32): void {
  const set = vlanSet(draft(), port)
  for (let vid = max(first, 1); vid <= min(last, 4094); vid++) {
    const at = set + (vid >> 3)
    store<u8>(at, <u8>(<u32>load<u8>(at) | ((<u32>1) << (vid & 7))))
  }
}

/** Sets the rest of a port's policy, in force where its flags say so. */
export function configPortPolicy(
  port: u32,
  macLimit: u32,
  controlFrames: u32,
  mirrorReceive: u32,
  mirrorTransmit: u32,
): void {
  const record = portRecord(draft(), port)
  store<u32>(record, macLimit, PortRecord.MAC_LIMIT)
  store<u32>(record, controlFrames, PortRecord.CONTROL_FRAMES)
  store<u32>(record, mirrorReceive, PortRecord.MIRROR_RECEIVE)
  store<u32>(record, mirrorTransmit, PortRecord.MIRROR_TRANSMIT)
}

/** Sets what a meter of a port lets through: nanoseconds a unit, and nanoseconds of burst; 0, 0: all. */
export function configPortRate(port: u32, meter: u32, cost: f64, burst: f64): void {
  const rate = portRecord(draft(), port) + PortRecord.RATES + <usize>meter * RATE_SIZE
  const unit = cost == 0 ? 0 : max<u64>(1, <u64>(cost * NANOSECOND + 0.5))
  const most = <u64>(burst * NANOSECOND)
  if (load<u64>(rate, Rate.COST) != unit || load<u64>(rate, Rate.BURST) != most) {
    resetMeter(port, meter)
  }
  store<u64>(rate, unit, Rate.COST)
  store<u64>(rate, most, Rate.BURST)
}

/**
 * Adds a binding to a port, whose others were the last that were added: kind (guard.ts), length of
 * the prefix in bits, and the address as the four words that a load of 16 octets gives. False when
 * there is no room for more.
 */
export function configBinding(
  port: u32,
  kind: u32,
  prefix: u32,
  a: u32,
  b: u32,
  c: u32,
  d: u32,
): bool {
  const config = draft()
  const count = load<u32>(config, Config.BINDING_COUNT)
  if (count == BINDINGS_MAX) return false
  const binding = bindings(config) + <usize>count * BINDING_SIZE
  store<u32>(binding, kind)
  store<u32>(binding, prefix, 4)
  store<u32>(binding, a, 16)
  store<u32>(binding, b, 20)
  store<u32>(binding, c, 24)
  store<u32>(binding, d, 28)
  store<u32>(config, count + 1, Config.BINDING_COUNT)
  const record = portRecord(config, port)
  const own = load<u32>(record, PortRecord.BINDING_COUNT)
  if (own == 0) store<u32>(record, <u32>binding, PortRecord.BINDINGS)
  store<u32>(record, own + 1, PortRecord.BINDING_COUNT)
  return true
}

/** Forgets a port's bindings in the open change: they are added anew. */
export function configBindings(port: u32): void {
  store<u32>(portRecord(draft(), port), 0, PortRecord.BINDING_COUNT)
}

/**
 * Sets a broadcast domain's record: ageing in milliseconds, bridge and VID (0 on a bridge that is
 * not VLAN-aware); `flags` 0 takes the domain out.
 */
export function configDomain(fid: u32, flags: u32, ageing: f64, bridge: u32, vid: u32): void {
  const record = domainRecord(draft(), fid)
  store<u32>(record, flags, DomainRecord.FLAGS)
  store<u32>(record, <u32>Math.ceil(ageing / TICK_MS), DomainRecord.AGEING)
  store<u32>(record, bridge, DomainRecord.BRIDGE)
  store<u32>(record, vid, DomainRecord.VID)
}

/**
 * Says which domain a VLAN of a bridge is; 0: none. In force at once, which harms nothing: a port is
 * a member of a VLAN by its own record.
 */
export function setVlan(bridge: u32, vid: u32, fid: u32): void {
  atomic.store<u16>(vlanMap(bridge) + ((<usize>vid) << 1), <u16>fid)
}

/**
 * Builds the flood lists of the draft, makes it the active config and returns its generation; 0, and
 * nothing done, if there are more memberships than the memory was laid out for.
 */
export function configCommit(): u32 {
  const config = draft()
  if (!buildFloodLists(config)) return 0
  buildTunnelTable(config)
  store<u32>(config, portCount(config), Config.PORT_COUNT)
  store<u32>(config, sweepInterval(config), Config.SWEEP_INTERVAL)
  let generation = load<u32>(DIRECTORY, Directory.GENERATION) + 1
  if (generation == 0) generation = 2 // 0 says that nothing was done
  atomic.store<u32>(DIRECTORY, generation, Directory.GENERATION)
  // Deadlines last: whoever sets one by the config before finds then that it is outdated.
  // A shorter ageing must not wait for a deadline that was set by a longer one.
  atomic.store<u64>(DIRECTORY, 0, Directory.SWEEP_DEADLINE)
  // Interfaces may be new, and have something to say.
  atomic.store<u64>(DIRECTORY, 0, Directory.INTERFACE_DEADLINE)
  return generation
}

function portCount(config: usize): u32 {
  const ports = load<u32>(DIRECTORY, Directory.MAX_PORTS)
  let present: u32 = 0
  for (let port: u32 = 0; port < ports; port++) {
    if ((load<u32>(portRecord(config, port)) & PortFlag.PRESENT) != 0) present++
  }
  return present
}

/** Milliseconds between slices, so that the whole table is swept four times in the shortest ageing. */
function sweepInterval(config: usize): u32 {
  const domains = load<u32>(DIRECTORY, Directory.MAX_DOMAINS)
  let shortest: u32 = u32.MAX_VALUE
  for (let fid: u32 = 1; fid < domains; fid++) {
    const record = domainRecord(config, fid)
    if ((load<u32>(record, DomainRecord.FLAGS) & DomainRecord.PRESENT) == 0) continue
    shortest = min(shortest, load<u32>(record, DomainRecord.AGEING))
  }
  const slices = bucketsFor(load<u32>(DIRECTORY, Directory.MAX_MACS)) / SWEEP_SLICE + 1
  return max(1, <u32>((<f64>shortest * TICK_MS) / 4 / <f64>slices))
}
