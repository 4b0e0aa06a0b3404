/** The part of a bridge's config that is the topology's business. */
import type { Bridge } from '../config/types.js'
import type { BridgeSettings } from './topology-state.js'

export function bridgeSettings({ mirror, ...bridge }: Bridge): BridgeSettings {
  const { ageing, vlanAware, vlanProtocol, controlFrames, policy, vxlan } = bridge
  const toPort = mirror?.port === undefined ? undefined : mirror
  const suppresses = vxlan?.suppress ?? false
  return { ageing, vlanAware, vlanProtocol, controlFrames, policy, suppresses, mirror: toPort }
}
