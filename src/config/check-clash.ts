/** What only one of them can have: MACs, interfaces, addresses, sockets, files that are written. */
import { quote } from './describe.js'
import type { Issues, Path } from './issues.js'
import { netnsKey, pathKey } from './names.js'
import type { Config, Device, Mirror, PacketDevice, Port, TapDevice, UnixDevice } from './types.js'

export function checkClashes(config: Config, issues: Issues): void {
  const ports = allPorts(config)
  const taps = portsWith(['tap'], ports)
  checkMacs(taps, issues)
  checkInterfaces(portsWith(['tap', 'packet'], ports), issues)
  checkAddresses(taps, issues)
  checkSockets(portsWith(['unix'], ports), config.control.socket, issues)
  checkFiles(config, ports, issues)
}

/** A port, with a device of one kind. */
interface With<T> {
  name: string
  bridge: string
  device: T
  mirror: Mirror | undefined
}

/** Once: a mapping of thousands of ports takes long to go through. */
function allPorts({ ports }: Config): With<Device>[] {
  const all: With<Device>[] = []
  for (const name in ports) {
    const { bridge, device, mirror } = ports[name] as Port
    all.push({ name, bridge, device, mirror })
  }
  return all
}

function portsWith<T extends Device['type']>(types: readonly T[], ports: With<Device>[]) {
  type Wanted = With<Extract<Device, { type: T }>>
  return ports.filter((port): port is Wanted => types.includes(port.device.type as T))
}

/** The port that has it already; otherwise the name is kept as that of its user. */
function earlierUser(users: Map<string, string>, id: string, name: string): string | undefined {
  const user = users.get(id)
  if (user === undefined) users.set(id, name)
  return user
}

function checkMacs(taps: With<TapDevice>[], issues: Issues): void {
  const users = new Map<string, string>()
  for (const { name, device } of taps) {
    const { mac } = device
    const user = mac && earlierUser(users, mac, name)
    if (mac === undefined || user === undefined) continue
    const expected = `a MAC of its own: port ${quote(user)} has this one`
    issues.add(['ports', name, 'device', 'mac'], quote(mac), expected)
  }
}

function checkInterfaces(ports: With<TapDevice | PacketDevice>[], issues: Issues): void {
  const users = new Map<string, string>()
  for (const { name, device } of ports) {
    const { netns } = device
    const user = earlierUser(users, `${device.name} ${netnsKey(netns)}`, name)
    if (user === undefined) continue
    const where = netns === undefined ? '' : ` in namespace ${quote(netns)}`
    const expected = `an interface of its own${where}: port ${quote(user)} has this one`
    issues.add(['ports', name, 'device', 'name'], quote(device.name), expected)
  }
}

function checkAddresses(taps: With<TapDevice>[], issues: Issues): void {
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

function checkSockets(
  ports: With<UnixDevice>[],
  control: string | undefined,
  issues: Issues,
): void {
  const users = new Map<string, string>()
  if (control !== undefined) users.set(pathKey(control), 'the control socket is')
  for (const { name, device } of ports) {
    for (const key of ['path', 'local'] as const) {
      const socket = device[key]
      // Its own two ends are check-device.ts's.
      if (key === 'local' && socket && pathKey(socket) === pathKey(device.path)) continue
      const user = socket && earlierUser(users, pathKey(socket), `port ${quote(name)} has`)
      if (socket === undefined || user === undefined) continue
      const expected = `a socket of its own: ${user} this one`
      issues.add(['ports', name, 'device', key], quote(socket), expected)
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
  for (const { name, device } of portsWith(['pcap'], ports)) {
    const user = device.read && writers.get(pathKey(device.read))
    if (device.read === undefined || user === undefined) continue
    const expected = `a file that nothing writes: ${user} this one`
    issues.add(['ports', name, 'device', 'read'], quote(device.read), expected)
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
  for (const { name, mirror, device } of ports) {
    if (mirror?.file !== undefined) addMirror('port', name, mirror.file)
    if (device.type !== 'pcap' || device.write === undefined) continue
    const path = ['ports', name, 'device', 'write']
    files.push({ path, file: device.write, who: `port ${quote(name)} writes` })
  }
  return files
}
