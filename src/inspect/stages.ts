/** The stages of the packet path as a trace names them, and which of them drops for which reason. */
import type { DryDrop } from '../dataplane/dry-run.js'

export const STAGES = [
  'door',
  'tunnel',
  'vlan',
  'guard',
  'policing',
  'source',
  'router',
  'destination',
  'flow',
  'nat',
  'route',
  'filter',
  'neighbor',
  'storm',
  'egress',
] as const

export type Stage = (typeof STAGES)[number]

/** A decision: where in the packet path, and what was decided. */
export interface Step {
  stage: Stage
  text: string
}

export type Reason = DryDrop['reason']['name']

/** Every reason has its stage: a new one without does not compile. */
export const stages: Readonly<Record<Reason, Stage>> = {
  'short-frame': 'door',
  'long-frame': 'door',
  'port-down': 'door',
  'checksum-request': 'door',
  'segmentation-request': 'door',
  'truncated-header': 'door',
  'header-chain': 'door',
  'mirror-port': 'door',
  'outer-header': 'tunnel',
  'vxlan-header': 'tunnel',
  'vni-unknown': 'tunnel',
  'vtep-unlisted': 'tunnel',
  'overlay-tagged': 'tunnel',
  'congestion-marked': 'tunnel',
  'policed-receive': 'policing',
  'truncated-tag': 'vlan',
  'vlan-reserved': 'vlan',
  'untagged-refused': 'vlan',
  'tagged-refused': 'vlan',
  'vlan-ingress': 'vlan',
  'guard-mac': 'guard',
  'guard-address': 'guard',
  'guard-neighbor': 'guard',
  'source-invalid': 'source',
  locked: 'source',
  'mac-limit': 'source',
  'sticky-violated': 'source',
  'gateway-spoofed': 'source',
  'ip-header': 'router',
  'ip-options': 'router',
  martian: 'router',
  'checksum-zero': 'router',
  'fragment-invalid': 'router',
  'reserved-destination': 'destination',
  'same-port': 'destination',
  'flow-limit': 'flow',
  'flow-table-full': 'flow',
  'flow-invalid': 'flow',
  'fragment-limit': 'flow',
  'nat-exhausted': 'nat',
  'nat-unsolicited': 'nat',
  'ttl-exceeded': 'route',
  'no-route': 'route',
  'not-for-router': 'route',
  'directed-broadcast': 'route',
  'filter-denied': 'filter',
  'filter-rejected': 'filter',
  'neighbor-unresolved': 'neighbor',
  'neighbor-queue': 'neighbor',
  'neighbor-invalid': 'neighbor',
  'storm-broadcast': 'storm',
  'storm-multicast': 'storm',
  'storm-unknown-unicast': 'storm',
  'needs-fragmentation': 'egress',
  'no-destination': 'egress',
  'transmit-list-full': 'egress',
  'over-mtu': 'egress',
  'needs-segmentation': 'egress',
  'egress-down': 'egress',
  'device-full': 'egress',
  'device-down': 'egress',
  'device-refused': 'egress',
  'underlay-too-big': 'egress',
  'underlay-unreachable': 'egress',
  'worker-died': 'door',
  'vlan-nested': 'egress',
  isolated: 'egress',
  'split-horizon': 'egress',
  'tunnel-tagged': 'egress',
  'policed-transmit': 'egress',
  'impair-loss-receive': 'door',
  'impair-loss-transmit': 'egress',
  'impair-queue-receive': 'door',
  'impair-queue-transmit': 'egress',
  'impair-mtu-receive': 'door',
  'impair-mtu-transmit': 'egress',
  'impair-down-receive': 'door',
  'impair-down-transmit': 'egress',
  'impair-room-receive': 'door',
  'impair-room-transmit': 'egress',
}

/** A place in the packet path: a stage, or the second time that a packet comes by one. */
export type Point = Stage | 'begin' | 'leave' | 'answer'

/**
 * Behind the filter, a packet of no flow has its source translated and begins one; a question that would be
 * flooded may be answered.
 */
const seconds: Readonly<Partial<Record<Point, Stage>>> = {
  begin: 'flow',
  leave: 'nat',
  answer: 'neighbor',
}
export const stageAt = (point: Point): Stage => seconds[point] ?? (point as Stage)

const ENTRY = ['door', 'tunnel', 'vlan', 'guard', 'policing', 'source'] as const
/** What a frame passes that stays on its bridge, and one that was sent to the gateway's MAC. */
export const paths = {
  bridged: [
    ...ENTRY,
    ...['neighbor', 'destination', 'flow', 'filter', 'begin', 'answer', 'storm', 'egress'],
  ],
  heard: [...ENTRY, 'router', 'neighbor', 'egress'],
  routed: [
    ...ENTRY,
    ...['router', 'flow', 'nat', 'route', 'filter', 'begin', 'leave', 'neighbor', 'egress'],
  ],
} as { readonly [K in 'bridged' | 'heard' | 'routed']: readonly Point[] }
