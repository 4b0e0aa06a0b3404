/** What of the host only one device can have at a time. */
import { netnsKey, pathKey } from '../config/names.js'
import type { Device, Port, TapDevice } from '../config/types.js'

/** Names of what a port's device takes; two ports with one in common clash. */
export function resourcesOf(port: Port | undefined): string[] {
  return port === undefined ? [] : taken(port.device)
}

function taken(device: Device): string[] {
  if (device.type === 'tap') return [interfaceOf(device), ...routesOf(device)]
  if (device.type === 'packet') return [interfaceOf(device)]
  if (device.type === 'unix') {
    const paths = [device.listen ? device.path : undefined, device.local]
    return paths.flatMap((path) => (path === undefined ? [] : [`path ${pathKey(path)}`]))
  }
  if (device.type === 'pcap' && device.write !== undefined) return [`path ${pathKey(device.write)}`]
  return []
}

function interfaceOf({ netns, name }: { netns?: string | undefined; name: string }): string {
  return `interface ${netnsKey(netns)} ${name}`
}

function routesOf({ netns, routes }: TapDevice): string[] {
  if (routes === 'auto') return []
  const place = netnsKey(netns)
  return routes.map(({ to, via }) => `route ${place} ${to} ${via?.includes(':') ?? false}`)
}
