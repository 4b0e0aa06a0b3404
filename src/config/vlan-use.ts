/** Which VLANs exist on bridges, and which ports are in them. */
import type { Config, Port, VlanPolicy } from './types.js'

/**
 * Of a port of a VLAN-aware bridge that says nothing of VLANs: what a new port of the Linux bridge
 * has, `1 PVID Egress Untagged` (bridge vlan show).
 */
export const DEFAULT_VLAN: VlanPolicy = Object.freeze({
  mode: 'trunk',
  native: 1,
  tagged: Object.freeze([]),
  nativeTagged: false,
  admit: 'all',
})

/** The VLANs that a port names, in no order. */
export function namedBy({ native, tagged }: VlanPolicy): readonly number[] {
  const named = tagged === 'all' ? [] : tagged
  return native === undefined ? named : [...named, native]
}

/** Of each VLAN-aware bridge, the VLANs that its ports and gateway name: all that exist there. */
export type NamedVlans = ReadonlyMap<string, ReadonlySet<number>>

/** @param gateways false: those of ports only */
export function namedVlans(
  { bridges, ports }: Pick<Config, 'bridges' | 'ports'>,
  gateways = true,
): NamedVlans {
  const named = new Map<string, Set<number>>()
  for (const [name, { vlanAware, gateway }] of Object.entries(bridges)) {
    if (!vlanAware) continue
    const own = gateways && gateway?.vlan !== undefined
    named.set(name, new Set(own ? [gateway.vlan as number] : []))
  }
  for (const { bridge, vlan } of Object.values(ports)) {
    const vlans = named.get(bridge)
    if (vlans === undefined || vlan === undefined) continue
    for (const id of namedBy(vlan)) vlans.add(id)
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

/** Stretches of VLANs one behind the other, from numbers in ascending order. */
export function stretches(vlans: readonly number[]): [first: number, last: number][] {
  const found: [number, number][] = []
  for (const vlan of vlans) {
    const open = found.at(-1)
    if (open !== undefined && open[1] === vlan - 1) open[1] = vlan
    else found.push([vlan, vlan])
  }
  return found
}

/** `1, 10, 20-29`, of numbers in ascending order. */
export function formatVlans(vlans: readonly number[]): string {
  const runs = stretches(vlans)
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}-${last}`)).join(', ')
}
