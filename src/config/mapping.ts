/** The mappings of a config that have a fixed set of keys, and which stands where. */
import {
  memorySchema,
  packetSchema,
  pcapSchema,
  routeSchema,
  tapSchema,
  unixSchema,
} from './device-schema.js'
import { matchSchema, ruleShape } from './filter-schema.js'
import { mirrorSchema } from './mirror.js'
import {
  masqueradeSchema,
  natFromSchema,
  nptv6Schema,
  publishShape,
  staticNatSchema,
} from './nat-schema.js'
import { gatewaySchema, neighborShape, routeShape, uplinkRouteShape } from './router-schema.js'
import { controlSchema, fdbSchema, programSchemas } from './schema.js'

const { capacity, bridge, port, uplink, config } = programSchemas
const limits = port.shape.limits.unwrap()

const KEYS = {
  config: Object.keys(config.shape),
  capacity: Object.keys(capacity.shape),
  control: Object.keys(controlSchema.shape),
  bridge: Object.keys(bridge.shape),
  port: Object.keys(port.shape),
  limits: Object.keys(limits.shape),
  mirror: Object.keys(mirrorSchema.shape),
  fdb: Object.keys(fdbSchema.shape),
  route: Object.keys(routeSchema.shape),
  tap: Object.keys(tapSchema.shape),
  packet: Object.keys(packetSchema.shape),
  unix: Object.keys(unixSchema.shape),
  pcap: Object.keys(pcapSchema.shape),
  memory: Object.keys(memorySchema.shape),
  gateway: Object.keys(gatewaySchema.shape),
  uplink: Object.keys(uplink.shape),
  uplinkRoute: Object.keys(uplinkRouteShape),
  routes: Object.keys(routeShape),
  neighbors: Object.keys(neighborShape),
  masquerade: Object.keys(masqueradeSchema.shape),
  static: Object.keys(staticNatSchema.shape),
  nptv6: Object.keys(nptv6Schema.shape),
  natFrom: Object.keys(natFromSchema.shape),
  publish: Object.keys(publishShape),
  rule: Object.keys(ruleShape),
  match: Object.keys(matchSchema.shape),
  // Of these a schema is a choice or is followed by a transformation, which hides its keys.
  vlan: ['access', 'tunnel', 'tagged', 'native', 'nativeTagged', 'admit'],
  flood: ['unknownUnicast', 'multicast', 'broadcast'],
  policing: ['bits', 'frames', 'burst'],
  guard: ['macs', 'addresses'],
}

export type Mapping = keyof typeof KEYS

export const MAPPINGS = Object.keys(KEYS) as Mapping[]

const DEVICES = ['tap', 'packet', 'unix', 'pcap', 'memory'] as const
const PARTS = ['vlan', 'flood', 'limits', 'guard', 'mirror'] as const

export function keysOf(mapping: Mapping): readonly string[] {
  return KEYS[mapping]
}

/** Whether some kind of device has that key. */
export function isDeviceKey(key: string): boolean {
  return DEVICES.some((type) => KEYS[type].includes(key))
}

/** Sections whose entries are mappings of their own, with nothing below. */
const SIMPLE = ['capacity', 'control', 'fdb', 'routes', 'neighbors', 'publish'] as const
const NATS = ['masquerade', 'static', 'nptv6'] as const

/** @param type the `type` that stands in the mapping, if it is a device's or a NAT rule's */
export function mappingAt(path: readonly (string | number)[], type: unknown): Mapping {
  const [section, , part, ...rest] = path
  if (section === undefined) return 'config'
  const simple = SIMPLE.find((name) => name === section)
  if (simple !== undefined) return simple
  if (section === 'bridges') return bridgeMapping(part)
  if (section === 'nat') {
    return part === 'from' ? 'natFrom' : (NATS.find((name) => name === type) ?? 'masquerade')
  }
  if (section === 'filter') return part === undefined ? 'rule' : 'match'
  if (part === 'device') return deviceMapping(rest, type)
  if (section === 'uplinks') return part === 'routes' ? 'uplinkRoute' : 'uplink'
  return portMapping(part, rest)
}

function bridgeMapping(part: string | number | undefined): Mapping {
  if (part === undefined) return 'bridge'
  return part === 'gateway' ? 'gateway' : 'mirror'
}

function deviceMapping(rest: readonly (string | number)[], type: unknown): Mapping {
  return rest.length > 0 ? 'route' : (DEVICES.find((name) => name === type) ?? 'tap')
}

function portMapping(part: string | number | undefined, rest: readonly unknown[]): Mapping {
  if (part === 'limits' && rest.length > 0) return 'policing'
  return PARTS.find((name) => name === part) ?? 'port'
}
