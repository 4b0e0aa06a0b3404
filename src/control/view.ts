/**
 * The running switch as data: what the API answers and `show` prints. Fields are always there,
 * null when empty; their names are a stable contract.
 */
import type * as z from 'zod'
import { mirrorTargets } from '../config/mirror-target.js'
import type { Gateway, Vxlan } from '../config/types.js'
import { isUplinkBridge, shownBridge } from '../config/uplink-port.js'
import { namedVlans } from '../config/vlan-use.js'
import type { FdbEntry } from '../dataplane/fdb.js'
import { drops } from '../dataplane/generated/drops.js'
import type { ReceiveQueue } from '../device/device.js'
import { LinkspanError } from '../error.js'
import type { bridgeAnswer } from './api/bridges.js'
import type { fdbAnswer } from './api/fdb.js'
import type { portAnswer } from './api/ports.js'
import type { dropAnswer, workerAnswer } from './api/statistics.js'
import type { infoAnswer } from './api/switch.js'
import { impairView } from './impair-view.js'
import { peersByBridge } from './overlay-view.js'
import { mirrorView, policyView } from './policy-view.js'
import type { Port } from './port.js'
import type { RunningSwitch } from './running.js'

export type PortView = z.output<typeof portAnswer>

/** The ports of a bridge, or all. */
export function portViews(running: RunningSwitch, bridge?: string): PortView[] {
  if (bridge !== undefined) running.topology.bridge(bridge)
  const targets = mirrorTargets(running.config)
  const ports = [...running.ports.values()]
  return ports
    .filter(({ config }) => bridge === undefined || config.bridge === bridge)
    .map((port) => viewOfPort(port, targets))
}

/** @throws NOT_FOUND */
export function portView(running: RunningSwitch, name: string): PortView {
  running.topology.port(name)
  const port = running.ports.get(name)
  if (port !== undefined) return viewOfPort(port, mirrorTargets(running.config))
  throw new LinkspanError('NOT_FOUND', `"${name}" is a tunnel: "linkspan show tunnels" has it`)
}

function viewOfPort(port: Port, targets: ReadonlySet<string>): PortView {
  const counters = port.counters()
  const { ifname, netns, label: place } = port.place
  return {
    name: port.name,
    bridge: shownBridge(port.config.bridge),
    device: port.config.device.type,
    place,
    ifname,
    netns,
    origin: port.origin,
    state: port.state,
    error: port.error ?? null,
    up: port.config.up,
    mtu: port.mtu,
    mac: port.mac ?? null,
    ...policyView(port.config),
    impair: impairView(port.detour),
    mirrorTarget: targets.has(port.name),
    rx: { frames: counters.rxFrames, bytes: counters.rxBytes, drops: counters.rxDrops },
    tx: { frames: counters.txFrames, bytes: counters.txBytes, drops: counters.txDrops },
    kernelDrops: port.info?.kernelDrops ?? null,
    queue: queueView(port.info?.queue),
  }
}

function queueView(queue: ReceiveQueue | undefined): PortView['queue'] {
  return queue === undefined ? null : { ...queue, used: queue.used ?? null }
}

export type BridgeView = z.output<typeof bridgeAnswer>

export function bridgeViews(running: RunningSwitch): BridgeView[] {
  const all = { entries: running.fdb.list(), peers: peersByBridge(running) }
  return bridgeNames(running).map((name) => viewOf(running, name, all))
}

/** Those that people know: an uplink's is not one of them. */
export function bridgeNames({ topology }: RunningSwitch): string[] {
  return [...topology.bridges.keys()].filter((name) => !isUplinkBridge(name))
}

export function bridgeView(running: RunningSwitch, name: string): BridgeView {
  return viewOf(running, name, { entries: running.fdb.list(), peers: peersByBridge(running) })
}

/** Of all bridges. */
interface Known {
  entries: readonly FdbEntry[]
  peers: ReadonlyMap<string, string[]>
}

function viewOf(running: RunningSwitch, name: string, { entries, peers }: Known): BridgeView {
  const own = entries.filter(({ bridge }) => bridge === name)
  const fixed = own.filter((entry) => entry.static).length
  const ports = [...running.ports.values()].filter(({ config }) => config.bridge === name)
  const config = running.config.bridges[name]
  const vlans = namedVlans(running.config).get(name)
  return {
    name,
    origin: running.bridgeOrigin(name),
    ports: ports.map((port) => port.name),
    ageing: running.topology.bridge(name).ageing,
    mtu: config?.mtu ?? null,
    vlanAware: config?.vlanAware ?? false,
    vlanProtocol: config?.vlanProtocol ?? null,
    vlans: vlans === undefined ? null : [...vlans].sort((a, b) => a - b),
    isolated: config?.isolated ?? false,
    controlFrames: [...(config?.controlFrames ?? [])],
    mirror: mirrorView(config?.mirror),
    gateway: gatewayView(config?.gateway),
    policy: config?.policy ?? 'allow',
    vxlan: vxlanView(
      config?.vxlan,
      peers.get(name) ?? [],
      running.topology.overlay.suppressed(name),
    ),
    fdb: { dynamic: own.length - fixed, static: fixed },
  }
}

function gatewayView(gateway: Gateway | undefined): BridgeView['gateway'] {
  if (gateway === undefined) return null
  const { addresses, mac, vlan = null, advertise } = gateway
  return { addresses: [...addresses], mac, vlan, advertise }
}

function vxlanView(vxlan: Vxlan | undefined, peers: string[], suppressed: number) {
  return vxlan === undefined ? null : { vni: vxlan.vni, port: vxlan.port, peers, suppressed }
}

export type DropView = z.output<typeof dropAnswer>

/** Of a port, or of all. */
export function dropViews(running: RunningSwitch, port?: string): DropView[] {
  const texts = new Map<string, string>(drops.map(({ name, text }) => [name, text]))
  const view = (drop: { port: string; reason: string; frames: number }) => {
    return { ...drop, text: texts.get(drop.reason) ?? '' }
  }
  return running.drops(port).map(view)
}

export type WorkerView = z.output<typeof workerAnswer>

export function workerViews(running: RunningSwitch): WorkerView[] {
  return running.workers.map((worker) => ({
    worker,
    state: running.workerState(worker) as WorkerView['state'],
    ...running.manager.workerStatistics(worker),
  }))
}

export type InfoView = z.output<typeof infoAnswer>

export function infoView(running: RunningSwitch, version: string): InfoView {
  return {
    pid: process.pid,
    version,
    startedAt: running.startedAt.toISOString(),
    bridges: bridgeNames(running).length,
    ports: running.ports.size,
    workers: running.readers.workers.length,
    fdb: {
      entries: running.manager.exports.fdbCount() >>> 0,
      capacity: running.config.capacity.macs,
    },
    eventsLost: running.manager.eventsLost(),
    confirmBy: running.confirmBy?.toISOString() ?? null,
  }
}

export type FdbView = z.output<typeof fdbAnswer>
