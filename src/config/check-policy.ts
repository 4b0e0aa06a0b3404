/** What must hold between the settings of one port. */
import { quote } from './describe.js'
import type { Issues, Path } from './issues.js'
import { longestFrame } from './super-frame.js'
import type { Config, Policing, Port } from './types.js'

export function checkPolicy(path: Path, port: Port, config: Config, issues: Issues): void {
  checkVlan(path, port, config, issues)
  checkLearning(path, port, issues)
  checkGuard(path, port, issues)
  checkBurst([...path, 'limits', 'receive'], port.limits.receive, port, issues)
  checkBurst([...path, 'limits', 'transmit'], port.limits.transmit, port, issues)
}

function checkVlan(path: Path, { bridge, vlan }: Port, { bridges }: Config, issues: Issues): void {
  const of = Object.hasOwn(bridges, bridge) ? bridges[bridge] : undefined
  if (vlan === undefined || of === undefined || of.vlanAware) return
  const expected = 'no "vlan" on a bridge that is not VLAN-aware'
  const message = `bridge ${quote(bridge)} is not VLAN-aware; set "vlanAware: true" on it, or take "vlan" out`
  issues.add([...path, 'vlan'], 'a mapping', expected, message, 'key')
}

function checkLearning(path: Path, port: Port, issues: Issues): void {
  const { learning, locked, sticky, limits } = port
  if (locked && learning) {
    issues.add([...path, 'learning'], 'true', 'false or nothing: a locked port learns nothing')
  }
  if (learning && !locked) return
  const why = locked ? 'a locked port' : 'a port with "learning: false"'
  const expected = `nothing here: ${why} learns nothing`
  if (sticky) issues.add([...path, 'sticky'], 'true', expected)
  if (limits.macs !== undefined) {
    issues.add([...path, 'limits', 'macs'], String(limits.macs), expected)
  }
}

/** A list that is empty is one that `guard: auto` found nothing for. */
function checkGuard(path: Path, { guard }: Port, issues: Issues): void {
  const lacking = [
    ...(guard?.macs?.length === 0 ? ['"mac"'] : []),
    ...(guard?.addresses?.length === 0 ? ['"addresses"'] : []),
  ].join(' and ')
  if (lacking === '') return
  const expected = `a device with "mac" and "addresses" (it has no ${lacking}), or a mapping with "macs", "addresses" or both`
  issues.add([...path, 'guard'], '"auto"', expected)
}

/** A frame longer than the burst would never pass. */
function checkBurst(
  path: Path,
  policing: Policing | undefined,
  { device }: Port,
  issues: Issues,
): void {
  const longest = longestFrame(device)
  const { burst = longest } = policing ?? {}
  if (burst >= longest) return
  const expected = `at least ${longest} octets, the longest frame of this port`
  issues.add([...path, 'burst'], String(burst), expected)
}
