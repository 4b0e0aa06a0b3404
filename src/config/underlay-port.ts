/** The underlay as the switch has it: a port a socket, alone with its like on a bridge that nobody can name. */
import { OPEN } from './open-policy.js'
import { UNDERLAY_BRIDGE, underlayName } from './overlay-names.js'
import { overlaySettings } from './overlay-settings.js'
import type { Config, Port } from './types.js'

/** By name. An address that is not there yet, or any more, is waited for. */
export function underlayPorts(config: Config): Record<string, Port> {
  const { netns } = config.underlay ?? {}
  const ports = overlaySettings(config).sockets.map((socket): [string, Port] => {
    const device = { type: 'udp', ...socket, netns, missing: 'wait' } as const
    return [underlayName(socket), { bridge: UNDERLAY_BRIDGE, up: true, device, ...OPEN }]
  })
  return Object.fromEntries(ports)
}
