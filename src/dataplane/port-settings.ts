/** A port's record, from its settings and those of its bridge. */

import { OPEN } from '../config/open-policy.js'
import { TPID } from '../config/tpid.js'
import type { Mirror, VlanPolicy } from '../config/types.js'
import { DEFAULT_VLAN, stretches } from '../config/vlan-use.js'
import { PortFlag } from './abi.js'
import type { Domains } from './domains.js'
import type { PortSettings as Record } from './manager.js'
import { controlFramesOf, flagsOf, type Mirrors, ratesOf } from './port-record.js'
import type { BridgeState, PortState } from './topology-state.js'
import { tunnelRecord } from './tunnel-record.js'

/** What a port's record needs to know of the others. */
export interface MirrorView {
  readonly domains: Domains
  readonly ports: ReadonlyMap<string, Readonly<PortState>>
  isMirrorTarget(name: string): boolean
  portName(index: number): string | undefined
}

export function portRecord(view: MirrorView, bridge: BridgeState, port: PortState): Record {
  const vlan = bridge.vlanAware ? (port.policy?.vlan ?? DEFAULT_VLAN) : undefined
  const { vlan: _, ...policy } = port.policy ?? OPEN
  const target = view.isMirrorTarget(view.portName(port.index) ?? '')
  const mirrors = target ? {} : mirrorsOf(view, bridge.mirror, policy.mirror)
  const { bridge: name, mtu, offloads, tunnel } = port
  return {
    flags: stateOf(port) | flagsOf({ ...policy, ...(vlan && { vlan }) }, mirrors, target),
    bridge: bridge.index,
    fid: fidOfUntagged(view.domains, name, vlan),
    mtu,
    offloads,
    ...(vlan && { vlan: vlanRecord(view.domains, bridge, name, vlan) }),
    macLimit: policy.limits.macs ?? 0,
    controlFrames: controlFramesOf(bridge.controlFrames),
    mirrors,
    rates: ratesOf(policy.limits),
    ...(tunnel && { tunnel: tunnelRecord(tunnel, view.ports.get(tunnel.underlay)?.index ?? 0) }),
  }
}

/** What a port is: there, up, one of the overlay or of the underlay, and whether segments are coalesced. */
function stateOf({ up, tunnel, underlay, coalesce }: PortState): number {
  return (
    PortFlag.PRESENT |
    (up ? PortFlag.UP : 0) |
    (tunnel ? PortFlag.OVERLAY : 0) |
    (underlay ? PortFlag.UNDERLAY : 0) |
    (coalesce ? PortFlag.COALESCE : 0)
  )
}

function fidOfUntagged(domains: Domains, bridge: string, vlan: VlanPolicy | undefined): number {
  if (vlan === undefined) return domains.fidOf(bridge, null) ?? 0
  return vlan.native === undefined ? 0 : (domains.fidOf(bridge, vlan.native) ?? 0)
}

function vlanRecord(domains: Domains, bridge: BridgeState, name: string, vlan: VlanPolicy) {
  const { native, tagged } = vlan
  const vlans = new Set(tagged === 'all' ? domains.vlansOf(name) : tagged)
  if (native !== undefined) vlans.add(native)
  const members = stretches([...vlans].sort((a, b) => a - b))
  return { tpid: TPID[bridge.vlanProtocol ?? '802.1Q'], native: native ?? 0, members }
}

/** A port's own mirror goes before its bridge's; one to a file is no business of the dataplane's. */
function mirrorsOf(view: MirrorView, ofBridge?: Mirror, own?: Mirror): Mirrors {
  const target = (direction: 'receive' | 'transmit') => {
    const mirrors = [own, ofBridge].filter((each) => each?.port !== undefined)
    const mirror = mirrors.find((each) => each && [direction, 'both'].includes(each.direction))
    return mirror?.port === undefined ? undefined : view.ports.get(mirror.port)?.index
  }
  return { receive: target('receive'), transmit: target('transmit') }
}
