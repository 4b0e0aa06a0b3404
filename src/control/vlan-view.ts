/** Which port is in which VLAN: what `bridge vlan show` prints of a Linux bridge. */
import type * as z from 'zod'
import { mirrorTargets } from '../config/mirror-target.js'
import type { VlanPolicy } from '../config/types.js'
import { isMember, namedVlans } from '../config/vlan-use.js'
import type { vlanAnswer } from './api/vlans.js'
import type { FdbScope } from './fdb-scope.js'
import type { RunningSwitch } from './running.js'

export type VlanView = z.output<typeof vlanAnswer>

/** A row a bridge, VLAN and port. @throws NOT_FOUND for unknown names */
export function vlanViews(running: RunningSwitch, scope: Omit<FdbScope, 'mac'>): VlanView[] {
  const { bridge: ofBridge, port: ofPort } = scope
  if (ofBridge !== undefined) running.topology.bridge(ofBridge)
  if (ofPort !== undefined) running.topology.port(ofPort)
  const targets = mirrorTargets(running.config)
  const ports = Object.entries(running.config.ports).filter(([name]) => !targets.has(name))
  const rows: VlanView[] = []
  for (const [bridge, named] of namedVlans(running.config)) {
    if (ofBridge !== undefined && bridge !== ofBridge) continue
    for (const vlan of [...named].sort((a, b) => a - b)) {
      if (scope.vlan !== undefined && vlan !== scope.vlan) continue
      for (const [port, config] of ports) {
        if (config.bridge !== bridge || (ofPort !== undefined && port !== ofPort)) continue
        if (config.vlan === undefined || !isMember(config.vlan, vlan, named)) continue
        rows.push({ bridge, vlan, port, ...membership(config.vlan, vlan) })
      }
    }
  }
  return rows
}

function membership({ mode, native, nativeTagged, admit }: VlanPolicy, vlan: number) {
  const own = native === vlan
  return { mode, tagged: !own || nativeTagged, native: own && admit !== 'tagged' }
}
