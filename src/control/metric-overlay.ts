/** Metrics of the overlay: tunnels, the underlay, suppression, the directory. */

import { vtepFamily } from '../config/vtep.js'
import type { PortCounters } from '../dataplane/manager.js'
import type { TunnelPlan } from '../dataplane/overlay.js'
import { counted, type Metric, type Reading, type Sample, single } from './metric.js'
import { tunnelState, underlayViews } from './overlay-view.js'
import { bridgeNames } from './view.js'

const labelsOf = ({ bridge, settings }: TunnelPlan) => ({
  bridge,
  vtep: settings.remote,
  vni: settings.vni,
})

function ofTunnels(read: (name: string, plan: TunnelPlan, reading: Reading) => Sample[]) {
  return (reading: Reading) =>
    [...reading.running.topology.overlay.tunnels].flatMap(([name, plan]) =>
      read(name, plan, reading).map((sample) => {
        return { ...sample, labels: { ...labelsOf(plan), ...sample.labels } }
      }),
    )
}

function tunnelCounter(name: string, help: string, which: keyof PortCounters): Metric {
  const read = ofTunnels((port, _, { running: { topology }, monotonic }) => {
    const value = topology.counters(port)[which]
    return [{ value: monotonic.clamped(topology.port(port), which, value) }]
  })
  return { name: `linkspan_tunnel_${name}_total`, help, type: 'counter', read }
}

const tunnels: Metric[] = [
  {
    name: 'linkspan_tunnel_up',
    help: '1 when the socket that the tunnel leaves by is up, else 0',
    type: 'gauge',
    read: ofTunnels((_, { settings }, { running }) => [
      { value: tunnelState(running, settings).state === 'up' ? 1 : 0 },
    ]),
  },
  tunnelCounter('receive_frames', 'Frames that came into the switch by the tunnel', 'rxFrames'),
  tunnelCounter('receive_bytes', 'Bytes that came into the switch by the tunnel', 'rxBytes'),
  tunnelCounter('transmit_frames', 'Frames that left the switch by the tunnel', 'txFrames'),
  tunnelCounter('transmit_bytes', 'Bytes that left the switch by the tunnel', 'txBytes'),
  {
    name: 'linkspan_tunnel_drops_total',
    help: 'Frames of the tunnel that were not forwarded, by reason; those that occurred',
    type: 'counter',
    read: ofTunnels((name, _, { running }) =>
      running.drops(name).map(({ reason, frames }) => ({ labels: { reason }, value: frames })),
    ),
  },
]

function tunnelStates({ running }: Reading): Sample[] {
  const plans = [...running.topology.overlay.tunnels.values()]
  return counted(plans, ({ settings }) => ({ state: tunnelState(running, settings).state }))
}

/** Of each VTEP once, however many tunnels there are to it. */
function vtepErrors({ running: { topology, overlay } }: Reading): Sample[] {
  const vteps = new Set(Array.from(topology.overlay.tunnels.values(), (one) => one.settings.remote))
  return [...vteps].flatMap((vtep) => {
    const { tooBig, unreachable } = overlay.errorsOf(vtep)
    return [
      { labels: { vtep, reason: 'too-big' }, value: tooBig },
      { labels: { vtep, reason: 'unreachable' }, value: unreachable },
    ]
  })
}

/** The kernel counts for all sockets of an IP version together: once each. */
function ofFamilies(which: 'checksumErrors' | 'bufferErrors'): Metric['read'] {
  return ({ running }) => {
    const found = new Map<string, Sample>()
    for (const { address, kernel } of underlayViews(running)) {
      const family = `ipv${vtepFamily(address)}`
      if (kernel !== null) found.set(family, { labels: { family }, value: kernel[which] })
    }
    return found.values()
  }
}

const underlay: Metric[] = [
  {
    name: 'linkspan_tunnels',
    help: 'Tunnels, by state',
    type: 'gauge',
    read: tunnelStates,
  },
  {
    name: 'linkspan_underlay_errors_total',
    help: 'Datagrams of which the underlay said that they did not get to the VTEP, by reason',
    type: 'counter',
    read: vtepErrors,
  },
  {
    name: 'linkspan_underlay_checksum_errors_total',
    help: 'UDP datagrams with a wrong checksum that the kernel of the underlay dropped',
    type: 'counter',
    read: ofFamilies('checksumErrors'),
  },
  {
    name: 'linkspan_underlay_buffer_errors_total',
    help: 'UDP datagrams that the kernel of the underlay had no room for',
    type: 'counter',
    read: ofFamilies('bufferErrors'),
  },
]

const knowledge: Metric[] = [
  {
    name: 'linkspan_suppressed_total',
    help: 'ARP and ND questions for stations behind tunnels that were answered here',
    type: 'counter',
    read: ({ running }) =>
      bridgeNames(running).flatMap((bridge) => {
        if (running.config.bridges[bridge]?.vxlan === undefined) return []
        return [{ labels: { bridge }, value: running.topology.overlay.suppressed(bridge) }]
      }),
  },
  {
    name: 'linkspan_directory_peers',
    help: 'VTEPs that the directory knows, each VNI',
    type: 'gauge',
    read: ({ running }) => single(running.directory.counts.peers),
  },
  {
    name: 'linkspan_directory_endpoints',
    help: 'Stations that the directory knows',
    type: 'gauge',
    read: ({ running }) => single(running.directory.counts.endpoints),
  },
  {
    name: 'linkspan_directory_stale',
    help: 'Statements of lost sources about peers and stations that are kept for a time',
    type: 'gauge',
    read: ({ running }) => single(running.directory.counts.stale),
  },
]

export const overlayMetrics: readonly Metric[] = [...tunnels, ...underlay, ...knowledge]
