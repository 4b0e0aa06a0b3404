/**
 * Applying a config to a switch that has objects of two origins: those of the config that it runs,
 * and those that were made over the API. Applying touches its own only.
 */
import { ConfigError } from '../error.js'
import { quote } from './describe.js'
import { type Change, planChanges } from './diff.js'
import { Issues } from './issues.js'
import { parseConfig } from './parse.js'
import { same } from './plain.js'
import { entryKey, placeText } from './static-entry.js'
import type { Config, StaticEntry } from './types.js'

export type Origin = 'config' | 'api'

/** Where objects come from; of what is not listed, from the config. */
export interface Origins {
  readonly bridges: ReadonlyMap<string, Origin>
  readonly ports: ReadonlyMap<string, Origin>
  /** By {@link entryKey}. */
  readonly fdb: ReadonlyMap<string, Origin>
  /** Published services by name. */
  readonly publish: ReadonlyMap<string, Origin>
}

/** The objects of origin `api` that stay. All others of the merged config are of origin `config`. */
export interface Kept {
  readonly bridges: readonly string[]
  readonly ports: readonly string[]
  readonly fdb: readonly StaticEntry[]
  readonly publish: readonly string[]
}

export interface MergedConfig {
  /** What runs when the changes are carried out. */
  readonly config: Config
  readonly changes: readonly Change[]
  readonly kept: Kept
}

/**
 * What it takes to move a running switch to a config.
 *
 * A static entry of the API goes with a port or a peer of the config that goes, and becomes the config's when
 * the config has the same one.
 *
 * @param running all that runs, of both origins @param next a config that is right by itself
 * @param prune removes what the API made
 * @throws ConfigError when the config has a name or an entry that the API gave to another object,
 *   takes away a bridge that a port of the API is on, or contradicts what the API made
 */
export function mergeApply(
  running: Config,
  origins: Origins,
  next: Config,
  prune = false,
): MergedConfig {
  if (prune) {
    const kept: Kept = { bridges: [], ports: [], fdb: [], publish: [] }
    return { config: next, changes: planChanges(running, next), kept }
  }
  const made = madeByApi(running, origins, next)
  const issues = new Issues()
  checkNames('bridge', made.bridges, next.bridges, issues)
  checkNames('port', made.ports, next.ports, issues)
  checkBridges(made, next, issues)
  checkEntries(made.fdb, next.fdb, issues)
  checkPublished(made.publish, next.publish, issues)
  if (issues.list.length > 0) throw new ConfigError(issues.sorted())
  const { config, fdb, publish } = merged(made, next)
  const kept = { bridges: Object.keys(made.bridges), ports: Object.keys(made.ports), fdb, publish }
  return { config, changes: planChanges(running, config), kept }
}

type Made = Pick<Config, 'bridges' | 'ports' | 'fdb' | 'publish'>

function madeByApi(running: Config, origins: Origins, next: Config): Made {
  const ports = ofApi(running.ports, origins.ports)
  const bridges = ofApi(running.bridges, origins.bridges)
  const stays = ({ bridge, port, vtep = '' }: StaticEntry) => {
    if (port !== undefined) return Object.hasOwn(ports, port) || Object.hasOwn(next.ports, port)
    const of = Object.hasOwn(next.bridges, bridge) ? next.bridges[bridge] : bridges[bridge]
    return of?.vxlan?.peers.includes(vtep) ?? false
  }
  const fdb = running.fdb.filter((entry) => origins.fdb.get(entryKey(entry)) === 'api')
  return {
    bridges,
    ports,
    fdb: fdb.filter(stays),
    publish: running.publish.filter(({ name }) => origins.publish.get(name) === 'api'),
  }
}

function ofApi<T>(of: Readonly<Record<string, T>>, origins: ReadonlyMap<string, Origin>) {
  const entries = Object.entries(of).filter(([name]) => origins.get(name) === 'api')
  return Object.fromEntries(entries)
}

function checkNames(kind: 'bridge' | 'port', made: object, next: object, issues: Issues): void {
  for (const name of Object.keys(next)) {
    if (!Object.hasOwn(made, name)) continue
    const message = `the API made a ${kind} of that name; take another name, remove that ${kind}, or apply with --prune`
    issues.add([`${kind}s`, name], quote(name), `a ${kind} of another name`, message, 'key')
  }
}

function checkBridges({ bridges, ports }: Made, next: Config, issues: Issues): void {
  for (const [name, { bridge }] of Object.entries(ports)) {
    if (Object.hasOwn(next.bridges, bridge) || Object.hasOwn(bridges, bridge)) continue
    const message = `missing, but port ${quote(name)}, which the API made, is on it; keep the bridge, remove the port, or apply with --prune`
    issues.add(['bridges', bridge], 'nothing', `the bridge of port ${quote(name)}`, message)
  }
}

function checkEntries(made: readonly StaticEntry[], next: Config['fdb'], issues: Issues): void {
  const places = new Map(made.map((entry) => [entryKey(entry), placeText(entry)]))
  for (const [index, entry] of next.entries()) {
    const place = places.get(entryKey(entry))
    if (place === undefined || place === placeText(entry)) continue
    const message = `the API made an entry for ${quote(entry.mac)} at ${place}; remove that entry, or apply with --prune`
    issues.add(['fdb', index, 'mac'], quote(entry.mac), 'a MAC without an entry', message)
  }
}

/** The same one in the config is the config's from then on. */
function checkPublished(made: Config['publish'], next: Config['publish'], issues: Issues): void {
  for (const [index, entry] of next.entries()) {
    const before = made.find(({ name }) => name === entry.name)
    if (before === undefined || same(before, entry)) continue
    const message = `the API published another service as ${quote(entry.name)}; take another name, remove that one, or apply with --prune`
    issues.add(['publish', index, 'name'], quote(entry.name), 'another name', message)
  }
}

/** Both are right by themselves, so that whatever is wrong is between them. */
function merged({ bridges, ports, fdb, publish }: Made, next: Config) {
  const own = new Set(next.fdb.map(entryKey))
  const kept = fdb.filter((entry) => !own.has(entryKey(entry)))
  const published = publish.filter(({ name }) => next.publish.every((of) => of.name !== name))
  try {
    const config = parseConfig({
      ...next,
      bridges: { ...bridges, ...next.bridges },
      // Theirs first, so that it is the config's port that is said to clash.
      ports: { ...ports, ...next.ports },
      fdb: [...next.fdb, ...kept],
      publish: [...next.publish, ...published],
    })
    // An entry may have got a VLAN, when its bridge became VLAN-aware.
    return {
      config,
      fdb: config.fdb.slice(next.fdb.length),
      publish: published.map(({ name }) => name),
    }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const hint = 'what the API made stays; --prune removes it'
    const issues = error.issues.map((issue) => ({
      ...issue,
      message: `${issue.message} (${hint})`,
    }))
    throw new ConfigError(issues)
  }
}
