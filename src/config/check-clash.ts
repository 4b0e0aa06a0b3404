/** What only one of them can have: MACs, interfaces, addresses, sockets, files that are written. */
import { autoRoutes } from './auto-routes.js'
import { quote } from './describe.js'
import type { Issues, Path } from './issues.js'
import { netnsKey, pathKey } from './names.js'
import { type RouterInterface, routerInterfaces } from './subnets.js'
import type { Config, Device, Mirror, PacketDevice, Port, TapDevice, UnixDevice } from './types.js'

export function checkClashes(config: Config, issues: Issues): void {
  const ports = allPorts(config)
  const taps = portsWith(['tap'], ports)
  const routers = routerInterfaces(config)
  checkMacs(taps, routers, issues)
  checkInterfaces(portsWith(['tap', 'packet'], ports), issues)
  checkAddresses(taps, routers, issues)
  checkRoutes(config, taps, issues)
  checkSockets(portsWith(['unix'], ports), config.control.socket, issues)
  checkFiles(config, ports, issues)
}

/** A port or an uplink, with a device of one kind. */
interface With<T> {
  name: string
  /** As a sentence has it: `port "web"`. */
  who: string
  path: Path
  /** Undefined for uplinks. */
  bridge: string | undefined
  device: T
  mirror: Mirror | undefined
}

/** Once: a mapping of thousands of ports takes long to go through. */
function allPorts({ ports, uplinks }: Config): With<Device>[] {
  const all: With<Device>[] = []
  for (const name in ports) {
    const { bridge, device, mirror } = ports[name] as Port
    all.push({ name, who: `port ${quote(name)}`, path: ['ports', name], bridge, device, mirror })
  }
  for (const [name, { device }] of Object.entries(uplinks)) {
    const place = { who: `uplink ${quote(name)}`, path: ['uplinks', name] }
    all.push({ name, ...place, bridge: undefined, device, mirror: undefined })
  }
  return all
}

function portsWith<T extends Device['type']>(types: readonly T[], ports: With<Device>[]) {
  type Wanted = With<Extract<Device, { type: T }>>
  return ports.filter((port): port is Wanted => types.includes(port.device.type as T))
}

/** Who has it already; otherwise it is kept as its user's. */
function earlierUser(users: Map<string, string>, id: string, who: string): string | undefined {
  const user = users.get(id)
  if (user === undefined) users.set(id, who)
  return user
}

function checkMacs(
  taps: With<TapDevice>[],
  routers: readonly RouterInterface[],
  issues: Issues,
): void {
  const users = new Map<string, string>()
  const check = (path: Path, mac: string, who: string) => {
    const user = earlierUser(users, mac, who)
    if (user === undefined) return
    issues.add(path, quote(mac), `a MAC of its own: ${user} has this one`)
  }
  for (const { path, who, device } of taps) {
    if (device.mac !== undefined) check([...path, 'device', 'mac'], device.mac, who)
  }
  for (const { path, mac, kind, name } of routers) {
    const who = kind === 'bridge' ? `the gateway of bridge ${quote(name)}` : `uplink ${quote(name)}`
    check([...path, 'mac'], mac, who)
  }
}

function checkInterfaces(ports: With<TapDevice | PacketDevice>[], issues: Issues): void {
  const users = new Map<string, string>()
  for (const { path, who, device } of ports) {
    const { netns } = device
    const user = earlierUser(users, `${device.name} ${netnsKey(netns)}`, who)
    if (user === undefined) continue
    const where = netns === undefined ? '' : ` in namespace ${quote(netns)}`
    const expected = `an interface of its own${where}: ${user} has this one`
    issues.add([...path, 'device', 'name'], quote(device.name), expected)
  }
}

