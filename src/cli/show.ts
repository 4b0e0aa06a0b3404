/** `linkspan show …`: what is running, as a table or as JSON, once or again and again. */
import type { Config } from '../config/types.js'
import type {
  BridgeView,
  DropView,
  FdbView,
  InfoView,
  PortView,
  WorkerView,
} from '../control/view.js'
import type { VlanView } from '../control/vlan-view.js'
import { call } from './client.js'
import { flowsTable } from './flow-text.js'
import { endpointsTable, peersTable, tunnelsTable, underlayTable } from './overlay-text.js'
import { mirrorText, policyWords, vlansText, vlanText } from './policy-text.js'
import { portText } from './port-text.js'
import { neighborsTable, publishTable, routesTable } from './router-text.js'
import { rulesTable } from './rule-text.js'
import { type Filter, type Subject, subjects } from './subjects.js'
import { short, table } from './table.js'
import type { Target } from './target.js'

export interface ShowOptions extends Target, Partial<Record<Filter, string | number>> {
  json?: boolean
  watch?: boolean
  wide?: boolean
}

const dash = (value: string | null) => value ?? '-'
const seconds = (ms: number | null) => (ms === null ? '-' : `${(ms / 1000).toFixed(1)}s`)

function portsTable(ports: PortView[], before?: PortView[], elapsed = 1): string {
  const rows = ports.map((port) => {
    const old = before?.find(({ name }) => name === port.name)
    const rate = (now: number, then: number | undefined) =>
      old ? `${short(Math.max(0, ((now - (then ?? 0)) * 8) / elapsed))}bit/s` : '-'
    return [
      port.name,
      dash(port.bridge),
      dash(port.ifname),
      dash(port.netns),
      port.error === null ? port.state : `${port.state}: ${port.error}`,
      port.mtu,
      port.rx.frames,
      port.tx.frames,
      port.rx.drops + port.tx.drops,
      port.kernelDrops ?? '-',
      ...(before ? [rate(port.rx.bytes, old?.rx.bytes), rate(port.tx.bytes, old?.tx.bytes)] : []),
    ]
  })
  const headings = ['PORT', 'BRIDGE', 'IFNAME', 'NETNS', 'STATE', 'MTU', 'RX', 'TX', 'DROPS']
  return table([...headings, 'KERNEL DROPS', ...(before ? ['RX RATE', 'TX RATE'] : [])], rows)
}

/** What a port is for, where `portsTable` says what it does. */
function widePortsTable(ports: PortView[]): string {
  const rows = ports.map((port) => [
    port.name,
    dash(port.bridge),
    `${port.device} ${port.place}`,
    port.state,
    port.mtu,
    dash(port.mac),
    vlanText(port.vlan),
    policyWords(port).join(' ') || '-',
  ])
  const headings = ['PORT', 'BRIDGE', 'DEVICE', 'STATE', 'MTU', 'MAC']
  return table([...headings, 'VLANS', 'POLICY'], rows)
}

function bridgesTable(bridges: BridgeView[]): string {
  const rows = bridges.map((bridge) => [
    bridge.name,
    bridge.ports.length,
    seconds(bridge.ageing),
    bridge.fdb.dynamic,
    bridge.fdb.static,
    bridge.vlans === null ? '-' : `${bridge.vlanProtocol}: ${vlansText(bridge.vlans) || 'none'}`,
    bridgePolicy(bridge),
    bridge.ports.join(' '),
  ])
  const headings = ['BRIDGE', 'PORTS', 'AGEING', 'LEARNT', 'STATIC', 'VLANS', 'POLICY', 'NAMES']
  return table(headings, rows)
}

function bridgePolicy(bridge: BridgeView): string {
  const { isolated, controlFrames, mirror, gateway, policy, vxlan } = bridge
  const words = [
    ...(vxlan ? [`vxlan=${vxlan.vni}`] : []),
    ...(gateway ? [gatewayText(gateway)] : []),
    ...(policy === 'deny' ? ['deny'] : []),
    ...(isolated ? ['isolated'] : []),
    ...(controlFrames.length > 0 ? [`control=${controlFrames.join(',')}`] : []),
    ...(mirror ? [mirrorText(mirror)] : []),
  ]
  return words.join(' ') || '-'
}

function gatewayText({ addresses, vlan }: NonNullable<BridgeView['gateway']>): string {
  return `gateway=${addresses.join(',')}${vlan === null ? '' : `@${vlan}`}`
}

