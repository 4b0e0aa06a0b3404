/** Defaults that hang on something else in the config: what schemas cannot fill in. */
import type * as z from 'zod'
import { derivedMac } from './derived-mac.js'
import { resolveGuard } from './guard.js'
import { BURST_MAX } from './limits.js'
import { mtuOn } from './overlay-mtu.js'
import { VXLAN_PORT } from './overlay-schema.js'
import { impairOf } from './port-impair.js'
import type { programSchemas } from './schema.js'
import { longestFrame } from './super-frame.js'
import type {
  Bridge,
  Config,
  Device,
  Limits,
  Policing,
  Port,
  StaticEntry,
  Underlay,
  Uplink,
} from './types.js'
import { DEFAULT_VLAN } from './vlan-use.js'

/** Tunnels take numbers beside those of ports, which are 16 bits. */
export const TUNNELS_AND_PORTS = 65_535
const TUNNELS = 1024

/** A config of the right shape. */
export type Parsed = z.output<typeof programSchemas.config>
export type ParsedPort = Parsed['ports'][string]
type Named<T> = Readonly<Record<string, T>>

const DEFAULT_MTU = 1500
const PCAP_MTU = 65_535
/** What one of ours may be; a capture file's may be more. */
const MTU_MAX = 65_521

export function fillIn(parsed: Parsed): Config {
  const { workers, capacity, underlay, fdb } = parsed
  const bridges = mapped(parsed.bridges, (of, name) => fillInBridge(of, name, underlay))
  const ports = mapped(parsed.ports, (port) => fillInPort(port, { bridges, underlay }))
  const maxWorkers = capacity.maxWorkers ?? (workers === 'auto' ? 1 : workers)
  const tunnels = capacity.tunnels ?? Math.min(TUNNELS, TUNNELS_AND_PORTS - capacity.ports)
  return {
    ...parsed,
    capacity: { ...capacity, maxWorkers, tunnels },
    bridges,
    ports,
    uplinks: mapped(parsed.uplinks, fillInUplink),
    fdb: fdb.map((entry) => fillInEntry(entry, bridges, ports)),
  }
}

function fillInBridge(
  parsed: Parsed['bridges'][string],
  name: string,
  underlay: Underlay | undefined,
): Bridge {
  const { gateway, vxlan, ...bridge } = parsed
  const { vlanAware } = bridge
  return {
    ...bridge,
    ...(vlanAware && { vlanProtocol: bridge.vlanProtocol ?? '802.1Q' }),
    ...(gateway && {
      gateway: {
        ...gateway,
        mac: gateway.mac ?? derivedMac(gatewayName(name, vxlan && underlay)),
        ...(vlanAware && { vlan: gateway.vlan ?? 1 }),
      },
    }),
    ...(vxlan && { vxlan: { ...vxlan, port: vxlan.port ?? underlay?.port ?? VXLAN_PORT } }),
  }
}

/** What a gateway's MAC is made of: on a bridge of several hosts each of them has one of its own. */
function gatewayName(bridge: string, underlay: Underlay | undefined): string {
  return ['gateway', bridge, ...(underlay?.addresses.slice(0, 1) ?? [])].join(' ')
}

function fillInUplink(uplink: Parsed['uplinks'][string], name: string): Uplink {
  const { impair: given, ...settings } = uplink
  const device = fillInDevice(uplink.device, uplink.mtu)
  const impair = impairOf(given)
  return {
    ...settings,
    ...(impair && { impair }),
    device,
    mac: uplink.mac ?? derivedMac(`uplink ${name}`),
    mtu: uplink.mtu ?? Math.min(MTU_MAX, device.mtu ?? DEFAULT_MTU),
  }
}

export function fillInPort(
  parsed: ParsedPort,
  { bridges, underlay }: Pick<Config, 'bridges' | 'underlay'>,
): Port {
  const { vlan: written, guard, mirror, impair: given, ...port } = parsed
  const impair = impairOf(given)
  const bridge = Object.hasOwn(bridges, port.bridge) ? bridges[port.bridge] : undefined
  const device = fillInDevice(port.device, bridge && mtuOn(bridge, underlay))
  const vlan = written ?? (bridge?.vlanAware ? DEFAULT_VLAN : undefined)
  return {
    ...port,
    ...(vlan && { vlan }),
    isolated: port.isolated ?? bridge?.isolated ?? false,
    learning: port.learning ?? !port.locked,
    limits: fillInLimits(port.limits, device),
    ...(guard && { guard: resolveGuard(guard, device.type === 'tap' ? device : {}) }),
    ...(mirror && { mirror }),
    ...(impair && { impair }),
    device,
  }
}

/** A device that Linkspan makes has its bridge's or uplink's MTU unless told otherwise. */
function fillInDevice(device: ParsedPort['device'], given: number | undefined): Device {
  if (device.type === 'packet' || (device.type === 'tap' && !device.create)) return device
  const mtu = given ?? (device.type === 'pcap' ? PCAP_MTU : DEFAULT_MTU)
  return { ...device, mtu: device.mtu ?? mtu }
}

function fillInLimits(limits: ParsedPort['limits'], device: Device): Limits {
  const { receive, transmit, ...others } = limits
  return {
    ...others,
    ...(receive && { receive: fillInBurst(receive, device) }),
    ...(transmit && { transmit: fillInBurst(transmit, device) }),
  }
}

/** A tenth of a second, and at least 64 KiB; twice that where a frame may be longer than 64 KiB. */
function fillInBurst(policing: Policing, device: Device): Policing {
  const { bits, burst } = policing
  if (bits === undefined || burst !== undefined) return policing
  const least = longestFrame(device) > 2 ** 16 ? 2 ** 17 : 2 ** 16
  return { ...policing, burst: Math.min(BURST_MAX, Math.max(least, Math.ceil(bits / 8 / 10))) }
}

/** The VLAN of an entry that names none is that of the port's untagged frames. */
function fillInEntry(entry: StaticEntry, bridges: Named<Bridge>, ports: Named<Port>): StaticEntry {
  const bridge = Object.hasOwn(bridges, entry.bridge) ? bridges[entry.bridge] : undefined
  const port = ports[entry.port ?? '']
  const vlan = entry.vlan ?? (bridge?.vlanAware ? port?.vlan?.native : undefined)
  return vlan === undefined ? entry : { ...entry, vlan }
}

/** A mapping without prototype. */
export function record<T>(entries: Named<T>): Record<string, T> {
  return Object.assign(Object.create(null), entries)
}

/** A mapping without prototype, of the same keys. */
export function mapped<T, U>(of: Named<T>, fill: (value: T, name: string) => U): Record<string, U> {
  const entries = Object.entries(of).map(([name, value]) => [name, fill(value, name)] as const)
  return record(Object.fromEntries(entries))
}
