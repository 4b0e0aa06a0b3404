// What this machine has and allows.
import { accessSync, constants } from 'node:fs'
import { hasCommand, howToGet } from '../../scripts/lib/commands.js'
import { run } from './process.js'

/** Whether a file can be opened for this. */
function allows(path, mode) {
  try {
    accessSync(path, mode)
    return true
  } catch {
    return false
  }
}

/** Why no network namespaces and TAPs can be made here, and what to do; undefined where they can. */
export async function whyForbidden() {
  if (process.platform !== 'linux') return 'needs Linux, for network namespaces and TAPs'
  if (process.getuid?.() !== 0) return 'needs root, for network namespaces and TAPs'
  if (!allows('/dev/net/tun', constants.R_OK | constants.W_OK)) {
    return 'needs /dev/net/tun, which is not there (modprobe tun; a container: --device /dev/net/tun)'
  }
  if (!hasCommand('unshare')) return `needs unshare${howToGet(['unshare'])}`
  try {
    await run('unshare', ['--net', 'sh', '-c', ':'])
  } catch {
    return 'needs to make network namespaces, which this container may not (--privileged)'
  }
  return undefined
}
