/**
 * What must hold between the parts of a config. Runs on a config whose shape is right; reports
 * everything, throws nothing.
 */
import { checkDevice } from './check-device.js'
import { didYouMean, oneOf, quote } from './describe.js'
import type { Issues, Path } from './issues.js'
import { netnsKey } from './names.js'
import type { Config, Port, TapDevice } from './types.js'

/** Names that exist, in parts that were left out of the config as faulty too; undefined: not known. */
export interface Names {
  bridges: string[] | undefined
  ports: string[] | undefined
}

export function checkConfig(config: Config, names: Names, issues: Issues): void {
  for (const [name, port] of Object.entries(config.ports)) {
    checkPort(name, port, config, names, issues)
  }
  checkAcross(config, names, issues)
}

/** What must hold for one port. */
export function checkPort(
  name: string,
  port: Port,
  config: Config,
  names: Names,
  issues: Issues,
): void {
  const path = ['ports', name]
  checkName([...path, 'bridge'], port.bridge, names.bridges, 'bridge', issues)
  checkMtu([...path, 'device', 'mtu'], port, config, issues)
  checkDevice([...path, 'device'], port.device, issues)
}

/** What must hold between ports, and for everything that is no port. */
export function checkAcross(config: Config, names: Names, issues: Issues): void {
  checkCapacity(config, names, issues)
  const taps = tapsOf(config)
  checkMacs(taps, issues)
  checkInterfaces(taps, issues)
  checkAddresses(taps, issues)
  checkFdb(config, names, issues)
}

function checkName(
  path: Path,
  name: string,
  known: string[] | undefined,
  kind: 'bridge' | 'port',
  issues: Issues,
): boolean {
  if (known === undefined || known.includes(name)) return true
  const none = `a ${kind}, of which this config has none`
  const expected = known.length === 0 ? none : `one of the ${kind}s ${oneOf(known)}`
  const message = `there is no ${kind} ${quote(name)}; expected ${expected}${didYouMean(name, known)}`
  issues.add(path, quote(name), expected, message)
  return false
}

function checkCapacity({ workers, capacity, fdb }: Config, names: Names, issues: Issues): void {
  const { maxWorkers, ports, bridges, macs } = capacity
  if (workers !== 'auto' && workers > maxWorkers) {
    issues.add(['workers'], String(workers), `at most capacity.maxWorkers, which is ${maxWorkers}`)
  }
  const sections = [
    ['ports', names.ports?.length ?? 0, ports],
    ['bridges', names.bridges?.length ?? 0, bridges],
    ['fdb', fdb.length, macs],
  ] as const
  for (const [section, count, limit] of sections) {
    const key = section === 'fdb' ? 'macs' : section
    const expected = `at most ${limit}; raise capacity.${key} for more`
    if (count > limit) issues.add([section], `${count} entries`, expected, undefined, 'key')
  }
}

function checkMtu(path: Path, { bridge, device }: Port, { bridges }: Config, issues: Issues): void {
  const most = Object.hasOwn(bridges, bridge) ? bridges[bridge]?.mtu : undefined
  if (most === undefined || device.mtu === undefined || device.mtu <= most) return
  issues.add(path, String(device.mtu), `at most ${most}, the MTU of bridge ${quote(bridge)}`)
}

interface Tap {
  name: string
  bridge: string
  device: TapDevice
}

function tapsOf(config: Config): Tap[] {
  const taps: Tap[] = []
  for (const name in config.ports) {
    const { device, bridge } = config.ports[name] as Port
    if (device.type === 'tap') taps.push({ name, bridge, device })
  }
  return taps
}

/** The port that has it already; otherwise the name is kept as that of its user. */
function earlierUser(users: Map<string, string>, id: string, name: string): string | undefined {
  const user = users.get(id)
  if (user === undefined) users.set(id, name)
  return user
}

function checkMacs(taps: Tap[], issues: Issues): void {
  const users = new Map<string, string>()
  for (const { name, device } of taps) {
    const { mac } = device
    const user = mac && earlierUser(users, mac, name)
    if (mac === undefined || user === undefined) continue
    const expected = `a MAC of its own: port ${quote(user)} has this one`
    issues.add(['ports', name, 'device', 'mac'], quote(mac), expected)
  }
}

function checkInterfaces(taps: Tap[], issues: Issues): void {
  const users = new Map<string, string>()
  for (const { name, device } of taps) {
    const { netns } = device
    const user = earlierUser(users, `${device.name} ${netnsKey(netns)}`, name)
    if (user === undefined) continue
    const where = netns === undefined ? '' : ` in namespace ${quote(netns)}`
    const expected = `an interface of its own${where}: port ${quote(user)} has this one`
    issues.add(['ports', name, 'device', 'name'], quote(device.name), expected)
  }
}

function checkAddresses(taps: Tap[], issues: Issues): void {
  const users = new Map<string, string>()
  for (const { name, bridge, device } of taps) {
    for (const [index, address] of device.addresses.entries()) {
      // Addresses are canonical text by now, so the text without the length tells them apart.
      const id = `${bridge} ${address.slice(0, address.indexOf('/'))}`
      const user = earlierUser(users, id, name)
      if (user === undefined) continue
      const has = user === name ? 'it stands here twice' : `port ${quote(user)} has this one`
      const expected = `an address of its own on bridge ${quote(bridge)}: ${has}`
      issues.add(['ports', name, 'device', 'addresses', index], quote(address), expected)
    }
  }
}

function checkFdb(config: Config, names: Names, issues: Issues): void {
  const seen = new Set<string>()
  for (const [index, { bridge, mac, port }] of config.fdb.entries()) {
    const path = ['fdb', index]
    const bridgeKnown = checkName([...path, 'bridge'], bridge, names.bridges, 'bridge', issues)
    const portKnown = checkName([...path, 'port'], port, names.ports, 'port', issues)
    const actual = Object.hasOwn(config.ports, port) ? config.ports[port]?.bridge : undefined
    if (bridgeKnown && portKnown && actual !== undefined && actual !== bridge) {
      const expected = `a port of bridge ${quote(bridge)}: this one is on ${quote(actual)}`
      issues.add([...path, 'port'], quote(port), expected)
    }
    const id = `${bridge} ${mac}`
    if (seen.has(id)) {
      const expected = `each MAC once a bridge: ${quote(bridge)} has an entry for it above`
      issues.add([...path, 'mac'], quote(mac), expected)
    }
    seen.add(id)
  }
}
