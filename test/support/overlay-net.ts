/** Hosts in namespaces of their own on one underlay, containers on them, and what joins the two. */
import { ip, namespace } from './netns.js'

/** A host of the underlay; its `eth0` has both addresses. */
export interface Host {
  netns: string
  ip4: string
  ip6: string
}

export interface UnderlayNet {
  hosts: Host[]
  /** The namespace of the bridge between them, whose ports are `h0`, `h1`, … */
  hub: string
}

/** Somebody inside; its `eth0` has both addresses. */
export interface Container {
  netns: string
  mac: string
  ip4: string
  ip6: string
}

/** Of IP packets within VXLAN over IPv4 and IPv6 (CONFORMANCE X8). */
export const OVERHEAD = { 4: 50, 6: 70 } as const

/** Hosts whose interfaces are on one bridge. */
export function underlayNet(count: number, mtu = 1500): UnderlayNet {
  const hub = namespace(undefined, { ipv6: false })
  ip('-n', hub, 'link', 'add', 'br0', 'mtu', String(mtu), 'type', 'bridge')
  ip('-n', hub, 'link', 'set', 'br0', 'up')
  const hosts = Array.from({ length: count }, (_, index) => {
    const host = { netns: namespace(), ip4: `10.9.0.${index + 1}`, ip6: `fd09::${index + 1}` }
    link([host.netns, 'eth0'], [hub, `h${index}`], mtu)
    ip('-n', hub, 'link', 'set', `h${index}`, 'master', 'br0')
    give(host.netns, 'eth0', host)
    return host
  })
  return { hosts, hub }
}

/** A veth whose two ends are up. */
export function link([a, name]: [string, string], [b, peer]: [string, string], mtu = 1500): void {
  const ends = ['type', 'veth', 'peer', 'name', peer, 'netns', b]
  ip('-n', a, 'link', 'add', name, 'mtu', String(mtu), ...ends)
  ip('-n', b, 'link', 'set', peer, 'mtu', String(mtu), 'up')
  ip('-n', a, 'link', 'set', name, 'up')
  for (const netns of [a, b]) ip('-n', netns, 'link', 'set', 'lo', 'up')
}

export function give(netns: string, name: string, { ip4, ip6 }: { ip4: string; ip6: string }) {
  ip('-n', netns, 'address', 'add', `${ip4}/24`, 'dev', name)
  ip('-n', netns, 'address', 'add', `${ip6}/64`, 'dev', name, 'nodad')
}

/** Container `number` from 1, in a namespace that is made. */
export function container(number: number): Container {
  const octet = number.toString(16).padStart(2, '0')
  return {
    netns: namespace(),
    mac: `02:55:00:00:00:${octet}`,
    ip4: `10.55.0.${number}`,
    ip6: `fd55::${octet}`,
  }
}

export interface SwitchOptions {
  host: Host
  containers: readonly Container[]
  /** `peers`, and what else is to differ from VNI 42. */
  vxlan: object
  /** Of the bridge. */
  bridge?: object
  underlay?: object
  version?: 4 | 6
  mtu?: number
}

/** The port of a container in `switchOn`. */
export const portOf = ({ ip4 }: Container) => `c${ip4.split('.')[3]}`

/** The config of a switch on a host: bridge `blue` with containers and tunnels. */
export function switchOn(options: SwitchOptions) {
  const { host, containers, vxlan, bridge, underlay, version = 4, mtu } = options
  const ports = containers.map(({ netns, mac, ip4, ip6, ...rest }) => {
    const addresses = [`${ip4}/24`, `${ip6}/64`]
    const device = { type: 'tap', netns, name: 'eth0', mac, addresses, mtu }
    return [portOf({ netns, mac, ip4, ip6, ...rest }), { bridge: 'blue', device }] as const
  })
  const address = version === 4 ? host.ip4 : host.ip6
  return {
    version: 1,
    underlay: { addresses: [address], netns: host.netns, ...underlay },
    bridges: { blue: { ...bridge, vxlan: { vni: 42, ...vxlan } } },
    ports: Object.fromEntries(ports),
  }
}

export interface KernelOptions {
  name?: string
  vni?: number
  port?: number
  mtu?: number
  /** Further words of `ip link add … type vxlan`. */
  words?: readonly string[]
}

/** A vxlan interface of the kernel on a host, up; `remote` undefined: a VTEP that sends nowhere yet. */
export function kernelVtep(
  { netns }: Host,
  [local, remote]: readonly [string, string | undefined],
  { name = 'vx0', vni = 42, port = 4789, mtu = 1450, words = [] }: KernelOptions = {},
): void {
  const ends = ['local', local, ...(remote === undefined ? [] : ['remote', remote])]
  const family = local.includes(':') ? ['-6'] : []
  const type = ['type', 'vxlan', 'id', String(vni), ...ends, 'dstport', String(port), ...words]
  ip(...family, '-n', netns, 'link', 'add', name, 'mtu', String(mtu), ...type)
  ip('-n', netns, 'link', 'set', name, 'up')
}

/** Joins a container to a bridge of the kernel on a host, on which its vxlan interface is. */
export function onKernelBridge(host: Host, inside: Container, mtu = 1450, vxlan = 'vx0'): void {
  const { netns } = host
  ip('-n', netns, 'link', 'add', 'br0', 'mtu', String(mtu), 'type', 'bridge')
  ip('-n', netns, 'link', 'set', 'br0', 'up')
  ip('-n', netns, 'link', 'set', vxlan, 'master', 'br0')
  link([inside.netns, 'eth0'], [netns, 'c0'], mtu)
  ip('-n', inside.netns, 'link', 'set', 'eth0', 'address', inside.mac)
  ip('-n', netns, 'link', 'set', 'c0', 'master', 'br0')
  give(inside.netns, 'eth0', inside)
}
