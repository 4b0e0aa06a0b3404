/** What must hold for static FDB entries. */
import { checkName, type Names } from './check-name.js'
import { oneOf, quote } from './describe.js'
import type { Issues, Path } from './issues.js'
import { mirrorTargets } from './mirror-target.js'
import { entryKey, isAtPort, type PortEntry } from './static-entry.js'
import type { Config, StaticEntry } from './types.js'
import { formatVlans, isMember, type NamedVlans } from './vlan-use.js'

export function checkFdb(config: Config, names: Names, named: NamedVlans, issues: Issues): void {
  const seen = new Set<string>()
  const targets = mirrorTargets(config)
  const whole = names.ports?.every((name) => Object.hasOwn(config.ports, name)) ?? false
  for (const [index, entry] of config.fdb.entries()) {
    const path = ['fdb', index]
    checkOnce(path, entry, seen, issues)
    checkGateway(path, entry, config, issues)
    if (!isAtPort(entry)) {
      checkVtep(path, entry, config, names, issues)
      continue
    }
    if (!checkPlace(path, entry, config, names, issues)) continue
    if (targets.has(entry.port)) {
      const expected = 'a port that switches: this one is the target of a mirror'
      issues.add([...path, 'port'], quote(entry.port), expected)
    }
    // What a port that was left out as faulty names exists too.
    const unsure = !whole && config.ports[entry.port]?.vlan?.tagged === 'all'
    if (!unsure) checkVlan(path, entry, config, named, issues)
  }
}

function checkOnce(path: Path, entry: StaticEntry, seen: Set<string>, issues: Issues): void {
  const { bridge, vlan, mac } = entry
  const id = entryKey(entry)
  if (seen.has(id)) {
    const once = vlan === undefined ? 'each MAC once a bridge' : 'each MAC once a VLAN'
    const where = vlan === undefined ? quote(bridge) : `VLAN ${vlan} of ${quote(bridge)}`
    issues.add([...path, 'mac'], quote(mac), `${once}: ${where} has an entry for it above`)
  }
  seen.add(id)
}

/** The gateway is at no port: what claims its MAC there is dropped. */
function checkGateway(
  path: Path,
  { bridge, vlan, mac }: StaticEntry,
  { bridges }: Config,
  issues: Issues,
): void {
  const gateway = Object.hasOwn(bridges, bridge) ? bridges[bridge]?.gateway : undefined
  if (gateway?.mac !== mac || gateway.vlan !== vlan) return
  const expected = `the MAC of a host: this one is that of the gateway of bridge ${quote(bridge)}`
  issues.add([...path, 'mac'], quote(mac), expected)
}

/** Of a VTEP, that frames of the bridge go there: no VLAN-aware bridge has any. */
function checkVtep(
  path: Path,
  { bridge, vlan, vtep = '' }: StaticEntry,
  { bridges }: Config,
  names: Names,
  issues: Issues,
): void {
  const known = checkName([...path, 'bridge'], bridge, names.bridges, 'bridge', issues)
  const of = Object.hasOwn(bridges, bridge) ? bridges[bridge] : undefined
  if (!known || of === undefined) return
  const add = (expected: string) => issues.add([...path, 'vtep'], quote(vtep), expected)
  if (of.vxlan === undefined) {
    add(`a bridge with "vxlan" beside it, which ${quote(bridge)} does not have`)
    return
  }
  const { peers } = of.vxlan
  if (peers.length === 0) add(`a peer of bridge ${quote(bridge)}, which has none`)
  else if (!peers.includes(vtep))
    add(`one of the peers of bridge ${quote(bridge)}: ${oneOf(peers)}`)
  if (vlan === undefined || of.vlanAware) return
  const expected = `no "vlan": bridge ${quote(bridge)} is not VLAN-aware`
  issues.add([...path, 'vlan'], String(vlan), expected)
}

/** @returns whether the port is there, and on that bridge */
function checkPlace(
  path: Path,
  { bridge, port }: PortEntry,
  config: Config,
  names: Names,
  issues: Issues,
): boolean {
  const bridgeKnown = checkName([...path, 'bridge'], bridge, names.bridges, 'bridge', issues)
  const portKnown = checkName([...path, 'port'], port, names.ports, 'port', issues)
  const actual = Object.hasOwn(config.ports, port) ? config.ports[port]?.bridge : undefined
  if (!bridgeKnown || !portKnown || actual === undefined) return false
  if (actual === bridge) return true
  const expected = `a port of bridge ${quote(bridge)}: this one is on ${quote(actual)}`
  issues.add([...path, 'port'], quote(port), expected)
  return false
}

function checkVlan(
  path: Path,
  { bridge, vlan, port }: PortEntry,
  { bridges, ports }: Config,
  named: NamedVlans,
  issues: Issues,
): void {
  if (!Object.hasOwn(bridges, bridge)) return
  const vlans = named.get(bridge)
  const policy = ports[port]?.vlan
  const add = (found: string, expected: string) => issues.add([...path, 'vlan'], found, expected)
  if (vlans === undefined) {
    if (vlan === undefined) return
    add(String(vlan), `no "vlan": bridge ${quote(bridge)} is not VLAN-aware`)
  } else if (policy !== undefined && (vlan === undefined || !isMember(policy, vlan, vlans))) {
    const own = [...vlans].sort((a, b) => a - b).filter((id) => isMember(policy, id, vlans))
    const found = vlan === undefined ? 'nothing' : String(vlan)
    add(found, `a VLAN of port ${quote(port)} (${formatVlans(own) || 'it is in none'})`)
  }
}
