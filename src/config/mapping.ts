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
import { underlaySchema, vxlanSchema } from './overlay-schema.js'
import { keysOfImpair, WAYS } from './port-impair.js'
import { gatewaySchema, neighborShape, routeShape, uplinkRouteShape } from './router-schema.js'
import { controlSchema, fdbShape, programSchemas } from './schema.js'

type Mapped = { shape: object }
const of = (schema: () => Mapped) => () => Object.keys(schema().shape)
const limits = () => programSchemas.port.shape.limits.unwrap()

/** Asked for when something is wrong: whoever makes no mistake need not wait for the schemas. */
const KEYS = {
  config: of(() => programSchemas.config),
  capacity: of(() => programSchemas.capacity),
  control: of(() => controlSchema),
  bridge: of(() => programSchemas.bridge),
  port: of(() => programSchemas.port),
  limits: of(limits),
  mirror: of(() => mirrorSchema),
  fdb: () => Object.keys(fdbShape),
  route: of(() => routeSchema),
  tap: of(() => tapSchema),
  packet: of(() => packetSchema),
  unix: of(() => unixSchema),
  pcap: of(() => pcapSchema),
  memory: of(() => memorySchema),
  gateway: of(() => gatewaySchema),
  vxlan: of(() => vxlanSchema),
  underlay: of(() => underlaySchema),
  uplink: of(() => programSchemas.uplink),
  uplinkRoute: () => Object.keys(uplinkRouteShape),
  routes: () => Object.keys(routeShape),
  neighbors: () => Object.keys(neighborShape),
  masquerade: of(() => masqueradeSchema),
  static: of(() => staticNatSchema),
  nptv6: of(() => nptv6Schema),
  natFrom: of(() => natFromSchema),
  publish: () => Object.keys(publishShape),
  rule: () => Object.keys(ruleShape),
  match: of(() => matchSchema),
  // Of these a schema is a choice or is followed by a transformation, which hides its keys.
  vlan: () => ['access', 'tunnel', 'tagged', 'native', 'nativeTagged', 'admit'],
  flood: () => ['unknownUnicast', 'multicast', 'broadcast'],
  policing: () => ['bits', 'frames', 'burst'],
  guard: () => ['macs', 'addresses'],
  impair: () => keysOfImpair([]),
  impairWay: () => keysOfImpair(['receive']),
  impairJitter: () => keysOfImpair(['jitter']),
  impairLoss: () => keysOfImpair(['loss']),
  impairDuplicate: () => keysOfImpair(['duplicate']),
  impairReorder: () => keysOfImpair(['reorder']),
  impairCorrupt: () => keysOfImpair(['corrupt']),
  impairQueue: () => keysOfImpair(['queue']),
}

export type Mapping = keyof typeof KEYS

export const MAPPINGS = Object.keys(KEYS) as Mapping[]

const DEVICES = ['tap', 'packet', 'unix', 'pcap', 'memory'] as const
const PARTS = ['vlan', 'flood', 'limits', 'guard', 'mirror'] as const

export function keysOf(mapping: Mapping): readonly string[] {
  return KEYS[mapping]()
}

/** Whether some kind of device has that key. */
export function isDeviceKey(key: string): boolean {
  return DEVICES.some((type) => KEYS[type]().includes(key))
}

/** Sections whose entries are mappings of their own, with nothing below. */
const SIMPLE = ['capacity', 'control', 'underlay', 'fdb', 'routes', 'neighbors', 'publish'] as const
const BRIDGE_PARTS = ['gateway', 'vxlan'] as const
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
  if (part === 'impair') return impairMapping(rest)
  if (section === 'uplinks') return part === 'routes' ? 'uplinkRoute' : 'uplink'
  return portMapping(part, rest)
}

function bridgeMapping(part: string | number | undefined): Mapping {
  if (part === undefined) return 'bridge'
  return BRIDGE_PARTS.find((name) => name === part) ?? 'mirror'
}

function deviceMapping(rest: readonly (string | number)[], type: unknown): Mapping {
  return rest.length > 0 ? 'route' : (DEVICES.find((name) => name === type) ?? 'tap')
}

const IMPAIR_PARTS = {
  jitter: 'impairJitter',
  loss: 'impairLoss',
  duplicate: 'impairDuplicate',
  reorder: 'impairReorder',
  corrupt: 'impairCorrupt',
  queue: 'impairQueue',
} as const

function impairMapping([first, second]: readonly (string | number)[]): Mapping {
  if (first === undefined) return 'impair'
  const isWay = WAYS.some((way) => way === first)
  if (isWay && second === undefined) return 'impairWay'
  const part = isWay ? second : first
  return IMPAIR_PARTS[part as keyof typeof IMPAIR_PARTS] ?? 'impair'
}

function portMapping(part: string | number | undefined, rest: readonly unknown[]): Mapping {
  if (part === 'limits' && rest.length > 0) return 'policing'
  return PARTS.find((name) => name === part) ?? 'port'
}
