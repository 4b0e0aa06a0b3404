/** What must hold for published ports: ours to publish, each once, and somebody there who answers. */
import { contains, parseAddress, parsePrefix } from './address.js'
import { checkName, type Names } from './check-name.js'
import { quote } from './describe.js'
import { BACKEND, type Endpoint, LISTEN, parseEndpoint } from './endpoint.js'
import type { Issues, Path } from './issues.js'
import { isOn, isOwn, type RouterInterface, routerInterfaces, subnetTexts } from './subnets.js'
import type { Config, Publish } from './types.js'

/** What an entry takes of one address. */
interface Taken {
  name: string
  protocol: string
  first: number
  last: number
}

/** What entries are checked against. */
interface Scene {
  routes: Config['routes']
  interfaces: readonly RouterInterface[]
  uplinks: readonly RouterInterface[]
  names: Names
  whole: boolean
  issues: Issues
}

export function checkPublish(config: Config, names: Names, whole: boolean, issues: Issues): void {
  const interfaces = routerInterfaces(config)
  const uplinks = interfaces.filter(({ kind }) => kind === 'uplink')
  const scene = { routes: config.routes, interfaces, uplinks, names, whole, issues }
  const seen = new Map<string, number>()
  const taken = takenByHosts(config)
  const fixed = new Set(taken.keys())
  for (const [index, entry] of config.publish.entries()) {
    const path = ['publish', index]
    const before = seen.get(entry.name)
    if (before === undefined) seen.set(entry.name, index)
    else
      issues.add([...path, 'name'], quote(entry.name), `each name once: publish[${before}] has it`)
    const outer = parseEndpoint(entry.listen, LISTEN)
    const inner = parseEndpoint(entry.to[0] as string, BACKEND)
    const known = checkListen([...path, 'listen'], entry, outer, scene)
    if (whole) checkBackend([...path, 'to', 0], entry, inner, scene)
    if (!known) continue
    // All of an uplink's are those that are not a host's as a whole.
    const own = listens(outer, inner, uplinks)
    const addresses = outer.uplink === undefined ? own : own.filter((text) => !fixed.has(text))
    if (addresses.length === 0 && whole) {
      const expected = `an uplink with an IPv${inner.family} address, the family of ${quote(entry.to[0] as string)}`
      issues.add([...path, 'listen'], quote(entry.listen), expected)
    }
    const clash = addresses.map((address) => take(address, entry, outer, taken)).find(Boolean)
    if (clash === undefined) continue
    const expected = `what nothing else listens on: ${clash} has it`
    issues.add([...path, 'listen'], quote(entry.listen), expected)
  }
}

/** The outer addresses that are a host's as a whole. */
function takenByHosts({ nat }: Config): Map<string, Taken[]> {
  const all = { protocol: 'all', first: 0, last: 65_535 }
  return new Map(
    nat.flatMap((rule) => {
      if (rule.type !== 'static') return []
      return [[rule.outside, [{ name: `the static NAT of ${rule.inside}`, ...all }]]]
    }),
  )
}

/** @returns whether it is ours, as far as is known */
function checkListen(
  path: Path,
  { listen }: Publish,
  { uplink, address }: Endpoint,
  { uplinks, names, whole, issues }: Scene,
): boolean {
  if (uplink !== undefined) return checkName(path, uplink, names.uplinks, 'uplink', issues)
  const own = uplinks.some((of) => isOwn(of, parseAddress(address as string)))
  if (own || !whole) return own
  const expected = `an address of an uplink (${subnetTexts(uplinks)}), or the name of one`
  issues.add(path, quote(listen), expected)
  return false
}

/** A backend is where the router has a way to, and is not the router. */
function checkBackend(
  path: Path,
  { to }: Publish,
  { address }: Endpoint,
  { routes, interfaces, issues }: Scene,
): void {
  const host = parseAddress(address as string)
  const own = interfaces.find((of) => isOwn(of, host))
  if (own !== undefined) {
    const expected = `a host behind the router: ${own.who} has this address itself`
    issues.add(path, quote(to[0] as string), expected)
    return
  }
  const routed = routes.some(({ to }) => contains(parsePrefix(to), host))
  if (routed || interfaces.some((of) => isOn(of, host))) return
  const expected = `an address in a subnet of a gateway or uplink (${subnetTexts(interfaces)}), or one that "routes" leads to`
  issues.add(path, quote(to[0] as string), expected)
}

/** The addresses that it listens on: one, or all of an uplink of the backend's family. */
function listens(
  { uplink, address }: Endpoint,
  { family }: Endpoint,
  uplinks: readonly RouterInterface[],
): string[] {
  if (address !== undefined) return [address]
  const of = uplinks.find(({ name }) => name === uplink)
  const own = of?.addresses.filter(({ prefix }) => prefix.family === family) ?? []
  return own.map(({ text }) => text.slice(0, text.indexOf('/')))
}

/** Notes what an entry takes of an address. @returns who has some of it already */
function take(
  address: string,
  { name, protocol }: Publish,
  { ports = { first: 0, last: 0 } }: Endpoint,
  taken: Map<string, Taken[]>,
): string | undefined {
  const others = taken.get(address) ?? []
  taken.set(address, others)
  for (const other of others) {
    const both = other.protocol === 'all' || protocol.some((of) => of === other.protocol)
    if (both && ports.first <= other.last && other.first <= ports.last) {
      return other.protocol === 'all' ? other.name : `publish entry ${quote(other.name)}`
    }
  }
  for (const of of protocol) others.push({ name, protocol: of, ...ports })
  return undefined
}
