/** Which VLANs exist on bridges, and which ports are in them. */
import type { Config, Port, VlanPolicy } from './types.js'

/** Of each VLAN-aware bridge, the VLANs that its ports name: that is all that exist there. */
export type NamedVlans = ReadonlyMap<string, ReadonlySet<number>>

export function namedVlans({ bridges, ports }: Pick<Config, 'bridges' | 'ports'>): NamedVlans {
  const named = new Map<string, Set<number>>()
  for (const [name, { vlanAware }] of Object.entries(bridges)) {
    if (vlanAware) named.set(name, new Set())
  }
  for (const { bridge, vlan } of Object.values(ports)) {
    const vlans = named.get(bridge)
    if (vlans === undefined || vlan === undefined) continue
    for (const id of vlan.tagged === 'all' ? [] : vlan.tagged) vlans.add(id)
    if (vlan.native !== undefined) vlans.add(vlan.native)
  }
  return named
}

/** Whether a port is in a VLAN that exists on its bridge. */
export function isMember({ native, tagged }: VlanPolicy, vlan: number, named: ReadonlySet<number>) {
  return native === vlan || (tagged === 'all' ? named.has(vlan) : tagged.includes(vlan))
}

/** VLANs in use, and their ports summed over them. */
export function vlanUse(ports: Config['ports'], named: NamedVlans) {
  let vlans = 0
  let memberships = 0
  for (const { size } of named.values()) vlans += size
  for (const { bridge, vlan } of Object.values(ports) as Port[]) {
    const size = named.get(bridge)?.size
    if (size !== undefined && vlan !== undefined) memberships += membershipsOf(vlan, size)
  }
  return { vlans, memberships }
}

function membershipsOf({ native, tagged, nativeTagged }: VlanPolicy, all: number): number {
  if (tagged === 'all') return all
  // A native VLAN that leaves tagged stands in the list.
  return tagged.length + (native === undefined || nativeTagged ? 0 : 1)
}

/** `1, 10, 20-29`, of numbers in ascending order. */
export function formatVlans(vlans: readonly number[]): string {
  const runs: [first: number, last: number][] = []
  for (const vlan of vlans) {
    const run = runs.at(-1)
    if (run !== undefined && run[1] === vlan - 1) run[1] = vlan
    else runs.push([vlan, vlan])
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(', ')
}
