/** Two hosts on a wire, a switch on each, and a bridge that stretches over both with a station each. */
import { type Linkspan, up } from './linkspan.js'
import { namespace } from './netns.js'
import { addressOf, wire } from './underlay.js'

export interface OverlayHost {
  running: Linkspan
  /** Where the underlay's address is. */
  underlay: string
  /** The underlay's address, which is the other's VTEP. */
  vtep: string
  station: { netns: string; mac: string; ip4: string }
}

export interface OverlayLabOptions {
  /** Of the bridge's `vxlan`, both. */
  vxlan?: object
  /** More of the configs, by the address of the other host. */
  more?: (peer: string) => object
  /** Of the wire. */
  mtu?: number
}

export const VNI = 42

/** What `overlayLab` is made of, before anything runs. */
export function overlayConfigs({ vxlan, more, mtu }: OverlayLabOptions = {}) {
  const { ends } = wire(mtu)
  return ([0, 1] as const).map((end) => {
    const station = {
      netns: namespace(undefined, { ipv6: false }),
      mac: `02:0e:11:00:00:0${end + 1}`,
      ip4: `10.78.0.${end + 1}`,
    }
    const [vtep, peer] = [addressOf(4, end), addressOf(4, end === 0 ? 1 : 0)]
    const addresses = [`${station.ip4}/24`]
    const device = { type: 'tap', name: 'eth0', netns: station.netns, mac: station.mac, addresses }
    const config = {
      version: 1,
      underlay: { addresses: [vtep], netns: ends[end] },
      bridges: { blue: { vxlan: { vni: VNI, peers: [peer], ...vxlan } } },
      ports: { web: { bridge: 'blue', device } },
      ...more?.(peer),
    }
    return { config, underlay: ends[end], vtep, station }
  })
}

export async function overlayLab(options?: OverlayLabOptions): Promise<[OverlayHost, OverlayHost]> {
  const hosts: OverlayHost[] = []
  for (const { config, ...host } of overlayConfigs(options)) {
    hosts.push({ ...host, running: await up(config) })
  }
  return hosts as [OverlayHost, OverlayHost]
}
