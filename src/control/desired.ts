/** What a switch is to be: a config, and where what is in it came from. Pure. */
import { formatMac, parseMac } from '../config/address.js'
import { mergeApply, type Origin, type Origins } from '../config/merge.js'
import { parseConfig, withoutPort, withPort } from '../config/parse.js'
import { entryKey } from '../config/static-entry.js'
import type { BridgeInput, Config, PortInput, StaticEntry } from '../config/types.js'

export interface Desired {
  readonly config: Config
  readonly origins: Origins
}

const none: Origins = { bridges: new Map(), ports: new Map(), fdb: new Map() }

export const fromFile = (config: Config): Desired => ({ config, origins: none })

/** With `prune` what is not in the config goes; else what came by the API stays beside it. */
export function applied(desired: Desired, wanted: Config, prune: boolean): Desired {
  const { config, kept } = mergeApply(desired.config, desired.origins, wanted, prune)
  const origins = {
    bridges: allOfApi(kept.bridges),
    ports: allOfApi(kept.ports),
    fdb: allOfApi(kept.fdb.map(entryKey)),
  }
  return { config, origins }
}

const allOfApi = (names: readonly string[]) => new Map(names.map((name) => [name, 'api'] as const))

export function withApiPort(desired: Desired, name: string, input: PortInput): Desired {
  const config = withPort(desired.config, name, input)
  return { config, origins: noted(desired.origins, 'ports', name) }
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

/** A static entry, or another port for one. Whether it can be is for the FDB to say. */
export function withApiEntry(desired: Desired, entry: StaticEntry): Desired {
  const key = keyOf(entry)
  const { config, origins } = withoutAnyEntry(desired, entry)
  const canonical = Object.freeze({ ...entry, mac: formatMac(parseMac(entry.mac)) })
  const fdb = Object.freeze([...config.fdb, canonical])
  return { config: Object.freeze({ ...config, fdb }), origins: noted(origins, 'fdb', key) }
}

export function withoutAnyEntry(desired: Desired, entry: EntryPlace): Desired {
  const key = keyOf(entry)
  const fdb = Object.freeze(desired.config.fdb.filter((other) => entryKey(other) !== key))
  const config = Object.freeze({ ...desired.config, fdb })
  return { config, origins: forgotten(desired.origins, 'fdb', key) }
}

export function hasEntry({ config }: Desired, entry: EntryPlace): boolean {
  const key = keyOf(entry)
  return config.fdb.some((other) => entryKey(other) === key)
}

/** What an entry is known by; its MAC as anybody writes it. */
export type EntryPlace = Omit<StaticEntry, 'port'>

const keyOf = (entry: EntryPlace) =>
  entryKey({ ...entry, mac: formatMac(parseMac(entry.mac)), port: '' })

function noted(origins: Origins, kind: keyof Origins, name: string): Origins {
  return { ...origins, [kind]: new Map<string, Origin>(origins[kind]).set(name, 'api') }
}

function forgotten(origins: Origins, kind: keyof Origins, name: string): Origins {
  const left = [...origins[kind]].filter(([other]) => other !== name)
  return { ...origins, [kind]: new Map(left) }
}
