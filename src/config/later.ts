/**
 * What the design has and this version does not: a config that asks for it gets told so, which is
 * better than "unknown key". An entry leaves when its feature arrives.
 */
import { ConfigError } from '../error.js'
import { keyText, quote } from './describe.js'
import { TYPES } from './device-schema.js'
import type { Mapping } from './mapping.js'
import type { Config } from './types.js'

const KEYS: Partial<Record<Mapping, Record<string, string>>> = {
  config: { underlay: 'VXLAN' },
  bridge: { vxlan: 'VXLAN', limits: 'limits a bridge' },
  port: { impair: 'impairment' },
  fdb: { vtep: 'VXLAN' },
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

/** What configs can say, and say right, that this version's switch does not do yet. */
function* unbuilt(config: Config): Generator<[path: string[], what: string]> {
  const { bridges, uplinks, filter } = config
  const routed =
    Object.keys(uplinks).length > 0 || Object.values(bridges).some(({ gateway }) => gateway)
  for (const [name, { policy }] of Object.entries(bridges)) {
    if (routed && policy !== 'allow') yield [['bridges', name, 'policy'], ROUTED]
  }
  if (routed && filter.length > 0) yield [['filter'], ROUTED]
  else if (filter.some(({ state }) => state !== undefined)) {
    yield [['filter'], 'connection states in rules']
  }
}

const ROUTED = 'a filter beside gateways and uplinks'

/**
 * Refuses what would be passed over in silence otherwise: for whoever is to run a config.
 *
 * @throws ConfigError
 */
export function refuseUnbuilt(config: Config): void {
  const issues = [...unbuilt(config)].map(([path, what]) => {
    const last = path.at(-1) as string
    const message = `this version of Linkspan does not have ${what} yet; take ${quote(last)} out`
    return { path, key: keyText(path), message, found: 'a setting', expected: 'nothing here' }
  })
  if (issues.length > 0) throw new ConfigError(issues)
}
