/**
 * What must hold between the parts of a config. Runs on a config whose shape is right; reports
 * everything, throws nothing.
 */
import { isLinkLocal, type Prefix, parsePrefix } from './address.js'
import { checkClashes } from './check-clash.js'
import { checkDevice } from './check-device.js'
import { checkFdb } from './check-fdb.js'
import { checkFilter, checkFilterPorts } from './check-filter.js'
import { checkMirrors } from './check-mirror.js'
import { checkName, type Names } from './check-name.js'
import { checkNat } from './check-nat.js'
import { checkNatLimits } from './check-nat-limits.js'
import { checkOverlay, checkPortMtu } from './check-overlay.js'
import { checkPolicy } from './check-policy.js'
import { checkPublish } from './check-publish.js'
import { checkGatewayVlans, checkPortSubnets, checkRouter } from './check-router.js'
import { quote } from './describe.js'
import { TUNNELS_AND_PORTS } from './fill-in.js'
import { BINDINGS_MAX } from './guard.js'
import type { Issues, Path } from './issues.js'
import type { Config, Port } from './types.js'
import { type NamedVlans, namedVlans, vlanUse } from './vlan-use.js'

export function checkConfig(config: Config, names: Names, issues: Issues): void {
  for (const [name, port] of Object.entries(config.ports)) {
    checkPort(name, port, config, names, issues)
  }
  checkAcross(config, names, issues)
  const { bridges, uplinks } = config
  const whole = isWhole(names.bridges, bridges) && isWhole(names.uplinks, uplinks)
  checkRouter(config, names, whole, issues)
  checkNat(config, names, issues)
  checkPublish(config, names, whole, issues)
  checkNatLimits(config, issues)
  checkFilter(config, names, issues)
  checkOverlay(config, names, issues)
}

/** Whether no entry of a section was left out as faulty. */
function isWhole(given: string[] | undefined, left: object): boolean {
  return given?.every((name) => Object.hasOwn(left, name)) ?? false
}

/** What a config by itself must hold to, but not what is left of it when ports come and go. */
export function checkFile(config: Config, names: Names, issues: Issues): void {
  if (isWhole(names.ports, config.ports)) checkGatewayVlans(config, issues)
  checkFilterPorts(config, names, issues)
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
  checkPortMtu([...path, 'device', 'mtu'], port, config, issues)
  checkDevice([...path, 'device'], port.device, issues)
  checkPolicy(path, port, config, issues)
  checkPortSubnets(path, port, config, issues)
}

/** What must hold between ports, and for everything that is no port. */
export function checkAcross(config: Config, names: Names, issues: Issues): void {
  checkCapacity(config, names, issues)
  const named = namedVlans(config)
  checkVlanUse(config, named, issues)
  checkBindings(config, issues)
  checkBridges(config, issues)
  checkClashes(config, issues)
  checkMirrors(config, names, issues)
  checkFdb(config, names, named, issues)
}

function checkCapacity(config: Config, names: Names, issues: Issues): void {
  const { workers, capacity, fdb, neighbors, filter } = config
  const { maxWorkers } = capacity
  if (workers !== 'auto' && workers > maxWorkers) {
    issues.add(['workers'], String(workers), `at most capacity.maxWorkers, which is ${maxWorkers}`)
  }
  const room = TUNNELS_AND_PORTS - capacity.ports
  if (capacity.tunnels > room) {
    const expected = `at most ${room}: with capacity.ports at most ${TUNNELS_AND_PORTS} together`
    issues.add(['capacity', 'tunnels'], String(capacity.tunnels), expected)
  }
  // An uplink is a port, on a bridge of its own.
  const uplinks = names.uplinks?.length ?? 0
  const sections = [
    ['ports', (names.ports?.length ?? 0) + uplinks, 'ports'],
    ['bridges', (names.bridges?.length ?? 0) + uplinks, 'bridges'],
    ['fdb', fdb.length, 'macs'],
    ['routes', routesOf(config), 'routes'],
    ['neighbors', neighbors.length, 'neighbors'],
    ['filter', filter.length, 'rules'],
  ] as const
  for (const [section, count, key] of sections) {
    const limit = capacity[key]
    const expected = `at most ${limit}; raise capacity.${key} for more`
    if (count > limit) issues.add([section], `${count} entries`, expected, undefined, 'key')
  }
}

/** Those of the config, and those that the router makes of its addresses. */
function routesOf({ bridges, uplinks, routes }: Config): number {
  const outer = Object.values(uplinks)
  const addresses = [...Object.values(bridges).map(({ gateway }) => gateway), ...outer].flatMap(
    (of) => of?.addresses ?? [],
  )
  const own = addresses.map((text) => routesOfAddress(parsePrefix(text)))
  const byHand = routes.length + outer.flatMap((uplink) => uplink.routes).length
  return own.reduce((sum, count) => sum + count, byHand)
}

/** Of an address one to itself, one to its subnet, and two to where IPv4 has broadcast addresses. */
function routesOfAddress(prefix: Prefix): number {
  const { family, bytes, length } = prefix
  if (isLinkLocal(prefix)) return 0
  if (length === bytes.length * 8) return 1
  return family === 4 && length <= 30 ? 4 : 2
}

function checkMtu(path: Path, { bridge, device }: Port, { bridges }: Config, issues: Issues): void {
  const most = Object.hasOwn(bridges, bridge) ? bridges[bridge]?.mtu : undefined
  if (most === undefined || device.mtu === undefined || device.mtu <= most) return
  issues.add(path, String(device.mtu), `at most ${most}, the MTU of bridge ${quote(bridge)}`)
}

function checkVlanUse({ capacity, ports }: Config, named: NamedVlans, issues: Issues): void {
  const needed = vlanUse(ports, named)
  const what = {
    vlans: 'the VLANs of all bridges',
    memberships: 'the ports of all VLANs, summed',
  }
  for (const key of ['vlans', 'memberships'] as const) {
    if (needed[key] <= capacity[key]) continue
    const expected = `at least ${needed[key]}: ${what[key]}`
    issues.add(['capacity', key], String(capacity[key]), expected)
  }
}

function checkBindings({ ports }: Config, issues: Issues): void {
  let count = 0
  for (const name in ports) {
    const { macs = [], addresses = [] } = ports[name]?.guard ?? {}
    count += macs.length + addresses.length
  }
  if (count <= BINDINGS_MAX) return
  const expected = `at most ${BINDINGS_MAX} MACs and addresses in "guard", all ports together`
  issues.add(['ports'], `${count}`, expected, undefined, 'key')
}

function checkBridges({ bridges }: Config, issues: Issues): void {
  for (const [name, { vlanAware, vlanProtocol }] of Object.entries(bridges)) {
    if (vlanAware || vlanProtocol === undefined) continue
    const path = ['bridges', name, 'vlanProtocol']
    issues.add(path, quote(vlanProtocol), '"vlanAware: true" beside it')
  }
}
