/** What can be found out about a config and this host without changing anything. */
import { accessSync, constants } from 'node:fs'
import { refuseUnbuilt } from '../config/later.js'
import type { Config } from '../config/types.js'
import { namespaceExists } from '../device/namespace.js'
import { loadNative } from '../device/native.js'
import { LinkspanError } from '../error.js'
import { readConfig } from './config-file.js'

export function check(options: { config?: string }): void {
  const config = readConfig(options.config)
  refuseUnbuilt(config)
  checkHost(config)
  const count = (what: object) => Object.keys(what).length
  console.log(`ok: ${count(config.bridges)} bridges, ${count(config.ports)} ports`)
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
  const taps = Object.values(config.ports).some(({ device }) => device.type === 'tap')
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
  for (const [name, { device }] of Object.entries(config.ports)) {
    if (device.type !== 'tap' || device.missing === 'wait') continue
    if (namespaceExists(device.netns)) continue
    yield `ports.${name}: there is no namespace "${device.netns}": make it with "ip netns add", or set missing: wait`
  }
}
