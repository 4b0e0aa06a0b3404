/** What `routes: auto` of a TAP comes to: default routes by the bridge's gateway. */
import { contains, formatAddress, parsePrefix } from './address.js'
import type { Config, Gateway, Port, Route, TapDevice, VlanPolicy } from './types.js'

/**
 * A default route of each family in which the device has an address in a subnet of the gateway. On a
 * VLAN-aware bridge, for ports whose untagged frames are in the gateway's VLAN. The connected routes
 * the kernel makes itself; a host without an IPv6 address learns the way from router advertisements.
 */
export function autoRoutes(
  { addresses }: Pick<TapDevice, 'addresses'>,
  gateway: Gateway | undefined,
  vlan: VlanPolicy | undefined,
): Route[] {
  if (gateway === undefined || gateway.vlan !== vlan?.native) return []
  const own = addresses.map(parsePrefix)
  return ([4, 6] as const).flatMap((family) => {
    const via = gateway.addresses
      .map(parsePrefix)
      .find((of) => of.family === family && own.some((address) => contains(of, address)))
    if (via === undefined) return []
    return [{ to: family === 4 ? '0.0.0.0/0' : '::/0', via: formatAddress(via.bytes) }]
  })
}

/** The port with a list in the place of `routes: auto`: what its device is asked for. */
export function withRoutes(port: Port, { bridges }: Pick<Config, 'bridges'>): Port {
  const { device } = port
  if (device.type !== 'tap' || device.routes !== 'auto') return port
  const bridge = Object.hasOwn(bridges, port.bridge) ? bridges[port.bridge] : undefined
  return { ...port, device: { ...device, routes: autoRoutes(device, bridge?.gateway, port.vlan) } }
}
