/** The kernel bridge as a side of a comparison: a veth a port. It has no VLAN filtering here. */
import { ip, namespace, within } from '../netns.js'
import { must } from '../process.js'
import { type FixedEntry, macText } from './fixed.js'
import type { PortLayout } from './layout.js'
import { openEnd, portName, type Side } from './side.js'

export interface KernelOptions {
  /** Seconds, at least 10. */
  ageing: number
  /** Reserved addresses that are let through, by Linkspan's names; STP always is. */
  controlFrames?: readonly (keyof typeof RESERVED)[]
}

/** Where br_netfilter is loaded, bridged packets go through iptables, which drops malformed ones. */
const NO_NETFILTER =
  'for f in /proc/sys/net/bridge/bridge-nf-call-*; do [ ! -e $f ] || echo 0 > $f; done'

/** Bits of group_fwd_mask: the bridge has no LACP, its ports do. */
const RESERVED = { stp: 0, lacp: 1 << 2, eapol: 1 << 3, lldp: 1 << 14 }

const onOff = (flag: boolean) => (flag ? 'on' : 'off')

export async function kernelSide(
  layout: readonly PortLayout[],
  fixed: readonly FixedEntry[],
  { ageing, controlFrames = [] }: KernelOptions,
): Promise<Side> {
  const netns = namespace(undefined, { ipv6: false })
  const inside = (...words: string[]) => ip('-n', netns, ...words)
  const bridge = (...words: string[]) => must(within(netns, 'bridge', ...words))
  const forward = controlFrames.reduce((mask, name) => mask | RESERVED[name], 0)
  const options = ['stp_state', '0', 'mcast_snooping', '0', 'ageing_time', String(ageing * 100)]
  inside(
    'link',
    'add',
    'br0',
    'type',
    'bridge',
    ...options,
    'group_fwd_mask',
    String(forward & ~RESERVED.lacp),
  )
  await must(within(netns, 'sh', '-c', NO_NETFILTER))
  inside('link', 'set', 'br0', 'up')
  for (const [index, { policy }] of layout.entries()) {
    const name = portName(index)
    inside('link', 'add', name, 'type', 'veth', 'peer', 'name', `e${index}`)
    inside('link', 'set', name, 'master', 'br0')
    const { isolated, learning, locked, unknownUnicast, multicast, broadcast } = policy
    const flags = {
      isolated,
      learning,
      locked,
      flood: unknownUnicast,
      mcast_flood: multicast,
      bcast_flood: broadcast,
    }
    const words = Object.entries(flags).flatMap(([flag, on]) => [flag, onOff(on)])
    await bridge('link', 'set', 'dev', name, ...words)
    inside(
      'link',
      'set',
      name,
      'type',
      'bridge_slave',
      'group_fwd_mask',
      String(forward & RESERVED.lacp),
    )
    inside('link', 'set', name, 'up')
    inside('link', 'set', `e${index}`, 'up')
  }
  for (const { port, mac, sticky = true } of fixed) {
    const words = ['master', 'static', ...(sticky ? ['sticky'] : [])]
    await bridge('fdb', 'add', macText(mac), 'dev', portName(port), ...words)
  }
  const ends = layout.map((_, port) => openEnd(netns, `e${port}`))
  const flush = async () => inside('link', 'set', 'br0', 'type', 'bridge', 'fdb_flush')
  return { name: 'the kernel bridge', ends, flush }
}
