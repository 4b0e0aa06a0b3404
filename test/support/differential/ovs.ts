/**
 * Open vSwitch as a side of a comparison: its userspace bridge (datapath_type=netdev) with a TAP a
 * port. Database and daemon are the test's own (../ovs.ts).
 */
import { ip, namespace } from '../netns.js'
import { type OvsTools, ovsDaemons } from '../ovs.js'
import { type FixedEntry, macText } from './fixed.js'
import type { PortLayout, Trunk, Vlan } from './layout.js'
import { openEnd, portName, type Side } from './side.js'

const BRIDGE = 'ovs0'

/** @param ageing seconds, at least 15 */
export async function ovsSide(
  layout: readonly PortLayout[],
  fixed: readonly FixedEntry[],
  { ageing }: { ageing: number },
): Promise<Side & OvsTools> {
  const netns = namespace(undefined, { ipv6: false })
  const tools = await ovsDaemons(netns, GLOBAL)
  const { vsctl, appctl } = tools
  const ports = layout.flatMap((port, index) => addPort(port, portName(index)))
  const bridge = [
    '--',
    'set',
    'bridge',
    BRIDGE,
    'datapath_type=netdev',
    `other_config:mac-aging-time=${ageing}`,
  ]
  await vsctl('add-br', BRIDGE, ...bridge, ...ports)
  for (const port of layout.keys()) ip('-n', netns, 'link', 'set', portName(port), 'up')
  for (const { port, vid = 0, mac } of fixed) {
    await appctl('fdb/add', BRIDGE, portName(port), String(vid), macText(mac))
  }
  const ends = layout.map((_, port) => openEnd(netns, portName(port)))
  return { name: 'Open vSwitch', ends, flush: () => appctl('fdb/flush', BRIDGE), ...tools }
}

/**
 * Without flows in the cache every frame is judged by the bridge itself: a cached flow goes on for up
 * to half a second after a move, and neither learns nor forgets. Two tags are looked at, as a tunnel
 * needs; by default Open vSwitch looks at one.
 */
const GLOBAL = ['other_config:flow-limit=0', 'other_config:vlan-limit=2']

function addPort({ vlan }: PortLayout, name: string): string[] {
  const port = ['--', 'add-port', BRIDGE, name, ...(vlan === undefined ? [] : vlanWords(vlan))]
  return [...port, '--', 'set', 'interface', name, 'type=tap']
}

function vlanWords(vlan: Vlan): string[] {
  if (vlan.mode === 'access') return ['vlan_mode=access', `tag=${vlan.vid}`]
  if (vlan.mode === 'trunk') return trunkWords(vlan)
  return ['vlan_mode=dot1q-tunnel', `tag=${vlan.vid}`, 'other_config:qinq-ethtype=802.1q']
}

/** An empty list means all VLANs: the native one is always let in, naming it changes nothing. */
function trunkWords({ tagged, native, nativeTagged }: Trunk): string[] {
  const listed = native === undefined ? [] : [native]
  const trunks = `trunks=${tagged === 'all' ? '[]' : [...tagged, ...listed].join(',')}`
  if (native === undefined) return ['vlan_mode=trunk', trunks]
  return [`vlan_mode=native-${nativeTagged ? 'tagged' : 'untagged'}`, `tag=${native}`, trunks]
}
