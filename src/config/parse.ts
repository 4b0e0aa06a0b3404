/**
 * From any value to a Config: shape (schema.ts), then what hangs together (check.ts), then frozen.
 * Everything that is wrong is said at once.
 */
import type * as z from 'zod'
import { ConfigError } from '../error.js'
import { checkAcross, checkConfig, checkFile, checkPort } from './check.js'
import { checkFdb } from './check-fdb.js'
import type { Names } from './check-name.js'
import { quote } from './describe.js'
import { fillIn, fillInPort, mapped, record } from './fill-in.js'
import { addZodIssues, Issues, type Path, type Source, valueAt } from './issues.js'
import { NAME } from './names.js'
import { isMapping } from './plain.js'
import { fileSchemas, programSchemas } from './schema.js'
import type { Config, Mirror, StaticEntry } from './types.js'
import { isMember, namedVlans } from './vlan-use.js'

/**
 * Checks a config and fills it in.
 *
 * @param value a ConfigInput, or anything else
 * @param where given for a config that was read from text: its version must be stated, durations and
 *   sizes must carry a unit, ports must name a device, and issues carry file, line and column
 * @throws ConfigError with every issue, in the order of the file
 */
export function parseConfig(value: unknown, where?: Source): Config {
  const issues = new Issues(where)
  const given = withoutEmptySections(value)
  refuseProto(given, issues)
  const schema = (where === undefined ? programSchemas : fileSchemas).config
  const first = schema.safeParse(given)
  if (!first.success) addZodIssues(issues, first.error, given, [])
  // What is wrong in one port must not hide what is wrong between the others.
  const parsed = first.success
    ? first.data
    : schema.safeParse(withoutFaults(given, first.error)).data
  const config = parsed && fillIn(parsed)
  if (config !== undefined) {
    checkConfig(config, namesIn(given), issues)
    if (where !== undefined) checkFile(config, namesIn(given), issues)
  }
  if (config === undefined || issues.list.length > 0) throw new ConfigError(issues.sorted())
  return deepFreeze(config)
}

/**
 * The config with one more port, or with that port changed; costs much less than parsing it all.
 *
 * @param input a PortInput, or anything else @throws ConfigError
 */
export function withPort(config: Config, name: string, input: unknown): Config {
  return withPorts(config, { [name]: input })
}

/** The same with several, in one step. @throws ConfigError */
export function withPorts(config: Config, inputs: Readonly<Record<string, unknown>>): Config {
  const issues = new Issues()
  const alone = { bridges: {}, ports: inputs }
  refuseProto(alone, issues)
  const parsed = programSchemas.config.safeParse(alone)
  if (!parsed.success) addZodIssues(issues, parsed.error, alone, [])
  if (!parsed.success || issues.list.length > 0) throw new ConfigError(issues.sorted())
  const added = mapped(parsed.data.ports, (port) => fillInPort(port, config))
  // Last, so that it is the new port that is said to clash.
  const others = Object.entries(config.ports).filter(([name]) => !Object.hasOwn(added, name))
  const next = { ...config, ports: record({ ...Object.fromEntries(others), ...added }) }
  const names = namesIn(next)
  const uplinks = new Set(names.uplinks)
  for (const [name, port] of Object.entries(added)) {
    if (uplinks.has(name)) {
      issues.add(['ports', name], quote(name), 'a name that no uplink has', undefined, 'key')
    }
    checkPort(name, port, next, names, issues)
  }
  checkAcross(next, names, issues)
  if (issues.list.length > 0) throw new ConfigError(issues.sorted())
  return deepFreeze(next)
}

/** A config with other static entries, right or wrong. @throws ConfigError */
export function withEntries(config: Config, fdb: readonly StaticEntry[]): Config {
  const issues = new Issues()
  const next = { ...config, fdb }
  checkFdb(next, namesIn(next), namedVlans(next), issues)
  if (issues.list.length > 0) throw new ConfigError(issues.sorted())
  return deepFreeze(next)
}

/**
 * The config without a port, and without what cannot be without it: mirrors to it, and static entries
 * that name it or a VLAN that only it had.
 */
