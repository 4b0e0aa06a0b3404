/** What the packet path's overlay is to be for a config: sockets of the underlay, tunnels by bridge. */
import type { Config, Vxlan } from './types.js'
import { vtepFamily } from './vtep.js'

/** One of our own ends: a local address and a UDP port. */
export interface UnderlaySocket {
  address: string
  port: number
}

/** `peers` are in order; a frame for one leaves by the socket of its family and of `port`. */
export interface OverlayBridge extends Omit<Vxlan, 'peers'> {
  bridge: string
  peers: readonly string[]
}

export interface OverlaySettings {
  /** In order; none twice. */
  sockets: readonly UnderlaySocket[]
  /** In the order of their names. */
  bridges: readonly OverlayBridge[]
  /** Static neighbours on those bridges: what suppression knows without having learnt it. */
  neighbors: readonly { bridge: string; address: string; mac: string }[]
}

export const NO_OVERLAY: OverlaySettings = { sockets: [], bridges: [], neighbors: [] }

/** Every bridge that has tunnels uses every address of the underlay: peers may come of both families. */
export function overlaySettings({ bridges, underlay, neighbors }: Config): OverlaySettings {
  if (underlay === undefined) return NO_OVERLAY
  const tunnelled = Object.entries(bridges).flatMap(([bridge, { vxlan }]) =>
    vxlan === undefined ? [] : [{ ...vxlan, bridge, peers: [...vxlan.peers].sort(byAddress) }],
  )
  const ports = new Set([underlay.port, ...tunnelled.map(({ port }) => port)])
  const inOrder = [...ports].sort((a, b) => a - b)
  const own = [...underlay.addresses].sort(byAddress)
  const names = new Set(tunnelled.map(({ bridge }) => bridge))
  return {
    sockets: own.flatMap((address) => inOrder.map((port) => ({ address, port }))),
    bridges: tunnelled.sort((a, b) => (a.bridge < b.bridge ? -1 : 1)),
    neighbors: neighbors.flatMap(({ bridge, address, mac }) =>
      bridge !== undefined && names.has(bridge) ? [{ bridge, address, mac }] : [],
    ),
  }
}

/** IPv4 first; then by text, which is the same in every run. */
function byAddress(a: string, b: string): number {
  return vtepFamily(a) - vtepFamily(b) || (a < b ? -1 : 1)
}
