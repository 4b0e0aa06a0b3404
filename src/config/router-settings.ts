/** What the packet path's router is to be for a config: interfaces, routes, neighbours, by domain. */
import { mtuOn } from './overlay-mtu.js'
import type { Config } from './types.js'
import { uplinkBridge } from './uplink-port.js'

/** A broadcast domain; `vlan` on a VLAN-aware bridge. */
export interface RouterDomain {
  bridge: string
  vlan?: number | undefined
}

export interface RouterInterfaceSettings {
  domain: RouterDomain
  mac: string
  addresses: readonly string[]
  mtu: number
  advertise: boolean
  uplink: boolean
}

export interface RouterSettings {
  interfaces: readonly RouterInterfaceSettings[]
  /** Without `via` and `interface`: unreachable; without `interface`: that in whose subnet `via` is. */
  routes: readonly { to: string; via?: string | undefined; interface?: RouterDomain | undefined }[]
  neighbors: readonly (RouterDomain & { address: string; mac: string })[]
}

/** Of bridges that do not say (RFC 894). */
const DEFAULT_MTU = 1500

export const NO_ROUTER: RouterSettings = { interfaces: [], routes: [], neighbors: [] }

export function routerSettings(config: Config): RouterSettings {
  const { bridges, underlay, uplinks, routes } = config
  const gateways = Object.entries(bridges).flatMap(([bridge, of]) => {
    if (of.gateway === undefined) return []
    const { mac, addresses, advertise, vlan } = of.gateway
    const mtu = mtuOn(of, underlay) ?? DEFAULT_MTU
    return [{ domain: { bridge, vlan }, mac, addresses, mtu, advertise, uplink: false }]
  })
  const outer = Object.entries(uplinks).map(([name, { mac, addresses, mtu }]) => {
    const domain: RouterDomain = { bridge: uplinkBridge(name) }
    return { domain, mac, addresses, mtu, advertise: false, uplink: true }
  })
  const behind = Object.entries(uplinks).flatMap(([name, uplink]) =>
    uplink.routes.map(({ to, via }) => ({ to, via, interface: { bridge: uplinkBridge(name) } })),
  )
  const domainOf = ({
    bridge,
    uplink,
  }: {
    bridge?: string | undefined
    uplink?: string | undefined
  }) =>
    bridge === undefined
      ? { bridge: uplinkBridge(uplink as string) }
      : { bridge, vlan: bridges[bridge]?.gateway?.vlan }
  // Those of other bridges are not the router's: suppression answers for them (overlay-settings.ts).
  const neighbors = config.neighbors.filter(
    ({ bridge }) => bridge === undefined || bridges[bridge]?.gateway !== undefined,
  )
  return {
    interfaces: [...gateways, ...outer],
    routes: [...routes.map(({ to, via }) => ({ to, via })), ...behind],
    neighbors: neighbors.map((one) => ({
      ...domainOf(one),
      address: one.address,
      mac: one.mac,
    })),
  }
}
