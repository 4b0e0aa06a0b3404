/**
 * The running switch as data: what the API answers and `show` prints. Fields are always there,
 * null when empty; their names are a stable contract.
 */
import type * as z from 'zod'
import type { FdbEntry } from '../dataplane/fdb.js'
import { drops } from '../dataplane/generated/drops.js'
import type { bridgeAnswer } from './api/bridges.js'
import type { portAnswer } from './api/ports.js'
import type { dropAnswer, workerAnswer } from './api/statistics.js'
import type { infoAnswer } from './api/switch.js'
import type { Port } from './port.js'
import type { RunningSwitch } from './running.js'

export type PortView = z.output<typeof portAnswer>

export function portView(port: Port): PortView {
  const counters = port.counters()
  const { ifname, netns } = port.place
  return {
    name: port.name,
    bridge: port.config.bridge,
    device: port.config.device.type,
    ifname,
    netns,
    origin: port.origin,
    state: port.state,
    error: port.error ?? null,
    mtu: port.mtu,
    rx: { frames: counters.rxFrames, bytes: counters.rxBytes, drops: counters.rxDrops },
    tx: { frames: counters.txFrames, bytes: counters.txBytes, drops: counters.txDrops },
    kernelDrops: port.info?.kernelDrops ?? null,
  }
}

export type BridgeView = z.output<typeof bridgeAnswer>

export function bridgeViews(running: RunningSwitch): BridgeView[] {
  const entries = running.fdb.list()
  return [...running.topology.bridges.keys()].map((name) => viewOf(running, name, entries))
}

export function bridgeView(running: RunningSwitch, name: string): BridgeView {
  return viewOf(running, name, running.fdb.list())
}

function viewOf(running: RunningSwitch, name: string, entries: readonly FdbEntry[]): BridgeView {
  const own = entries.filter(({ bridge }) => bridge === name)
  const fixed = own.filter((entry) => entry.static).length
  const ports = [...running.ports.values()].filter(({ config }) => config.bridge === name)
  return {
    name,
    origin: running.bridgeOrigin(name),
    ports: ports.map((port) => port.name),
    ageing: running.topology.bridge(name).ageing,
    fdb: { dynamic: own.length - fixed, static: fixed },
  }
}

export type DropView = z.output<typeof dropAnswer>

export function dropViews(running: RunningSwitch): DropView[] {
  const texts = new Map<string, string>(drops.map(({ name, text }) => [name, text]))
  const view = (drop: { port: string; reason: string; frames: number }) => {
    return { ...drop, text: texts.get(drop.reason) ?? '' }
  }
  return running.drops().map(view)
}

export type WorkerView = z.output<typeof workerAnswer>

export function workerViews(running: RunningSwitch): WorkerView[] {
  return running.pollers.map((_, worker) => ({
    worker,
    state: running.workerState(worker),
    ...running.manager.workerStatistics(worker),
  }))
}

export type InfoView = z.output<typeof infoAnswer>

export function infoView(running: RunningSwitch, version: string): InfoView {
  return {
    pid: process.pid,
    version,
    startedAt: running.startedAt.toISOString(),
    bridges: running.topology.bridges.size,
    ports: running.ports.size,
    workers: running.pollers.length,
    fdb: {
      entries: running.manager.exports.fdbCount() >>> 0,
      capacity: running.config.capacity.macs,
    },
    eventsLost: running.manager.eventsLost(),
    confirmBy: running.confirmBy?.toISOString() ?? null,
  }
}

export type FdbView = FdbEntry
