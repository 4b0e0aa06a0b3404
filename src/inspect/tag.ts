/** The VLAN tag of a frame, as a bridge sees it. */
import { isTagType, TPID } from '../config/tpid.js'
import type { BridgeState } from '../dataplane/topology.js'
import { u16 } from '../packet/locate.js'

export type Tagging = Pick<BridgeState, 'vlanAware' | 'vlanProtocol'>

export interface Tag {
  /** 0: a priority and no VLAN. */
  vid: number
  priority: number
}

/** The tag that the bridge classifies by; on one that is not VLAN-aware, any that is outermost. */
export function tagOf(frame: Uint8Array, bridge: Tagging): Tag | undefined {
  if (frame.length < 18) return undefined
  const type = u16(frame, 12)
  const { vlanAware, vlanProtocol = '802.1Q' } = bridge
  if (vlanAware ? type !== TPID[vlanProtocol] : !isTagType(type)) return undefined
  return { vid: u16(frame, 14) & 0xfff, priority: u16(frame, 14) >>> 13 }
}
