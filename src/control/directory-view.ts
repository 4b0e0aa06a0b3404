/** The directory as data: who takes part in which VNI, and which stations are behind whom. */
import type * as z from 'zod'
import { formatMac, parseMac } from '../config/address.js'
import { checkVtep } from '../config/vtep.js'
import type { endpointAnswer, peerAnswer } from './api/directory.js'
import type { RunningSwitch } from './running.js'

export type EndpointView = z.output<typeof endpointAnswer>
export type PeerView = z.output<typeof peerAnswer>

/** What the views need of the switch. */
export type DirectoryHost = Pick<RunningSwitch, 'directory' | 'config'>

/** What is left out is no condition. */
export interface DirectoryScope {
  bridge?: string | undefined
  vni?: number | undefined
  vtep?: string | undefined
  source?: string | undefined
}

/** In the order of VNIs and MACs. */
export function endpointViews(
  host: DirectoryHost,
  scope: DirectoryScope & { mac?: string | undefined },
): EndpointView[] {
  const mac = scope.mac === undefined ? undefined : formatMac(parseMac(scope.mac))
  const bridges = bridgesByVni(host)
  const fits = inScope(scope, bridges)
  const found = [...host.directory.endpoints()].filter((one) => {
    return fits(one) && (mac === undefined || one.mac === mac)
  })
  found.sort((a, b) => a.vni - b.vni || (a.mac < b.mac ? -1 : 1))
  return found.map(({ vni, mac, addresses, vtep, source, stale, contested }) => {
    const bridge = bridges.get(vni) ?? null
    return { bridge, vni, mac, addresses: [...addresses], vtep, source, stale, contested }
  })
}

/** In the order of VNIs and VTEPs. */
export function peerViews(host: DirectoryHost, scope: DirectoryScope): PeerView[] {
  const bridges = bridgesByVni(host)
  const found = [...host.directory.peers()].filter(inScope(scope, bridges))
  found.sort((a, b) => a.vni - b.vni || (a.vtep < b.vtep ? -1 : 1))
  return found.map(({ vni, vtep, host: name = null, source, stale, contested }) => {
    return { bridge: bridges.get(vni) ?? null, vni, vtep, host: name, source, stale, contested }
  })
}

/** Of two that have one VNI, on ports of their own, the first. */
function bridgesByVni({ config }: DirectoryHost): ReadonlyMap<number, string> {
  const bridges = new Map<number, string>()
  for (const [bridge, { vxlan }] of Object.entries(config.bridges)) {
    if (vxlan !== undefined && !bridges.has(vxlan.vni)) bridges.set(vxlan.vni, bridge)
  }
  return bridges
}

function inScope(
  { bridge, vni, vtep, source }: DirectoryScope,
  bridges: ReadonlyMap<number, string>,
): (one: { vni: number; vtep: string; source: string }) => boolean {
  const to = vtep === undefined ? undefined : checkVtep(vtep)
  return (one) =>
    (bridge === undefined || bridges.get(one.vni) === bridge) &&
    (vni === undefined || one.vni === vni) &&
    (to === undefined || one.vtep === to) &&
    (source === undefined || one.source === source)
}
