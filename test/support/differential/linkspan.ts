/** Linkspan as a side of a comparison: the real command, a TAP a port. */
import { call } from '../../../src/cli/client.js'
import { type Linkspan, up } from '../linkspan.js'
import { namespace } from '../netns.js'
import type { FixedEntry } from './fixed.js'
import { macText } from './fixed.js'
import type { PortLayout, Vlan } from './layout.js'
import { openEnd, portName, type Side } from './side.js'

export interface BridgeOptions {
  /** Seconds. */
  ageing: number
  controlFrames?: readonly string[]
}

export async function linkspanSide(
  layout: readonly PortLayout[],
  fixed: readonly FixedEntry[],
  { ageing, controlFrames = [] }: BridgeOptions,
): Promise<Side & { running: Linkspan }> {
  const netns = namespace(undefined, { ipv6: false })
  const vlanAware = layout.some(({ vlan }) => vlan !== undefined)
  const running = await up({
    version: 1,
    workers: 1, // more may swap frames of different ports
    bridges: { lan: { vlanAware, ageing: `${ageing}s`, controlFrames } },
    ports: Object.fromEntries(
      layout.map((port, index) => [portName(index), of(port, index, netns)]),
    ),
    fdb: fixed.map(({ port, vid, mac }) => ({
      bridge: 'lan',
      port: portName(port),
      mac: macText(mac),
      ...(vid !== undefined && { vlan: vid }),
    })),
  })
  const ends = layout.map((_, port) => openEnd(netns, portName(port)))
  const flush = () => call({ socket: running.socket }, 'POST', '/v1/fdb/flush', { bridge: 'lan' })
  return { name: 'Linkspan', ends, flush, running }
}

function of({ vlan, policy }: PortLayout, index: number, netns: string) {
  const { isolated, learning, locked, unknownUnicast, multicast, broadcast } = policy
  return {
    bridge: 'lan',
    ...(vlan && { vlan: vlanOf(vlan) }),
    isolated,
    learning,
    locked,
    flood: { unknownUnicast, multicast, broadcast },
    device: { type: 'tap', name: portName(index), netns },
  }
}

function vlanOf(vlan: Vlan) {
  if (vlan.mode !== 'trunk') return { access: vlan.vid, tunnel: vlan.mode === 'tunnel' }
  const { tagged, native, nativeTagged } = vlan
  return native === undefined ? { tagged } : { tagged, native, nativeTagged }
}
