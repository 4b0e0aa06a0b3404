/** What a switch is to be: a config, and where what is in it came from. Pure. */
import { formatMac, parseMac } from '../config/address.js'
import { mergeApply, type Origin, type Origins } from '../config/merge.js'
import { parseConfig, withEntries, withoutPort, withPort } from '../config/parse.js'
import { type PortPatch, patchBridge, patchPort } from '../config/patch.js'
import { entryKey } from '../config/static-entry.js'
import type { BridgeInput, Config, PortInput, PublishInput, StaticEntry } from '../config/types.js'
import { checkVtep } from '../config/vtep.js'

export interface Desired {
  readonly config: Config
  readonly origins: Origins
}

const none: Origins = {
  bridges: new Map(),
  ports: new Map(),
  fdb: new Map(),
  publish: new Map(),
}

export const fromFile = (config: Config): Desired => ({ config, origins: none })

/** With `prune` what is not in the config goes; else what came by the API stays beside it. */
export function applied(desired: Desired, wanted: Config, prune: boolean): Desired {
  const { origins: before } = desired
  const { config, kept } = mergeApply(desired.config, before, withRoom(wanted, desired), prune)
  const origins = {
    bridges: allOfApi(kept.bridges),
    ports: allOfApi(kept.ports),
    fdb: allOfApi(kept.fdb.map(entryKey)),
    publish: allOfApi(kept.publish),
  }
  return { config, origins }
}

/** What fewer workers than there is room for is asked, keeps the room: it is made at start. */
function withRoom(wanted: Config, { config: { capacity } }: Desired): Config {
  const maxWorkers = Math.max(wanted.capacity.maxWorkers, capacity.maxWorkers)
  return { ...wanted, capacity: { ...wanted.capacity, maxWorkers } }
}

const allOfApi = (names: readonly string[]) => new Map(names.map((name) => [name, 'api'] as const))

export function withApiPort(desired: Desired, name: string, input: PortInput): Desired {
  const config = withPort(desired.config, name, input)
  return { config, origins: noted(desired.origins, 'ports', name) }
}

/**
 * With settings of a port changed. It keeps its origin: one of the config is the config's again with
 * the next apply. Without that port it is what it was.
 */
export function withChangedPort(desired: Desired, name: string, patch: PortPatch): Desired {
  const { config, origins } = desired
  const port = config.ports[name]
  if (port === undefined) return desired
  const ports = { ...config.ports, [name]: patchPort(port, patch) as unknown as PortInput }
  return { config: parseConfig({ ...config, ports }), origins }
}

/** With settings of a bridge changed, in the same way. */
export function withChangedBridge(desired: Desired, name: string, patch: object): Desired {
  const { config, origins } = desired
  if (!(name in config.bridges)) return desired
  const next = parseConfig(patchBridge(config, name, patch as Record<string, unknown>))
  // Static entries get a VLAN, or lose it, with what their bridge is.
  const fdb = config.fdb.flatMap((entry, index): [string, Origin][] => {
    const [origin, now] = [origins.fdb.get(entryKey(entry)), next.fdb[index]]
    return origin === undefined || now === undefined ? [] : [[entryKey(now), origin]]
  })
  return { config: next, origins: { ...origins, fdb: new Map(fdb) } }
}

export function withoutAnyPort(desired: Desired, name: string): Desired {
  const config = withoutPort(desired.config, name)
  // Its static entries go with it.
  const left = new Set(config.fdb.map(entryKey))
  const fdb = new Map([...desired.origins.fdb].filter(([key]) => left.has(key)))
  return { config, origins: { ...forgotten(desired.origins, 'ports', name), fdb } }
}

export function withApiBridge(desired: Desired, name: string, input: BridgeInput): Desired {
  const bridges = { ...desired.config.bridges, [name]: input }
  const config = parseConfig({ ...desired.config, bridges })
  return { config, origins: noted(desired.origins, 'bridges', name) }
}

export function withoutAnyBridge(desired: Desired, name: string): Desired {
  const { [name]: _, ...bridges } = desired.config.bridges
  const config = parseConfig({ ...desired.config, bridges })
  return { config, origins: forgotten(desired.origins, 'bridges', name) }
}

export function withApiPublish(desired: Desired, entry: PublishInput): Desired {
  const publish = [...desired.config.publish, entry]
  const config = parseConfig({ ...desired.config, publish })
  return { config, origins: noted(desired.origins, 'publish', entry.name) }
}

export function withoutAnyPublish(desired: Desired, name: string): Desired {
  const publish = desired.config.publish.filter((entry) => entry.name !== name)
  const config = parseConfig({ ...desired.config, publish })
  return { config, origins: forgotten(desired.origins, 'publish', name) }
}

/**
 * A static entry, or another port or VTEP for one. Without `vlan` it is of the VLAN of the port's untagged
 * frames, as in a config, which has the same to say of what is wrong with it.
 */
export function withApiEntry(desired: Desired, entry: StaticEntry): Desired {
  const mac = formatMac(parseMac(entry.mac))
  const vlan = entry.vlan ?? desired.config.ports[entry.port ?? '']?.vlan?.native
  const { vlan: _, vtep, ...rest } = entry
  const at = vtep === undefined ? rest : { ...rest, vtep: checkVtep(vtep) }
  const whole = { ...at, ...(vlan !== undefined && { vlan }), mac }
  const key = entryKey(whole)
  const { config, origins } = without(desired, (other) => entryKey(other) === key)
  const next = withEntries(config, [...config.fdb, whole])
  return { config: next, origins: noted(origins, 'fdb', key) }
}

/** Without the entry of a MAC in a VLAN; where none is named, in all. */
export function withoutAnyEntry(desired: Desired, place: EntryPlace): Desired {
  return without(desired, isAt(place))
}

export function hasEntry({ config }: Desired, place: EntryPlace): boolean {
  return config.fdb.some(isAt(place))
}

/** What an entry is known by; its MAC as anybody writes it. */
export type EntryPlace = Omit<StaticEntry, 'port' | 'vtep'>

function isAt({ bridge, vlan, mac }: EntryPlace): (entry: StaticEntry) => boolean {
  const canonical = formatMac(parseMac(mac))
  return (entry) => {
    const same = entry.bridge === bridge && entry.mac === canonical
    return same && (vlan === undefined || entry.vlan === vlan)
  }
}

function without(desired: Desired, gone: (entry: StaticEntry) => boolean): Desired {
  const fdb = Object.freeze(desired.config.fdb.filter((entry) => !gone(entry)))
  const config = Object.freeze({ ...desired.config, fdb })
  const keys = new Set(fdb.map(entryKey))
  const left = [...desired.origins.fdb].filter(([key]) => keys.has(key))
  return { config, origins: { ...desired.origins, fdb: new Map(left) } }
}

function noted(origins: Origins, kind: keyof Origins, name: string): Origins {
  return { ...origins, [kind]: new Map<string, Origin>(origins[kind]).set(name, 'api') }
}

function forgotten(origins: Origins, kind: keyof Origins, name: string): Origins {
  const left = [...origins[kind]].filter(([other]) => other !== name)
  return { ...origins, [kind]: new Map(left) }
}
