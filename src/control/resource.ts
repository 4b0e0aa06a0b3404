/** What of the host only one device can have at a time. */
import { netnsKey } from '../config/names.js'
import type { Port } from '../config/types.js'

/** Names of the interface and the routes of a port's device; two ports with one in common clash. */
export function resourcesOf(port: Port | undefined): string[] {
  if (port?.device.type !== 'tap') return []
  const { name, netns, routes } = port.device
  const place = netnsKey(netns)
  const destinations = routes === 'auto' ? [] : routes
  return [
    `interface ${place} ${name}`,
    ...destinations.map(({ to, via }) => `route ${place} ${to} ${via?.includes(':') ?? false}`),
  ]
}
