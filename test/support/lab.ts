/** A bridge with stations in namespaces of their own, as a config and as what can be done with it. */
import { type NamespaceOptions, namespace, uniqueName } from './netns.js'

export interface Station {
  /** The port's name: `a`, `b`, … */
  name: string
  netns: string
  mac: string
  ip4: string
  ip6: string
}

export interface LabOptions extends NamespaceOptions {
  mtu?: number
  missing?: 'error' | 'wait'
}

/** A config with a bridge `lan` and a port with a TAP `eth0` for every station. */
export function configOf(stations: readonly Station[], options: LabOptions = {}) {
  const { mtu, missing, ipv6 = true } = options
  const port = ({ name, netns, mac, ip4, ip6 }: Station) => {
    const addresses = ipv6 ? [`${ip4}/24`, `${ip6}/64`] : [`${ip4}/24`]
    const device = { type: 'tap', name: 'eth0', netns, mac, addresses, mtu, missing }
    return [name, { bridge: 'lan', device }] as const
  }
  return { version: 1, bridges: { lan: {} }, ports: Object.fromEntries(stations.map(port)) }
}

/** Station `index`, from 0, in a namespace that is named but not made. */
export function station(index: number, netns = uniqueName()): Station {
  return {
    name: String.fromCharCode('a'.charCodeAt(0) + index),
    netns,
    mac: `02:e2:e0:00:00:0${index + 1}`,
    ip4: `10.77.0.${index + 1}`,
    ip6: `fd77::${index + 1}`,
  }
}

export interface Lab {
  stations: Station[]
  config: ReturnType<typeof configOf>
}

/** Makes the namespaces of `count` stations; they go after the test. */
export function lab(count: number, options: LabOptions = {}): Lab {
  const stations = Array.from({ length: count }, (_, index) => station(index))
  for (const { netns } of stations) namespace(netns, options)
  return { stations, config: configOf(stations, options) }
}

export function macOf({ mac }: Station): Uint8Array {
  return Uint8Array.from(mac.split(':'), (octet) => Number.parseInt(octet, 16))
}

/** The stations of a lab by position, for destructuring: they are known to be there. */
export function three(stations: readonly Station[]): [Station, Station, Station] {
  return stations.slice(0, 3) as [Station, Station, Station]
}

export function two(stations: readonly Station[]): [Station, Station] {
  return stations.slice(0, 2) as [Station, Station]
}
