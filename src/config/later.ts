/**
 * What the design has and this version does not: a config that asks for it gets told so, which is
 * better than "unknown key". An entry leaves when its feature arrives.
 */
import { quote } from './describe.js'
import { TYPES } from './device-schema.js'
import type { Mapping } from './mapping.js'

const KEYS: Partial<Record<Mapping, Record<string, string>>> = {
  bridge: { limits: 'limits a bridge' },
}

const DEVICES: Record<string, string> = {
  udp: 'devices of type "udp"',
}

/** What to say of a key that a later version will have, if it is one. */
export function laterKey(mapping: Mapping, key: string): string | undefined {
  const texts = KEYS[mapping]
  if (texts === undefined || !Object.hasOwn(texts, key)) return undefined
  return `this version of Linkspan does not have ${texts[key]} yet; take ${quote(key)} out`
}

/** What to say of a device type that a later version will have, if it is one. */
export function laterDevice(type: unknown): string | undefined {
  if (typeof type !== 'string' || !Object.hasOwn(DEVICES, type)) return undefined
  return `this version of Linkspan does not have ${DEVICES[type]} yet; it has ${TYPES}`
}
