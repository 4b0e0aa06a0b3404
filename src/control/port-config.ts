/** What of a port's config goes where. */
import type { Port as PortConfig, TapDevice as TapConfig } from '../config/types.js'
import { isSystemError } from '../device/error.js'
import type { TapOptions, TapRoute } from '../device/tap.js'
import { LinkspanError } from '../error.js'

/** The part of a port's config that is the topology's business. */
export function settingsOf({ bridge }: PortConfig) {
  return { bridge }
}

/** A device that only lives in a program cannot be a port of the running switch. */
export function refuseForeignDevice(name: string, { device }: PortConfig): void {
  if (device.type === 'tap') return
  throw new LinkspanError(
    'INVALID',
    `port "${name}": a "${device.type}" device lives in the program that uses it: use createSwitch of linkspan; a running switch has "tap" devices`,
  )
}

/** Whether a device could not be opened for a reason that its config says to wait out. */
export function mayWait({ device }: PortConfig, error: unknown): boolean {
  const missing = isSystemError(error) && (error.code === 'ENOENT' || error.code === 'ENODEV')
  return missing && device.type === 'tap' && device.missing === 'wait'
}

/** What the device layer is asked for: only what was configured, nothing for one that is attached. */
export function tapOptions(config: TapConfig, known: string | undefined): TapOptions {
  const { missing: _, type: __, routes, ...rest } = config
  const { name, netns, create, mac = known } = rest
  // `auto` is the connected route, which the kernel adds with the address.
  const more = routes === 'auto' ? {} : { routes: routes as readonly TapRoute[] }
  const asked = create ? { ...rest, mac, ...more } : { name, netns, create }
  const given = Object.entries(asked).filter(([, value]) => value !== undefined)
  return Object.fromEntries(given) as unknown as TapOptions
}
