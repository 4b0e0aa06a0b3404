/** What only one of them can have: MACs, interfaces, addresses, sockets, files that are written. */
import { quote } from './describe.js'
import type { Issues, Path } from './issues.js'
import { netnsKey, pathKey } from './names.js'
import type { Config, Device, PacketDevice, Port, TapDevice } from './types.js'

export function checkClashes(config: Config, issues: Issues): void {
  const taps = portsWith(['tap'], config)
  checkMacs(taps, issues)
  checkInterfaces(portsWith(['tap', 'packet'], config), issues)
  checkAddresses(taps, issues)
  checkSockets(config, issues)
  checkFiles(config, issues)
}

/** A port with a device of one kind. */
interface With<T> {
  name: string
  bridge: string
  device: T
}

function portsWith<T extends Device['type']>(types: readonly T[], { ports }: Config) {
  type Wanted = Extract<Device, { type: T }>
  const found: With<Wanted>[] = []
  for (const name in ports) {
    const { device, bridge } = ports[name] as Port
    const wanted = (types as readonly string[]).includes(device.type)
    if (wanted) found.push({ name, bridge, device: device as Wanted })
  }
  return found
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

function checkSockets(config: Config, issues: Issues): void {
  const users = new Map<string, string>()
  const { socket } = config.control
  if (socket !== undefined) users.set(pathKey(socket), 'the control socket is')
  for (const { name, device } of portsWith(['unix'], config)) {
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

function checkFiles(config: Config, issues: Issues): void {
  const writers = new Map<string, string>()
  for (const { path, file, who } of writtenFiles(config)) {
    const user = earlierUser(writers, pathKey(file), who)
    if (user !== undefined) issues.add(path, quote(file), `a file of its own: ${user} this one`)
  }
  for (const { name, device } of portsWith(['pcap'], config)) {
    const user = device.read && writers.get(pathKey(device.read))
    if (device.read === undefined || user === undefined) continue
    const expected = `a file that nothing writes: ${user} this one`
    issues.add(['ports', name, 'device', 'read'], quote(device.read), expected)
  }
}

function writtenFiles(config: Config): Written[] {
  const files: Written[] = []
  const add = (path: Path, file: string | undefined, who: string) => {
    if (file !== undefined) files.push({ path, file, who: `${who} writes` })
  }
  for (const [name, { mirror }] of Object.entries(config.bridges)) {
    add(['bridges', name, 'mirror', 'file'], mirror?.file, `the mirror of bridge ${quote(name)}`)
  }
  for (const [name, { mirror, device }] of Object.entries(config.ports)) {
    add(['ports', name, 'mirror', 'file'], mirror?.file, `the mirror of port ${quote(name)}`)
    const write = device.type === 'pcap' ? device.write : undefined
    add(['ports', name, 'device', 'write'], write, `port ${quote(name)}`)
  }
  return files
}
