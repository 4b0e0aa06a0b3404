/** What must hold inside one device. A TAP's interface and routes have the most to say. */
import { contains, isLinkLocal, parseAddress, parsePrefix, sameAddress } from './address.js'
import { quote } from './describe.js'
import type { Issues, Path } from './issues.js'
import { pathKey } from './names.js'
import type { Device, PcapDevice, Route, TapDevice, UnixDevice } from './types.js'

/** RFC 8200 section 5. Below it, the kernel takes IPv6 off an interface. */
const IPV6_MTU_MIN = 1280

export function checkDevice(path: Path, device: Device, issues: Issues): void {
  if (device.type === 'tap') checkTap(path, device, issues)
  else if (device.type === 'unix') checkUnix(path, device, issues)
  else if (device.type === 'pcap') checkPcap(path, device, issues)
}

function checkUnix(path: Path, { mode, listen, path: socket, local }: UnixDevice, issues: Issues) {
  const needed = mode === 'dgram' && !listen
  if (needed && local === undefined) {
    const expected = 'the path of our own end, which answers come to ("dgram" without "listen")'
    issues.add([...path, 'local'], 'nothing', expected)
  } else if (!needed && local !== undefined) {
    const expected = '"mode: dgram" and "listen: false" beside it: other sockets answer without'
    issues.add([...path, 'local'], quote(local), expected)
  } else if (local !== undefined && pathKey(local) === pathKey(socket)) {
    issues.add([...path, 'local'], quote(local), 'another path than that of the other end')
  }
}

function checkPcap(path: Path, { read, write }: PcapDevice, issues: Issues): void {
  if (read !== undefined || write !== undefined) return
  issues.add(path, 'neither "read" nor "write"', 'at least one of them')
}

function checkTap(path: Path, device: TapDevice, issues: Issues): void {
  if (!device.create) {
    checkAttached(path, device, issues)
    return
  }
  checkIpv6Mtu(path, device, issues)
  if (device.routes !== 'auto') checkRoutes([...path, 'routes'], device.routes, device, issues)
}

/** Attaching leaves an interface as it is, so asking for a change of it is a contradiction. */
function checkAttached(path: Path, device: TapDevice, issues: Issues): void {
  const { mac, mtu, addresses, routes, persist, owner, group } = device
  const asked = {
    mac: mac !== undefined,
    mtu: mtu !== undefined,
    addresses: addresses.length > 0,
    routes: routes.length > 0,
    persist,
    owner: owner !== undefined,
    group: group !== undefined,
  }
  for (const [key, is] of Object.entries(asked)) {
    if (!is) continue
    const message = `"create: false" attaches to ${quote(device.name)} and leaves it as it is; take ${quote(key)} out, or create the interface`
    issues.add([...path, key], 'a setting', 'nothing, since "create" is false', message, 'key')
  }
}

function checkIpv6Mtu(
  path: Path,
  { addresses, mtu = IPV6_MTU_MIN }: TapDevice,
  issues: Issues,
): void {
  if (mtu >= IPV6_MTU_MIN || addresses.every((text) => parsePrefix(text).family === 4)) return
  issues.add([...path, 'mtu'], String(mtu), `at least ${IPV6_MTU_MIN}, which IPv6 addresses need`)
}

function checkRoutes(
  path: Path,
  routes: readonly Route[],
  device: TapDevice,
  issues: Issues,
): void {
  const seen = new Set<string>()
  for (const [index, route] of routes.entries()) {
    const { to, via } = route
    const id = to === 'default' ? `default ${familyOf(via)}` : to
    if (seen.has(id)) issues.add([...path, index, 'to'], quote(to), 'each destination once')
    seen.add(id)
    if (via === undefined) checkWithoutVia([...path, index], to, issues)
    else checkVia([...path, index, 'via'], to, via, device, issues)
  }
}

function familyOf(via: string | undefined): number | undefined {
  return via === undefined ? undefined : parseAddress(via).family
}

function checkWithoutVia(path: Path, to: string, issues: Issues): void {
  if (to !== 'default') return
  const expected = 'a "via": without one, say "0.0.0.0/0" or "::/0" instead of "default"'
  issues.add([...path, 'via'], 'nothing', expected)
}

function checkVia(path: Path, to: string, text: string, device: TapDevice, issues: Issues): void {
  const via = parseAddress(text)
  const add = (expected: string) => issues.add(path, quote(text), expected)
  if (to !== 'default' && parsePrefix(to).family !== via.family) {
    add(`an address of the family of ${quote(to)}`)
    return
  }
  const own = device.addresses.map(parsePrefix)
  if (own.some((address) => sameAddress(address, via))) {
    add("a neighbour's address, not the port's own")
  } else if (!isLinkLocal(via) && !own.some((address) => contains(address, via))) {
    add(`an address in a subnet of this port (${device.addresses.join(', ') || 'it has none'})`)
  }
}
