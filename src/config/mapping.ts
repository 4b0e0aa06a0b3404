/** The mappings of a config that have a fixed set of keys, and which stands where. */
import {
  memorySchema,
  packetSchema,
  pcapSchema,
  routeSchema,
  tapSchema,
  unixSchema,
} from './device-schema.js'
import { mirrorSchema } from './mirror.js'
import { controlSchema, fdbSchema, programSchemas } from './schema.js'

const { capacity, bridge, port, config } = programSchemas
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

/** @param type the `type` that stands in the mapping, if it is a device's */
export function mappingAt(path: readonly (string | number)[], type: unknown): Mapping {
  const [section, , part, ...rest] = path
  if (section === undefined) return 'config'
  if (section === 'capacity' || section === 'control' || section === 'fdb') return section
  if (section === 'bridges') return part === undefined ? 'bridge' : 'mirror'
  if (part === undefined) return 'port'
  if (part === 'limits' && rest.length > 0) return 'policing'
  const known = PARTS.find((name) => name === part)
  if (known !== undefined) return known
  return rest.length > 0 ? 'route' : (DEVICES.find((name) => name === type) ?? 'tap')
}
