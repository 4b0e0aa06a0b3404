/** What a port does with frames as data: of what its config leaves out, null. */
import type { Limits, Mirror, Policing, PortPolicy, VlanPolicy } from '../config/types.js'
import type { PortView } from './view.js'

type PolicyView = Pick<
  PortView,
  'vlan' | 'isolated' | 'learning' | 'flood' | 'locked' | 'sticky' | 'limits' | 'guard' | 'mirror'
>

export function policyView(policy: PortPolicy): PolicyView {
  const { vlan, isolated, learning, flood, locked, sticky, limits, guard, mirror } = policy
  return {
    vlan: vlan === undefined ? null : vlanView(vlan),
    isolated,
    learning,
    flood: { ...flood },
    locked,
    sticky,
    limits: limitsView(limits),
    guard:
      guard === undefined ? null : { macs: listOf(guard.macs), addresses: listOf(guard.addresses) },
    mirror: mirrorView(mirror),
  }
}

function vlanView({ mode, native, tagged, nativeTagged, admit }: VlanPolicy) {
  const list = tagged === 'all' ? tagged : [...tagged]
  return { mode, native: native ?? null, tagged: list, nativeTagged, admit }
}

function limitsView(limits: Limits): PolicyView['limits'] {
  const { macs = null, broadcast = null, multicast = null, unknownUnicast = null } = limits
  const [receive, transmit] = [policeView(limits.receive), policeView(limits.transmit)]
  return { macs, broadcast, multicast, unknownUnicast, receive, transmit }
}

function policeView(police: Policing | undefined) {
  if (police === undefined) return null
  const { bits = null, frames = null, burst = null } = police
  return { bits, frames, burst }
}

export function mirrorView(mirror: Mirror | undefined): PolicyView['mirror'] {
  if (mirror === undefined) return null
  const { port = null, file = null, direction } = mirror
  return { port, file, direction }
}

const listOf = (list: readonly string[] | undefined) => (list === undefined ? null : [...list])
