/** What a config is, before (`ConfigInput`) and after (`Config`) it was checked and filled in. */
import type * as z from 'zod'
import type {
  memorySchema,
  packetSchema,
  pcapSchema,
  routeSchema,
  tapSchema,
  unixSchema,
} from './device-schema.js'
import type { matchSchema, ruleSchema } from './filter-schema.js'
import type { natSchema, publishSchema } from './nat-schema.js'
import type { underlaySchema, vxlanSchema } from './overlay-schema.js'
import type { PortImpair } from './port-impair.js'
import type {
  gatewaySchema,
  neighborSchema,
  routerRouteSchema,
  uplinkRouteSchema,
} from './router-schema.js'
import type { controlSchema, fdbSchema, programSchemas } from './schema.js'

type Frozen<T> = T extends object ? { readonly [K in keyof T]: Frozen<T[K]> } : T
type Parsed = z.output<typeof programSchemas.config>

/** What a program may give; what a YAML file holds is a part of it. */
export type ConfigInput = z.input<typeof programSchemas.config>
export type BridgeInput = z.input<typeof programSchemas.bridge>
export type PortInput = z.input<typeof programSchemas.port>
export type UplinkInput = z.input<typeof programSchemas.uplink>
export type PublishInput = z.input<typeof publishSchema>

/** Sizes of what is set up at start; `arena` is bytes, each worker. */
export type Capacity = Frozen<Parsed['capacity'] & { maxWorkers: number; tunnels: number }>
/**
 * `ageing` is milliseconds; `mtu` is absent when the bridge sets no limit; `vlanProtocol` is there
 * exactly when the bridge is VLAN-aware; `controlFrames` is in alphabetical order.
 */
export type Bridge = Frozen<
  Omit<z.output<typeof programSchemas.bridge>, 'gateway' | 'vxlan'> & {
    gateway?: Gateway | undefined
    vxlan?: Vxlan | undefined
  }
>
/**
 * The router's own interface on a bridge. `vlan` is there exactly when the bridge is VLAN-aware;
 * `addresses` have prefix lengths, and are canonical.
 */
export type Gateway = Frozen<z.output<typeof gatewaySchema> & { mac: string }>
/** The tunnels of a bridge; `peers` are canonical addresses, `dscp` is "copy" or a number. */
export type Vxlan = Frozen<z.output<typeof vxlanSchema> & { port: number }>
/** Our own end of all tunnels; `addresses` are canonical, at most one of each family. */
export type Underlay = Frozen<z.output<typeof underlaySchema>>
/** A port on which the router is a host of an outer network. */
export type Uplink = Frozen<
  Omit<z.output<typeof programSchemas.uplink>, 'device' | 'impair'> & {
    device: Device
    impair?: PortImpair
    mac: string
    mtu: number
  }
>
/** `to` is a network; without `via` it is on the link. */
export type UplinkRoute = Frozen<z.output<typeof uplinkRouteSchema>>
/** `to` is a network; exactly one of `via` and `unreachable` is there. */
export type RouterRoute = Frozen<z.output<typeof routerRouteSchema>>
/** Exactly one of `bridge` and `uplink` is there. */
export type StaticNeighbor = Frozen<z.output<typeof neighborSchema>>
export type NatRule = Frozen<z.output<typeof natSchema>>
/** `listen` and `to` are canonical texts that endpoint.ts reads. */
export type Publish = Frozen<z.output<typeof publishSchema>>
/** Ports are numbers and ranges in order; ICMP types are numbers. */
export type Rule = Frozen<z.output<typeof ruleSchema>>
export type Match = Frozen<z.output<typeof matchSchema>>
export type Route = Frozen<z.output<typeof routeSchema>>
/** `mtu` is absent exactly when `create` is false: the device's own counts then. */
export type TapDevice = Frozen<z.output<typeof tapSchema>>
/** Its MTU is the interface's own. */
export type PacketDevice = Frozen<z.output<typeof packetSchema> & { mtu?: undefined }>
/** `local` is there exactly when `mode` is dgram and `listen` false. */
export type UnixDevice = Frozen<z.output<typeof unixSchema> & { mtu: number }>
/** At least one of `read` and `write` is there; they are paths. */
export type PcapDevice = Frozen<z.output<typeof pcapSchema> & { mtu: number }>
export type MemoryDevice = Frozen<z.output<typeof memorySchema> & { mtu: number }>
/** A socket of the underlay: no port of a config has one (underlay-port.ts). */
export type UdpDevice = Frozen<{
  type: 'udp'
  address: string
  port: number
  netns?: string | undefined
  missing: 'wait'
  mtu?: undefined
}>
export type Device = TapDevice | PacketDevice | UnixDevice | PcapDevice | MemoryDevice | UdpDevice

