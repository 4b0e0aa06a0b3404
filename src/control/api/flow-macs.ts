/** MACs for a flow of which a person said the addresses only. */
import {
  type Address,
  formatAddress,
  isLimitedBroadcast,
  isLinkLocal,
  isMulticast,
  parseMac,
  parsePrefix,
} from '../../config/address.js'
import { tunnelOf } from '../../config/overlay-names.js'
import type { Device } from '../../config/types.js'
import { lookUp } from '../../dataplane/route-lookup.js'
import type { Router } from '../../dataplane/router.js'

export interface FlowMacs {
  source?: Address
  destination?: Address
  /** It may go by a gateway: an ARP request does not. */
  isRouted?: boolean
  /** Of its tag. */
  vlan?: number
  sourceMac?: Uint8Array
  destinationMac?: Uint8Array
}

/** What is known of the ports of a switch. */
export interface MacHost {
  readonly ports: ReadonlyMap<
    string,
    {
      readonly config: { readonly device: Device; readonly bridge?: string; readonly vlan?: Vlans }
      readonly mac: string | undefined
    }
  >
  readonly topology?: {
    readonly router: Pick<Router, 'routes' | 'gateways'> & Partial<Pick<Router, 'neighbors'>>
  }
  now?(): number
}

interface Vlans {
  readonly native?: number | undefined
}

/**
 * Fills in what was left out: the port's own MAC, of what comes by a tunnel that of the neighbour who has
 * the address, and that of the bridge's gateway, of the port or of the neighbour that has the address, as
 * a host there would send it.
 */
export function macsOf(host: MacHost, port: string, flow: FlowMacs): FlowMacs {
  const { ports } = host
  const bridge = bridgeOf(host, port)
  const [from, to] = [flow.source, flow.destination]
  const isTunnel = tunnelOf(port) !== undefined
  const own =
    macOf(ports.get(port)) ?? (isTunnel && from ? neighborOf(host, bridge, from) : undefined)
  const gateway = flow.isRouted ? gatewayOf(host, bridge, port, flow) : undefined
  const other = gateway ?? (to && (macOf(findOwner(ports, to)) ?? neighborOf(host, bridge, to)))
  return { ...(own && { sourceMac: own }), ...(other && { destinationMac: other }), ...flow }
}

/** A tunnel is on the bridge in its name. */
function bridgeOf({ ports }: MacHost, port: string): string | undefined {
  return tunnelOf(port)?.bridge ?? ports.get(port)?.config.bridge
}

/** The MAC that is known of an address on a bridge, by its router or by suppression. */
function neighborOf(
  host: MacHost,
  bridge: string | undefined,
  address: Address,
): Uint8Array | undefined {
  const text = formatAddress(address.bytes)
  const known = host.topology?.router
    .neighbors?.(host.now?.() ?? 0)
    .find((one) => one.bridge === bridge && one.address === text && one.mac !== null)
  return known?.mac ? parseMac(known.mac) : undefined
}

/** The gateway of the port's bridge, if the destination is its own or not on the bridge's networks. */
function gatewayOf(
  { ports, topology }: MacHost,
  bridge: string | undefined,
  port: string,
  { destination, vlan }: FlowMacs,
): Uint8Array | undefined {
  const { vlan: vlans } = ports.get(port)?.config ?? {}
  if (!topology || !destination || bridge === undefined || isOfLink(destination)) return undefined
  const { router } = topology
  const tagged = vlan ?? vlans?.native ?? 1
  const gateway = [...router.gateways(bridge)].find((one) => one.vlan === 0 || one.vlan === tagged)
  const { family } = destination
  if (!gateway?.prefixes.some((prefix) => prefix.family === family)) return undefined
  const route = lookUp(router.routes(), destination)
  const isNear = route?.kind === 'connected' && route.bridge === bridge
  return isNear ? undefined : parseMac(gateway.mac)
}

/** It means something on one link only. */
const isOfLink = (address: Address): boolean =>
  isMulticast(address) || isLimitedBroadcast(address) || isLinkLocal(address)

type Known = MacHost['ports'] extends ReadonlyMap<string, infer P> ? P : never

function macOf(port: Known | undefined): Uint8Array | undefined {
  const device = port?.config.device
  const configured = device?.type === 'tap' ? device.mac : undefined
  const text = port?.mac ?? configured
  return text === undefined ? undefined : parseMac(text)
}

function findOwner(ports: MacHost['ports'], { bytes }: Address): Known | undefined {
  for (const port of ports.values()) {
    const { device } = port.config
    const addresses = device.type === 'tap' ? device.addresses : []
    const has = addresses.some((text) => Buffer.compare(parsePrefix(text).bytes, bytes) === 0)
    if (has) return port
  }
  return undefined
}
