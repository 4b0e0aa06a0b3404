/** An uplink as the switch has it: a port, alone on a bridge that nobody else can name. */
import { OPEN } from './open-policy.js'
import type { Bridge, Port, Uplink } from './types.js'

/** No name of a config has it (names.ts). */
const MARK = '@'

/** The private bridge of an uplink. */
export const uplinkBridge = (uplink: string): string => `${MARK}${uplink}`

export const isUplinkBridge = (bridge: string): boolean => bridge.startsWith(MARK)

/** The bridge as people are shown it: an uplink's is none. */
export const shownBridge = (bridge: string): string | null =>
  isUplinkBridge(bridge) ? null : bridge

/** The uplink whose bridge it is, if it is one's. */
export const uplinkOf = (bridge: string): string | null =>
  isUplinkBridge(bridge) ? bridge.slice(MARK.length) : null

export const UPLINK_BRIDGE: Bridge = Object.freeze({
  ageing: 300_000,
  vlanAware: false,
  isolated: false,
  controlFrames: [],
  policy: 'allow',
})

export function uplinkPort(name: string, { device, up, impair }: Uplink): Port {
  return { bridge: uplinkBridge(name), up, device, ...(impair && { impair }), ...OPEN }
}
