/** Names that the overlay's ports have in a switch: no name of a config is like them (names.ts). */
import type { UnderlaySocket } from './overlay-settings.js'
import { isUplinkBridge } from './uplink-port.js'

const AT = '@'

/** The private bridge of all ports of the underlay: no uplink's, since no name begins so. */
export const UNDERLAY_BRIDGE = '@@underlay'

/** `underlay@192.0.2.10:4789`, `underlay@[2001:db8::1]:4789`. */
export function underlayName({ address, port }: UnderlaySocket): string {
  const host = address.includes(':') ? `[${address}]` : address
  return `underlay${AT}${host}:${port}`
}

/** The port of a bridge that is its tunnel to a VTEP: `blue@192.0.2.11`. */
export const tunnelName = (bridge: string, vtep: string): string => `${bridge}${AT}${vtep}`

/** Bridge and VTEP of a port that is a tunnel; undefined for any other. */
export function tunnelOf(port: string): { bridge: string; vtep: string } | undefined {
  const at = port.indexOf(AT)
  if (at <= 0 || isUplinkBridge(port)) return undefined
  const vtep = port.slice(at + 1)
  const isSocket = vtep.startsWith('[') || /^\d+(\.\d+){3}:/.test(vtep)
  return isSocket ? undefined : { bridge: port.slice(0, at), vtep }
}