export function withoutPort(config: Config, name: string): Config {
  const { [name]: _, ...others } = config.ports
  const ports = mapped(others, (port) => withoutMirrorTo(port, name))
  const bridges = mapped(config.bridges, (bridge) => withoutMirrorTo(bridge, name))
  const named = namedVlans({ bridges, ports })
  const fdb = config.fdb.filter(({ bridge, vlan, port }) => {
    if (port === undefined) return true
    const policy = ports[port]?.vlan
    const vlans = named.get(bridge)
    if (policy === undefined || vlans === undefined || vlan === undefined) return port !== name
    return isMember(policy, vlan, vlans)
  })
  return deepFreeze({ ...config, bridges, ports, fdb })
}

function withoutMirrorTo<T extends { readonly mirror?: Mirror | undefined }>(
  of: T,
  port: string,
): T {
  if (of.mirror?.port !== port) return of
  const { mirror: _, ...others } = of
  return others as T
}

/**
 * In YAML, a key with nothing (or nothing but comments) below it is null. For a section, that is
 * an empty section; for a bridge, all its defaults. Elsewhere it is an error.
 */
function withoutEmptySections(value: unknown): unknown {
  if (!isMapping(value)) return value
  const sections = ['capacity', 'bridges', 'ports', 'uplinks', 'fdb', 'routes', 'neighbors', 'nat']
  sections.push('publish', 'filter', 'control', 'underlay')
  const given = Object.entries(value).filter(([key, of]) => of !== null || !sections.includes(key))
  const config = fromEntries(given)
  if (!isMapping(config.bridges)) return config
  const bridges = Object.entries(config.bridges).map(([name, of]) => [name, of ?? {}] as const)
  return { ...config, bridges: fromEntries(bridges) }
}

/** zod passes over a `__proto__` in silence, and a port must not vanish. */
function refuseProto(given: unknown, issues: Issues): void {
  for (const section of ['bridges', 'ports', 'uplinks']) {
    if (valueAt(given, [section, '__proto__']) === undefined) continue
    issues.add([section, '__proto__'], '"__proto__"', NAME, undefined, 'key')
  }
}

/** Leaves out every unknown key and every section entry that has a fault; of a list, all of it. */
function withoutFaults(given: unknown, error: z.ZodError): unknown {
  if (!isMapping(given)) return { version: 1 }
  const faults = error.issues.flatMap((issue): Path[] => {
    const path = issue.path as Path
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => [...path, key])
    // Half an underlay is none: the addresses may be what is faulty.
    return [path.slice(0, path[0] === 'underlay' ? 1 : 2)]
  })
  const config = faults.reduce<unknown>((value, path) => without(value, outsideLists(path)), given)
  return { ...Object(config), version: 1 }
}

function outsideLists(path: Path): Path {
  const index = path.findIndex((part) => typeof part === 'number')
  return index < 0 ? path : path.slice(0, index)
}

function without(value: unknown, [key, ...rest]: Path): unknown {
  if (key === undefined || !isMapping(value) || !Object.hasOwn(value, key)) return value
  if (rest.length > 0) return { ...value, [key]: without(value[key], rest) }
  return fromEntries(Object.entries(value).filter(([other]) => other !== key))
}

/** The names that were given, faulty or not: a port on a faulty bridge is not on a missing one. */
function namesIn(given: unknown): Names {
  const names = (section: string) => {
    const value = valueAt(given, [section])
    return value === undefined ? [] : isMapping(value) ? Object.keys(value) : undefined
  }
  const sections = { bridges: names('bridges'), ports: names('ports'), uplinks: names('uplinks') }
  return { ...sections, underlay: valueAt(given, ['underlay']) !== undefined }
}

/** Unlike Object.fromEntries in a spread, keeps a `__proto__` an ordinary key. */
function fromEntries<T>(entries: readonly (readonly [string, T])[]): Record<string, T> {
  return Object.fromEntries(entries)
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value
  for (const inner of Object.values(value)) deepFreeze(inner)
  return Object.freeze(value)
}
