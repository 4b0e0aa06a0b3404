/**
 * The running switch as data: what the API answers and `show` prints. Fields are always there,
 * null when empty; their names are a stable contract.
 */

import type { FdbEntry } from '../dataplane/fdb.js'
import { drops } from '../dataplane/generated/drops.js'
import type { WorkerStatistics } from '../dataplane/manager.js'
import type { Port } from './port.js'
import type { RunningSwitch } from './running.js'

interface Traffic {
  frames: number
  bytes: number
  drops: number
}

export interface PortView {
  name: string
  bridge: string
  device: string
  ifname: string | null
  netns: string | null
  origin: string
  state: string
  error: string | null
  mtu: number
  /** Into the switch. */
  rx: Traffic
  tx: Traffic
  /** Frames the kernel dropped before the switch could read them; null while there is no device. */
  kernelDrops: number | null
}

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

export interface BridgeView {
  name: string
  ports: string[]
  /** Milliseconds. */
  ageing: number
  fdb: { dynamic: number; static: number }
}

export function bridgeViews(running: RunningSwitch): BridgeView[] {
  const entries = running.fdb.list()
  return [...running.topology.bridges].map(([name, { ageing }]) => {
    const own = entries.filter(({ bridge }) => bridge === name)
    const fixed = own.filter((entry) => entry.static).length
    const ports = [...running.ports.values()].filter(({ config }) => config.bridge === name)
    return {
      name,
      ports: ports.map((port) => port.name),
      ageing,
      fdb: { dynamic: own.length - fixed, static: fixed },
    }
  })
}

export interface DropView {
  port: string
  reason: string
  frames: number
  text: string
}

export function dropViews(running: RunningSwitch): DropView[] {
  const texts = new Map<string, string>(drops.map(({ name, text }) => [name, text]))
  const view = (drop: { port: string; reason: string; frames: number }) => {
    return { ...drop, text: texts.get(drop.reason) ?? '' }
  }
  return running.drops().map(view)
}

export interface WorkerView extends WorkerStatistics {
  worker: number
  state: string
}

export function workerViews(running: RunningSwitch): WorkerView[] {
  return running.pollers.map((_, worker) => ({
    worker,
    state: running.workerState(worker),
    ...running.manager.workerStatistics(worker),
  }))
}

export interface InfoView {
  pid: number
  version: string
  startedAt: string
  bridges: number
  ports: number
  workers: number
  /** Entries in the FDB and how many it has room for. */
  fdb: { entries: number; capacity: number }
  /** Events of the workers that nobody fetched in time. */
  eventsLost: number
}

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
  }
}

export type FdbView = FdbEntry
