/** Devices by their config: the one place that knows which kinds there are. */
import { existsSync } from 'node:fs'
import { same } from '../config/plain.js'
import type {
  Device as AnyDeviceConfig,
  PacketDevice as PacketDeviceConfig,
  PcapDevice as PcapDeviceConfig,
  TapDevice as TapDeviceConfig,
  UdpDevice as UdpDeviceConfig,
  UnixDevice as UnixDeviceConfig,
} from '../config/types.js'
import { LinkspanError } from '../error.js'
import type { Device } from './device.js'
import { isSystemError } from './error.js'
import { namespaceExists } from './namespace.js'
import { PacketDevice } from './packet.js'
import { PcapDevice } from './pcap.js'
import { TapDevice, type TapOptions, type TapRoute } from './tap.js'
import { UdpDevice } from './udp.js'
import { openUnix } from './unix.js'

/** Of devices that a running switch can have. */
export type DeviceConfig =
  | TapDeviceConfig
  | PacketDeviceConfig
  | UnixDeviceConfig
  | PcapDeviceConfig
  | UdpDeviceConfig

export interface OpenOptions {
  /** Workers there are to read and write it. */
  workers: number
  /** The MAC that it had before, which it gets again unless its config says another. */
  mac?: string | undefined
  /** The port's name. */
  port?: string | undefined
}

/** Says why a device cannot be a running switch's. */
export function checkOpenable(
  port: string,
  config: AnyDeviceConfig,
): asserts config is DeviceConfig {
  if (['tap', 'packet', 'unix', 'pcap', 'udp'].includes(config.type)) return
  throw new LinkspanError(
    'INVALID',
    `port "${port}": a "${config.type}" device lives in the program that uses it: use createSwitch of linkspan; a running switch has "tap", "packet", "unix" and "pcap" devices`,
  )
}

/** @throws DeviceError that says which step failed; nothing is left behind then */
export function openDevice(config: DeviceConfig, { workers, mac, port }: OpenOptions): Device {
  switch (config.type) {
    case 'tap':
      return TapDevice.open(tapOptions(config, mac), workers)
    case 'packet':
      return PacketDevice.open(config)
    case 'unix':
      return openUnix(config)
    case 'pcap':
      return PcapDevice.open({ ...config, port })
    case 'udp':
      return UdpDevice.open(config, workers)
  }
}

/** Less what may differ without the device being another: when it is missing is the port's business. */
const ofTheDevice = (device: DeviceConfig) => ({ ...device, missing: undefined })

/**
 * Whether a device can be made what another config says while it runs.
 *
 * @param mac the one it has, which it keeps unless the config says another
 */
export function canUpdateDevice(
  device: Device,
  from: DeviceConfig,
  to: DeviceConfig,
  mac: string | undefined,
): boolean {
  if (device instanceof TapDevice && to.type === 'tap') return device.canUpdate(tapOptions(to, mac))
  return same(ofTheDevice(from), ofTheDevice(to))
}

/** @returns what takes it back @throws DeviceError; the device is as it was then */
export function updateDevice(
  device: Device,
  to: DeviceConfig,
  mac: string | undefined,
): () => void {
  if (device instanceof TapDevice && to.type === 'tap') return device.update(tapOptions(to, mac))
  return () => {}
}

/** Whether an error of `openDevice` may be over when somebody has made what is missing. */
export function isMissing(error: unknown): boolean {
  return (
    isSystemError(error) &&
    ['ENOENT', 'ENODEV', 'ECONNREFUSED', 'EADDRNOTAVAIL'].includes(error.code)
  )
}

/** Whether the port of a device that is not there, yet or any more, waits for it. */
export const waitsFor = (config: DeviceConfig): boolean =>
  'missing' in config && config.missing === 'wait'

/** Whether it is worth an attempt: a look at the file system, since an attempt may cost 20 ms. */
export function mayBeThere(config: DeviceConfig): boolean {
  if (config.type === 'pcap') return true
  if (config.type !== 'unix') return namespaceExists(config.netns)
  return config.listen || existsSync(config.path)
}

/** Closes many, at the cost of one where a kind can; one that fails keeps no other from it. */
export function closeDevices(devices: Iterable<Device>): void {
  const all = [...devices]
  const taps = all.filter((device) => device instanceof TapDevice)
  const failures: Error[] = []
  for (const close of [() => TapDevice.closeAll(taps), ...all.map((one) => () => one.close())]) {
    try {
      close()
    } catch (error) {
      failures.push(error as Error)
    }
  }
  if (failures.length > 1) {
    throw new AggregateError(failures, failures.map(({ message }) => message).join('; '))
  }
  if (failures[0]) throw failures[0]
}

/** Where a device is, as its config has it, for tables and for a line of text. */
export interface DevicePlace {
  ifname: string | null
  netns: string | null
  label: string
}

export function placeOf(config: DeviceConfig): DevicePlace {
  if (config.type === 'unix') return { ifname: null, netns: null, label: config.path }
  if (config.type === 'udp') return placeOfSocket(config)
  if (config.type === 'pcap') {
    const label = [config.read, config.write].filter((path) => path !== undefined).join(' > ')
    return { ifname: null, netns: null, label }
  }
  const { name, netns = null } = config
  return { ifname: name, netns, label: netns === null ? name : `${name} in ${netns}` }
}

function placeOfSocket({ address, port, netns }: UdpDeviceConfig): DevicePlace {
  const label = `${address} port ${port}`
  if (netns === undefined) return { ifname: null, netns: null, label }
  return { ifname: null, netns, label: `${label} in ${netns}` }
}

/** What the device layer is asked for: only what was configured, nothing for one that is attached. */
function tapOptions(config: TapDeviceConfig, known: string | undefined): TapOptions {
  const { missing: _, type: __, routes, ...rest } = config
  const { name, netns, create, mac = known } = rest
  // `auto` is the connected route, which the kernel adds with the address.
  const more = routes === 'auto' ? {} : { routes: routes as readonly TapRoute[] }
  const asked = create ? { ...rest, mac, ...more } : { name, netns, create }
  const given = Object.entries(asked).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as unknown as TapOptions
}
