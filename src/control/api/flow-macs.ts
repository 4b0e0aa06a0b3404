/** MACs for a flow of which a person said the addresses only. */
import { type Address, parseMac, parsePrefix } from '../../config/address.js'
import type { Device } from '../../config/types.js'

export interface FlowMacs {
  destination?: Address
  sourceMac?: Uint8Array
  destinationMac?: Uint8Array
}

/** What is known of the ports of a switch. */
export interface MacHost {
  readonly ports: ReadonlyMap<
    string,
    { readonly config: { readonly device: Device }; readonly mac: string | undefined }
  >
}

/** Fills in what was left out: the port's own MAC, and that of the port that has the address. */
export function macsOf({ ports }: MacHost, port: string, flow: FlowMacs): FlowMacs {
  const own = macOf(ports.get(port))
  const other = flow.destination && macOf(findOwner(ports, flow.destination))
  return { ...(own && { sourceMac: own }), ...(other && { destinationMac: other }), ...flow }
}

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