function vlansTable(vlans: VlanView[]): string {
  const rows = vlans.map(({ bridge, vlan, port, mode, tagged, native }) => [
    bridge,
    vlan,
    port,
    mode,
    tagged ? 'tagged' : 'untagged',
    native ? 'native' : '-',
  ])
  return table(['BRIDGE', 'VLAN', 'PORT', 'MODE', 'EGRESS', 'NATIVE'], rows)
}

function ageText(entry: FdbView): string {
  if (entry.static) return 'static'
  return entry.sticky ? 'sticky' : entry.external ? 'directory' : seconds(entry.age)
}

function fdbTable(entries: FdbView[]): string {
  const rows = entries.map((entry) => [
    dash(entry.bridge),
    entry.vlan ?? '-',
    entry.mac,
    entry.port ?? `vtep ${entry.vtep}`,
    ageText(entry),
  ])
  return table(['BRIDGE', 'VLAN', 'MAC', 'PORT', 'AGE'], rows)
}

function dropsTable(drops: DropView[]): string {
  const rows = drops.map(({ port, reason, frames, text }) => [port, reason, frames, text])
  return table(['PORT', 'REASON', 'FRAMES', 'MEANING'], rows)
}

function workersTable(workers: WorkerView[]): string {
  const rows = workers.map((worker) => [
    worker.worker,
    worker.state,
    worker.bursts,
    worker.frames,
    worker.bursts === 0 ? '-' : (worker.frames / worker.bursts).toFixed(1),
    worker.learned,
    worker.moved,
    worker.expired,
    worker.evicted,
  ])
  const headings = ['WORKER', 'STATE', 'BURSTS', 'FRAMES', 'A BURST', 'LEARNT', 'MOVED']
  return table([...headings, 'AGED OUT', 'EVICTED'], rows)
}

function infoText(info: InfoView): string {
  const { pid, version, startedAt, bridges, ports, workers, fdb, eventsLost, confirmBy } = info
  return [
    `linkspan ${version}, pid ${pid}, running since ${startedAt}`,
    `${bridges} bridges, ${ports} ports, ${workers} workers`,
    `FDB: ${fdb.entries} entries of ${fdb.capacity}`,
    `events lost: ${eventsLost}`,
    ...(confirmBy === null ? [] : [`the last apply is taken back at ${confirmBy}`]),
  ].join('\n')
}

/** How each is printed: `before` and `elapsed` (s) are given when watching. */
const printers = {
  info: infoText,
  ports: portsTable,
  bridges: bridgesTable,
  vlans: vlansTable,
  fdb: fdbTable,
  tunnels: tunnelsTable,
  underlay: underlayTable,
  peers: peersTable,
  endpoints: endpointsTable,
  routes: routesTable,
  neighbors: neighborsTable,
  rules: rulesTable,
  publish: publishTable,
  flows: flowsTable,
  drops: dropsTable,
  workers: workersTable,
  config: (config: Config) => JSON.stringify(config, null, 2),
} satisfies Record<Subject, unknown>

const WATCH_INTERVAL = 1000

export async function show(subject: Subject, options: ShowOptions): Promise<void> {
  const printer = options.wide ? widePortsTable : printers[subject]
  const print = printer as (now: unknown, before?: unknown, elapsed?: number) => string
  const path = `/v1/${subject}${queryOf(subject, options)}`
  const fetch = () => call<unknown>(options, 'GET', path)
  if (!options.watch) {
    const now = await fetch()
    console.log(options.json ? JSON.stringify(now, null, 2) : print(now))
    return
  }
  let before: unknown
  let last = performance.now()
  for (;;) {
    const now = await fetch()
    const elapsed = (performance.now() - last) / 1000
    last = performance.now()
    if (options.json) {
      console.log(JSON.stringify({ time: new Date().toISOString(), [subject]: now }))
    } else {
      const clear = process.stdout.isTTY ? '\x1b[H\x1b[2J' : ''
      console.log(`${clear}${print(now, before ?? now, elapsed)}\n`)
    }
    before = now
    await new Promise((resolve) => setTimeout(resolve, WATCH_INTERVAL))
  }
}

/** One port, whole. */
export async function showPort(name: string, options: ShowOptions): Promise<void> {
  const port = await call<PortView>(options, 'GET', `/v1/ports/${encodeURIComponent(name)}`)
  if (options.json) return console.log(JSON.stringify(port, null, 2))
  const query = new URLSearchParams({ port: name })
  console.log(portText(port, await call<DropView[]>(options, 'GET', `/v1/drops?${query}`)))
}

function queryOf(subject: Subject, options: ShowOptions): string {
  const query = new URLSearchParams()
  for (const filter of subjects[subject].filters) {
    const value = options[filter]
    if (value !== undefined) query.set(filter, String(value))
  }
  return query.size === 0 ? '' : `?${query}`
}
