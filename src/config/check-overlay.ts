/** What must hold for the underlay and for the tunnels of bridges. */
import { isLoopback, parseAddress, parsePrefix } from './address.js'
import type { Names } from './check-name.js'
import { quote } from './describe.js'
import type { Issues, Path } from './issues.js'
import { isOverIpv6, statedInnerMtu, tunnelOverhead } from './overlay-mtu.js'
import type { Bridge, Config, Port, Underlay, Vxlan } from './types.js'
import { vtepFamily } from './vtep.js'

/** RFC 8200 section 5. */
const IPV6_MTU_MIN = 1280

export function checkOverlay(config: Config, names: Names, issues: Issues): void {
  const { bridges, underlay } = config
  if (underlay !== undefined) checkUnderlay(underlay, issues)
  const users = new Map<string, string>()
  for (const [name, bridge] of Object.entries(bridges)) {
    if (bridge.vxlan === undefined) continue
    const path = ['bridges', name, 'vxlan']
    checkPlace(path, bridge, names, issues)
    checkVni(path, name, bridge.vxlan, users, issues)
    if (underlay === undefined) continue
    checkPeers([...path, 'peers'], bridge.vxlan, underlay, issues)
    checkBridgeMtu(name, bridge, underlay, issues)
  }
  checkTunnels(config, issues)
}

function checkUnderlay({ addresses }: Underlay, issues: Issues): void {
  for (const [index, address] of addresses.entries()) {
    const family = vtepFamily(address)
    const other = addresses.slice(0, index).find((one) => vtepFamily(one) === family)
    if (other === undefined) continue
    const expected = `at most one IPv${family} address: ${quote(other)} is the first`
    issues.add(['underlay', 'addresses', index], quote(address), expected)
  }
}

function checkPlace(path: Path, { vlanAware }: Bridge, names: Names, issues: Issues): void {
  if (!names.underlay) {
    const message =
      'there is no "underlay", whose addresses its tunnels leave from; add it, or take "vxlan" out'
    issues.add(path, 'no "underlay"', 'an "underlay"', message, 'key')
  }
  if (!vlanAware) return
  const message =
    'VXLAN on a VLAN-aware bridge is not supported; take "vxlan" out, or "vlanAware: true"'
  issues.add(path, '"vlanAware: true" beside it', 'no VLAN-aware bridge', message, 'key')
}

/** What comes in on a UDP port is told apart by its VNI alone. */
function checkVni(
  path: Path,
  name: string,
  { vni, port }: Vxlan,
  users: Map<string, string>,
  issues: Issues,
): void {
  const user = users.get(`${port} ${vni}`)
  if (user === undefined) {
    users.set(`${port} ${vni}`, name)
    return
  }
  const both = `bridges ${quote(user)} and ${quote(name)} cannot share one`
  issues.add([...path, 'vni'], String(vni), `each VNI once on UDP port ${port}: ${both}`)
}

function checkPeers(path: Path, { peers }: Vxlan, { addresses }: Underlay, issues: Issues): void {
  const seen = new Set<string>()
  for (const [index, peer] of peers.entries()) {
    const expected = seen.has(peer) ? 'each peer once' : expectedOf(peer, addresses)
    if (expected !== undefined) issues.add([...path, index], quote(peer), expected)
    seen.add(peer)
  }
}

const isInside = (vtep: string) => isLoopback(parseAddress(vtep))

/** What should stand there instead of a peer that we cannot have. */
function expectedOf(peer: string, addresses: readonly string[]): string | undefined {
  if (addresses.includes(peer)) return "another host's address: this one is in underlay.addresses"
  const family = vtepFamily(peer)
  const own = addresses.find((address) => vtepFamily(address) === family)
  if (own === undefined)
    return `a peer over IPv${10 - family}: the underlay has no IPv${family} address`
  const isPeerInside = isInside(peer)
  if (isInside(own) === isPeerInside) return undefined
  return isPeerInside
    ? `an address of another host: loopback is for an underlay that is on it, not on ${quote(own)}`
    : `a loopback address, as the underlay's ${quote(own)} reaches nothing else`
}

function checkBridgeMtu(name: string, bridge: Bridge, underlay: Underlay, issues: Issues): void {
  const inner = statedInnerMtu(bridge, underlay)
  if (inner === undefined) return
  const { mtu, gateway } = bridge
  if (mtu !== undefined && mtu > inner) {
    issues.add(['bridges', name, 'mtu'], String(mtu), atMost(inner, underlay))
  }
  const six = gateway?.addresses.some((text) => parsePrefix(text).family === 6)
  if (!six || mtu !== undefined || inner >= IPV6_MTU_MIN) return
  const least = IPV6_MTU_MIN + tunnelOverhead(isOverIpv6(bridge.vxlan as Vxlan, underlay))
  const expected = `at least ${least}, which IPv6 addresses of the gateway of bridge ${quote(name)} need inside VXLAN`
  issues.add(['underlay', 'mtu'], String(underlay.mtu), expected)
}

/** Frames of a port that are too long for the bridge's tunnels. Its bridge's MTU has a check of its own. */
export function checkPortMtu(
  path: Path,
  { bridge: name, device }: Port,
  { bridges, underlay }: Config,
  issues: Issues,
): void {
  const bridge = Object.hasOwn(bridges, name) ? bridges[name] : undefined
  const inner = bridge && statedInnerMtu(bridge, underlay)
  if (inner === undefined || device.mtu === undefined || device.mtu <= inner) return
  if (bridge?.mtu !== undefined) return
  issues.add(
    path,
    String(device.mtu),
    `${atMost(inner, underlay as Underlay)} on bridge ${quote(name)}`,
  )
}

function atMost(inner: number, { mtu }: Underlay): string {
  return `at most ${inner}, what VXLAN leaves of underlay.mtu (${mtu})`
}

function checkTunnels({ bridges, capacity }: Config, issues: Issues): void {
  const peers = Object.values(bridges).flatMap(({ vxlan }) => vxlan?.peers ?? [])
  if (peers.length <= capacity.tunnels) return
  const expected = `at least ${peers.length}: the peers of all bridges, summed`
  issues.add(['capacity', 'tunnels'], String(capacity.tunnels), expected)
}
