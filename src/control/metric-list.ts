/** Every metric: its name, what it says, and where its values come from. */
import { tunnelOf } from '../config/overlay-names.js'
import { WAYS } from '../config/port-impair.js'
import { shownBridge } from '../config/uplink-port.js'
import { BURST_SIZES } from '../dataplane/abi.js'
import type { PortCounters, WorkerStatistics } from '../dataplane/manager.js'
import type { WayState } from '../detour/counts.js'
import { counted, type Metric, type Reading, type Sample, single } from './metric.js'
import { overlayMetrics } from './metric-overlay.js'
import type { Port } from './port.js'
import { neighborViews, routeViews } from './router-view.js'
import { ruleViews } from './rule-view.js'
import type { RunningSwitch } from './running.js'
import { bridgeNames } from './view.js'

/** Of the addresses of uplinks that something is translated to. */
function usedPorts({ config, topology }: RunningSwitch): Sample[] {
  const outer = new Set(config.nat.map(({ uplink }) => uplink))
  const addresses = [...outer].flatMap((name) => config.uplinks[name]?.addresses ?? [])
  return addresses.flatMap((text) => {
    const address = text.slice(0, text.indexOf('/'))
    const used = topology.translation.nat.portsInUse(address)
    return (['tcp', 'udp'] as const).map((protocol) => {
      return { labels: { address, protocol }, value: used[protocol] }
    })
  })
}

const whole: Metric[] = [
  {
    name: 'linkspan_build_info',
    help: 'Always 1; the version of Linkspan and of Node.js',
    type: 'gauge',
    read: ({ version }) => [{ labels: { version, node: process.versions.node }, value: 1 }],
  },
  {
    name: 'linkspan_uptime_seconds',
    help: 'Since the switch was started',
    type: 'gauge',
    read: ({ running }) => single((Date.now() - running.startedAt.getTime()) / 1000),
  },
  {
    name: 'linkspan_bridges',
    help: 'Bridges there are',
    type: 'gauge',
    read: ({ running }) => single(bridgeNames(running).length),
  },
  {
    name: 'linkspan_fdb_entries',
    help: 'Entries of the FDB, all bridges together; void ones not yet swept included',
    type: 'gauge',
    read: ({ running }) => single(running.manager.exports.fdbCount() >>> 0),
  },
  {
    name: 'linkspan_fdb_capacity_entries',
    help: 'Entries that the FDB has room for: capacity.macs',
    type: 'gauge',
    read: ({ running }) => single(running.config.capacity.macs),
  },
  {
    name: 'linkspan_routes',
    help: 'Routes of the router, by kind',
    type: 'gauge',
    read: ({ running }) => counted(routeViews(running, {}), ({ kind }) => ({ kind })),
  },
  {
    name: 'linkspan_neighbors',
    help: 'Neighbours of the router, by state',
    type: 'gauge',
    read: ({ running }) => counted(neighborViews(running, {}), ({ state }) => ({ state })),
  },
  {
    name: 'linkspan_flows',
    help: 'Tracked flows, by state',
    type: 'gauge',
    read: ({ running }) =>
      Object.entries(running.flows.states()).map(([state, value]) => ({
        labels: { state },
        value,
      })),
  },
  {
    name: 'linkspan_nat_ports_used',
    help: 'Ports of external addresses that mappings hold',
    type: 'gauge',
    read: ({ running }) => usedPorts(running),
  },
  {
    name: 'linkspan_events_lost_total',
    help: 'Events of the workers that nobody fetched in time',
    type: 'counter',
    read: ({ running }) => single(running.manager.eventsLost()),
  },
]

/** An uplink is on no bridge: an empty label is none. */
const place = (port: Port) => ({
  port: port.name,
  bridge: shownBridge(port.config.bridge) ?? '',
})

function ofPorts(read: (port: Port, reading: Reading) => number | undefined): Metric['read'] {
  return (reading) =>
    [...reading.running.ports.values()].flatMap((port) => {
      const value = read(port, reading)
      return value === undefined ? [] : [{ labels: place(port), value }]
    })
}

function portCounter(name: string, help: string, which: keyof PortCounters): Metric {
  const read = ofPorts((port, { monotonic }) =>
    monotonic.clamped(port, which, port.counters()[which]),
  )
  return { name: `linkspan_port_${name}_total`, help, type: 'counter', read }
}

const ports: Metric[] = [
  {
    name: 'linkspan_port_up',
    help: '1 when the port forwards, else 0',
    type: 'gauge',
    read: ofPorts((port) => (port.state === 'up' ? 1 : 0)),
  },
  portCounter('receive_frames', 'Frames that came into the switch by the port', 'rxFrames'),
  portCounter('receive_bytes', 'Bytes that came into the switch by the port', 'rxBytes'),
  portCounter('transmit_frames', 'Frames that left the switch by the port', 'txFrames'),
  portCounter('transmit_bytes', 'Bytes that left the switch by the port', 'txBytes'),
  {
    name: 'linkspan_port_drops_total',
    help: 'Frames of the port that were not forwarded, by reason; those that occurred',
    type: 'counter',
    read: ({ running }) =>
      running.drops().flatMap(({ port: name, reason, frames }) => {
        // Tunnels have a metric of their own.
        if (tunnelOf(name) !== undefined) return []
        const port = running.ports.get(name)
        const where = port === undefined ? { port: name, bridge: '' } : place(port)
        return [{ labels: { ...where, reason }, value: frames }]
      }),
  },
  {
    name: 'linkspan_port_kernel_drops_total',
    help: 'Frames that the kernel dropped before the switch read them',
    type: 'counter',
    read: ofPorts((port, { monotonic }) => {
      const dropped = port.info?.kernelDrops
      return dropped === undefined ? undefined : monotonic.summed(port, 'kernel', dropped)
    }),
  },
  {
    name: 'linkspan_port_queue_used_bytes',
    help: "The kernel's memory that what waits for the switch takes, in the fullest queue",
    type: 'gauge',
    read: ofPorts(({ info }) => info?.queue?.used),
  },
  {
    name: 'linkspan_port_queue_capacity_bytes',
    help: 'What it may take',
    type: 'gauge',
    read: ofPorts(({ info }) => (info?.queue?.unit === 'bytes' ? info.queue.capacity : undefined)),
  },
]

