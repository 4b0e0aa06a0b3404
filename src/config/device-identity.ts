/** What makes a device another device, which has to be opened, rather than the same one changed. */
import { netnsKey, pathKey } from './names.js'
import type { Device } from './types.js'

/** The same text for the same device. */
export function deviceIdentity(device: Device): string {
  return JSON.stringify([device.type, ...identifying(device)])
}

function identifying(device: Device): unknown[] {
  switch (device.type) {
    case 'tap':
      return [device.create, netnsKey(device.netns), device.name]
    case 'packet':
      return [netnsKey(device.netns), device.name]
    case 'unix':
      return [pathKey(device.path), device.mode, device.listen, keyOf(device.local)]
    case 'pcap':
      return [keyOf(device.read), keyOf(device.write)]
    case 'udp':
      return [netnsKey(device.netns), device.address, device.port]
    case 'memory':
      return []
  }
}

function keyOf(path: string | undefined): string | undefined {
  return path && pathKey(path)
}
