/** What can be found out about a config and this host without changing anything. */
import { accessSync, constants, readFileSync } from 'node:fs'
import type { Config, Device } from '../config/types.js'
import { namespaceExists } from '../device/namespace.js'
import { loadNative } from '../device/native.js'
import { LinkspanError } from '../error.js'
import { readConfig } from './config-file.js'

export function check(options: { config?: string }): void {
  const config = readConfig(options.config)
  checkHost(config)
  const count = (what: object) => Object.keys(what).length
  const uplinks = count(config.uplinks)
  const more = uplinks === 0 ? '' : `, ${uplinks} uplinks`
  console.log(`ok: ${count(config.bridges)} bridges, ${count(config.ports)} ports${more}`)
  for (const warning of forwardingWarnings(config)) console.error(`linkspan: warning: ${warning}`)
}

/** Sections with devices, and their names. */
function* devicesOf({ ports, uplinks }: Config): Generator<[place: string, device: Device]> {
  for (const [name, { device }] of Object.entries(ports)) yield [`ports.${name}`, device]
  for (const [name, { device }] of Object.entries(uplinks)) yield [`uplinks.${name}`, device]
}

const FORWARDING = {
  4: { file: '/proc/sys/net/ipv4/ip_forward', name: 'net.ipv4.ip_forward' },
  6: { file: '/proc/sys/net/ipv6/conf/all/forwarding', name: 'net.ipv6.conf.all.forwarding' },
} as const

/**
 * What is outside of an uplink's TAP is reached by way of this host, if its address there is the next
 * hop: then it has to forward. That can be seen where Linkspan runs, not in another namespace.
 */
export function* forwardingWarnings({ uplinks }: Pick<Config, 'uplinks'>): Generator<string> {
  for (const [name, { device, routes }] of Object.entries(uplinks)) {
    if (device.type !== 'tap' || device.netns !== undefined) continue
    const own = new Set(device.addresses.map((text) => text.slice(0, text.indexOf('/'))))
    for (const family of [4, 6] as const) {
      const { file, name: sysctl } = FORWARDING[family]
      const hop = routes.find(({ via }) => {
        return via !== undefined && own.has(via) && via.includes(':') === (family === 6)
      })
      if (hop === undefined || !isZero(file)) continue
      yield `uplinks.${name}: its next hop ${hop.via} is this host, which does not forward IPv${family}: nothing beyond it is reached until "sysctl -w ${sysctl}=1"`
    }
  }
}

function isZero(file: string): boolean {
  try {
    return readFileSync(file, 'utf8').trim() === '0'
  } catch {
    return false // not Linux, or no such family: nothing can be said
  }
}

/** Throws with all that would keep `up` from starting on this host. */
function checkHost(config: Config): void {
  const problems = [...privilegeProblems(config), ...namespaceProblems(config)]
  if (problems.length === 0) return
  throw new LinkspanError(
    'DEVICE',
    `the config is right, but on this host:\n  ${problems.join('\n  ')}`,
  )
}

function* privilegeProblems(config: Config): Generator<string> {
  const taps = [...devicesOf(config)].some(([, { type }]) => type === 'tap')
  if (!taps) return
  try {
    accessSync('/dev/net/tun', constants.R_OK | constants.W_OK)
  } catch {
    yield '/dev/net/tun cannot be opened: load the module "tun", or run as root'
    return
  }
  try {
    loadNative().tapFeatures()
  } catch (error) {
    yield (error as Error).message
  }
}

function* namespaceProblems(config: Config): Generator<string> {
  for (const [place, device] of devicesOf(config)) {
    if (device.type !== 'tap' || device.missing === 'wait') continue
    if (namespaceExists(device.netns)) continue
    yield `${place}: there is no namespace "${device.netns}": make it with "ip netns add", or set missing: wait`
  }
}