type ParsedPort = z.output<typeof programSchemas.port>
/**
 * A port's VLANs. access: `native` is its VLAN, which comes and goes untagged. tunnel: `native` is
 * the outer tag of whatever comes in. trunk: `native` is the VLAN of untagged frames, absent when
 * they are dropped; `tagged` is in ascending order, and has `native` exactly when `nativeTagged`.
 * "all" is every VLAN that exists on the bridge: those that a port of it names.
 */
export type VlanPolicy = Frozen<NonNullable<ParsedPort['vlan']>>
/** Which floods leave by the port. */
export type FloodPolicy = Frozen<ParsedPort['flood']>
/** What is absent has no limit. `macs` counts learnt MACs; rates are a second. */
export type Limits = Frozen<ParsedPort['limits']>
/** `bits` and `frames` are a second; `burst` is octets, there exactly when `bits` is. */
export type Policing = NonNullable<Limits['receive']>
/**
 * Sources that may send; of each list one must match, and a list that is absent binds nothing. MACs
 * are canonical; addresses are networks with their length, single addresses too (`10.0.0.2/32`).
 */
export type Guard = Frozen<Exclude<NonNullable<ParsedPort['guard']>, 'auto'>>
/** Exactly one of `port` and `file` is there. */
export type Mirror = Frozen<NonNullable<ParsedPort['mirror']>>

/** What a port does with frames. `vlan` is there exactly when the bridge is VLAN-aware. */
export interface PortPolicy {
  readonly vlan?: VlanPolicy
  readonly isolated: boolean
  /** false when `locked`. */
  readonly learning: boolean
  readonly flood: FloodPolicy
  readonly locked: boolean
  readonly sticky: boolean
  readonly limits: Limits
  readonly guard?: Guard
  readonly mirror?: Mirror
}

export interface Port extends PortPolicy {
  readonly bridge: string
  readonly up: boolean
  readonly device: Device
  /** Absent where frames pass as they are. */
  readonly impair?: PortImpair
}
/**
 * A static FDB entry; `vlan` is there exactly when the bridge is VLAN-aware. Exactly one of `port` and
 * `vtep` is there; `vtep` is a peer of the bridge, in canonical text.
 */
export type StaticEntry = Frozen<z.output<typeof fdbSchema>>
/** `mode` is the octal digits as text. */
export type Control = Frozen<z.output<typeof controlSchema>>

/**
 * A config that is whole: every default filled in, every address in canonical text, durations in
 * milliseconds, frozen all through. `bridges`, `ports` and `uplinks` have no prototype, so that looking up a
 * port called `constructor` finds a port or nothing. It is plain data: as JSON it is a ConfigInput.
 */
export interface Config {
  readonly version: 1
  readonly workers: 'auto' | number
  /** `auto`, or as parseSpin reads it. */
  readonly spin: string
  readonly capacity: Capacity
  readonly bridges: Readonly<Record<string, Bridge>>
  readonly ports: Readonly<Record<string, Port>>
  readonly uplinks: Readonly<Record<string, Uplink>>
  readonly underlay?: Underlay | undefined
  readonly fdb: readonly StaticEntry[]
  readonly routes: readonly RouterRoute[]
  readonly neighbors: readonly StaticNeighbor[]
  readonly nat: readonly NatRule[]
  readonly publish: readonly Publish[]
  readonly filter: readonly Rule[]
  readonly control: Control
}
