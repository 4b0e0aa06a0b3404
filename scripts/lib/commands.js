// Commands of the system: whether they are there, and which packages bring them. Nothing is installed here.
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** command → the Debian packages that bring it. */
const packagesOf = {
  cc: ['gcc', 'libc6-dev'],
  'g++': ['g++'], // node-gyp links with it, C addons too
  make: ['make'],
  python3: ['python3'], // node-gyp
  chromium: ['chromium'],
  conntrack: ['conntrack'],
  curl: ['curl'],
  edge: ['n2n'],
  ethtool: ['ethtool'],
  ip: ['iproute2'],
  iperf3: ['iperf3'],
  nft: ['nftables'],
  'ovs-vsctl': ['openvswitch-switch'],
  'ovs-vswitchd': ['openvswitch-switch'],
  ping: ['iputils-ping'],
  scapy: ['python3-scapy'],
  supernode: ['n2n'],
  tcpdump: ['tcpdump'],
  traceroute: ['traceroute'],
  tshark: ['tshark'],
  turnserver: ['coturn'],
  unshare: ['util-linux'],
  vde_switch: ['vde2'],
}

/** The Debian packages that bring commands. */
export const packagesFor = (commands) => [
  ...new Set(commands.flatMap((command) => packagesOf[command] ?? [])),
]

/** What to do about commands that are missing, as the end of a sentence; '' where that is not known. */
export function howToGet(commands) {
  const packages = packagesFor(commands).join(' ')
  return packages && `; on Debian or Ubuntu: apt-get install ${packages}`
}

/** `PATH` and the sbin folders, which a user's `PATH` often lacks. */
export const searchPath = () => `${process.env.PATH}${delimiter}/usr/sbin${delimiter}/sbin`

/** Where a command is, or undefined. */
export function findCommand(command, path = searchPath()) {
  const files = path.split(delimiter).map((folder) => join(folder, command))
  return files.find((file) => {
    try {
      accessSync(file, constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

export const hasCommand = (command, path) => findCommand(command, path) !== undefined