function checkAddresses(
  taps: With<TapDevice>[],
  routers: readonly RouterInterface[],
  issues: Issues,
): void {
  const users = new Map<string, string>()
  // Addresses are canonical text by now, so the text without the length tells them apart.
  const idOf = (bridge: string, address: string) =>
    `${bridge} ${address.slice(0, address.indexOf('/'))}`
  for (const { kind, name, addresses } of routers) {
    if (kind === 'uplink') continue
    for (const { text } of addresses) users.set(idOf(name, text), 'the gateway')
  }
  for (const { path, who, bridge, device } of taps) {
    if (bridge === undefined) continue
    for (const [index, address] of device.addresses.entries()) {
      const user = earlierUser(users, idOf(bridge, address), who)
      if (user === undefined) continue
      const has = user === who ? 'it stands here twice' : `${user} has this one`
      const expected = `an address of its own on bridge ${quote(bridge)}: ${has}`
      issues.add([...path, 'device', 'addresses', index], quote(address), expected)
    }
  }
}

/** A namespace has one default route a family: two ports cannot both bring it. */
function checkRoutes(config: Config, taps: With<TapDevice>[], issues: Issues): void {
  const users = new Map<string, string>()
  for (const { path, who, bridge, device } of taps) {
    if (device.routes !== 'auto' || bridge === undefined) continue
    const of = Object.hasOwn(config.bridges, bridge) ? config.bridges[bridge] : undefined
    const port = config.ports[path[1] as string]
    for (const { to } of autoRoutes(device, of?.gateway, port?.vlan)) {
      const user = earlierUser(users, `${netnsKey(device.netns)} ${to}`, who)
      if (user === undefined) continue
      const expected = `a list: ${user} brings ${to} by "auto" into the same namespace`
      issues.add([...path, 'device', 'routes'], '"auto"', expected)
      break
    }
  }
}

function checkSockets(
  ports: With<UnixDevice>[],
  control: string | undefined,
  issues: Issues,
): void {
  const users = new Map<string, string>()
  if (control !== undefined) users.set(pathKey(control), 'the control socket is')
  for (const { who, path, device } of ports) {
    for (const key of ['path', 'local'] as const) {
      const socket = device[key]
      // Its own two ends are check-device.ts's.
      if (key === 'local' && socket && pathKey(socket) === pathKey(device.path)) continue
      const user = socket && earlierUser(users, pathKey(socket), `${who} has`)
      if (socket === undefined || user === undefined) continue
      const expected = `a socket of its own: ${user} this one`
      issues.add([...path, 'device', key], quote(socket), expected)
    }
  }
}

/** Who writes a file, as a sentence begins: `port "a" writes`. */
interface Written {
  path: Path
  file: string
  who: string
}

function checkFiles({ bridges }: Config, ports: With<Device>[], issues: Issues): void {
  const writers = new Map<string, string>()
  for (const { path, file, who } of writtenFiles(bridges, ports)) {
    const user = earlierUser(writers, pathKey(file), who)
    if (user !== undefined) issues.add(path, quote(file), `a file of its own: ${user} this one`)
  }
  for (const { path, device } of portsWith(['pcap'], ports)) {
    const user = device.read && writers.get(pathKey(device.read))
    if (device.read === undefined || user === undefined) continue
    const expected = `a file that nothing writes: ${user} this one`
    issues.add([...path, 'device', 'read'], quote(device.read), expected)
  }
}

function writtenFiles(bridges: Config['bridges'], ports: With<Device>[]): Written[] {
  const files: Written[] = []
  const addMirror = (kind: 'bridge' | 'port', name: string, file: string) => {
    const path = [`${kind}s`, name, 'mirror', 'file']
    files.push({ path, file, who: `the mirror of ${kind} ${quote(name)} writes` })
  }
  for (const [name, { mirror }] of Object.entries(bridges)) {
    if (mirror?.file !== undefined) addMirror('bridge', name, mirror.file)
  }
  for (const { name, who, path: place, mirror, device } of ports) {
    if (mirror?.file !== undefined) addMirror('port', name, mirror.file)
    if (device.type !== 'pcap' || device.write === undefined) continue
    const path = [...place, 'device', 'write']
    files.push({ path, file: device.write, who: `${who} writes` })
  }
  return files
}