const impaired = (
  what: keyof WayState,
  name: string,
  help: string,
  type: Metric['type'],
): Metric => ({
  name: `linkspan_port_impair_${name}`,
  help,
  type,
  read: ({ running }) =>
    [...running.ports.values()].flatMap((port) =>
      WAYS.flatMap((direction) => {
        const state = port.detour?.stateOf(direction)
        return state ? [{ labels: { ...place(port), direction }, value: state[what] }] : []
      }),
    ),
})

const impairments: Metric[] = [
  impaired('held', 'held_frames', 'Frames of an impaired port that are on their way', 'gauge'),
  impaired('duplicated', 'duplicated_total', 'Copies that an impairment made', 'counter'),
  impaired(
    'corrupted',
    'corrupted_total',
    'Frames of which an impairment changed a bit',
    'counter',
  ),
]

type Read = (statistics: WorkerStatistics) => number

function ofWorkers(read: (statistics: WorkerStatistics, worker: number) => Sample[]) {
  return ({ running }: Reading) =>
    running.workers.flatMap((worker) =>
      read(running.manager.workerStatistics(worker), worker).map((sample) => ({
        ...sample,
        labels: { worker, ...sample.labels },
      })),
    )
}

function workerCounter(name: string, help: string, read: Read): Metric {
  return {
    name: `linkspan_worker_${name}_total`,
    help,
    type: 'counter',
    read: ofWorkers((statistics) => single(read(statistics))),
  }
}

const workers: Metric[] = [
  {
    name: 'linkspan_worker_up',
    help: '1 while the worker runs, else 0',
    type: 'gauge',
    read: ({ running }) =>
      running.workers.map((worker) => {
        return { labels: { worker }, value: running.workerState(worker) === 'running' ? 1 : 0 }
      }),
  },
  workerCounter('busy_seconds', 'Time spent on frames and time-outs', ({ busy }) => busy / 1000),
  workerCounter('waited_seconds', 'Time spent waiting for frames', ({ waited }) => waited / 1000),
  workerCounter('learned', 'Addresses learnt', ({ learned }) => learned),
  workerCounter('moved', 'Addresses that moved to another port', ({ moved }) => moved),
  workerCounter('expired', 'Addresses that aged out', ({ expired }) => expired),
  workerCounter('evicted', 'Addresses that had to make room', ({ evicted }) => evicted),
  workerCounter('unlearned', 'Addresses there was no room for', ({ unlearned }) => unlearned),
  workerCounter(
    'static_violated',
    'Frames whose source is a static entry of another port',
    ({ staticViolated }) => staticViolated,
  ),
  workerCounter('flows_begun', 'Flows that began', ({ flowsBegun }) => flowsBegun),
  {
    name: 'linkspan_worker_flows_evicted_total',
    help: 'Flows that had to make room for others: nobody had answered, or they had ended',
    type: 'counter',
    read: ofWorkers(({ flowsEvicted }) =>
      Object.entries(flowsEvicted).map(([reason, value]) => ({ labels: { reason }, value })),
    ),
  },
  workerCounter('flows_expired', 'Flows that timed out', ({ flowsExpired }) => flowsExpired),
  {
    name: 'linkspan_worker_burst_frames',
    help: 'Frames in a burst: what was read from one device at once',
    type: 'histogram',
    read: ofWorkers(burstHistogram),
  },
]

/** The last bucket that was counted holds bursts of exactly 256, which is also the most. */
function burstHistogram({ burstSizes, frames }: WorkerStatistics): Sample[] {
  let total = 0
  const buckets = burstSizes.map((bursts, size) => {
    total += bursts
    const le = size === BURST_SIZES - 1 ? 2 ** size : 2 ** (size + 1) - 1
    return { suffix: '_bucket', labels: { le }, value: total }
  })
  const all = { suffix: '_bucket', labels: { le: '+Inf' }, value: total }
  return [...buckets, all, { suffix: '_sum', value: frames }, { suffix: '_count', value: total }]
}

const ruleCounter = (what: 'packets' | 'bytes', help: string): Metric => ({
  name: `linkspan_rule_${what}_total`,
  help,
  type: 'counter',
  read: ({ running }) =>
    ruleViews(running).map((rule) => ({ labels: { rule: rule.name }, value: rule[what] })),
})

const rules: Metric[] = [
  ruleCounter('packets', 'Packets that a rule of the filter decided'),
  ruleCounter('bytes', 'Bytes of them'),
]

export const metrics: readonly Metric[] = [
  ...whole,
  ...ports,
  ...impairments,
  ...overlayMetrics,
  ...rules,
  ...workers,
]
