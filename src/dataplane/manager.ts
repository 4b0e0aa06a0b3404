/**
 * Control's side of the dataplane, by number: config changes, counters, events, and the tables. Names
 * are topology.ts's business. It has an instance and a worker block of its own, the last one.
 */
import { LinkspanError } from '../error.js'
import {
  BURST_SIZES,
  BUSY,
  DomainFlag,
  eventTypes,
  FLOWS_BEGUN,
  FLOWS_ENDED,
  FLOWS_EVICTED,
  FLOWS_EXPIRED,
  portCounters,
  WAITED,
  workerStatistics,
} from './abi.js'
import type { Exports } from './exports.js'
import { FdbRecords } from './fdb-records.js'
import { drops } from './generated/drops.js'
import { type Attachment, attach } from './instance.js'
import type { BoundAddress, Mirrors, Rate } from './port-record.js'
import { RouterRecords } from './router-records.js'
import type { TunnelRecord } from './tunnel-record.js'

/** A port's record in numbers, see assembly/config.ts. */
export interface PortSettings {
  /** Bits of PortFlag. */
  flags: number
  bridge: number
  /** Where frames without a tag belong; 0 where they have no place. */
  fid: number
  mtu: number
  /** Bits of device/offload.ts. */
  offloads: number
  /** On a VLAN-aware bridge: TPID, native VID or 0, and the VLANs it is a member of. */
  vlan?: { tpid: number; native: number; members: readonly (readonly [number, number])[] }
  macLimit: number
  controlFrames: number
  mirrors: Mirrors
  rates: readonly Rate[]
  tunnel?: TunnelRecord
}

export interface DomainSettings {
  /** Milliseconds. */
  ageing: number
  bridge: number
  /** 0 on a bridge that is not VLAN-aware. */
  vid: number
  /** Whether bridged frames are asked of the filter, and denied if no rule takes them. */
  filtered: boolean
  closed: boolean
  /** Whether what is asked of stations behind tunnels is answered here. */
  suppresses: boolean
}

export type PortCounters = Record<(typeof portCounters)[number], number>
/** Frames of a port that were dropped, of one reason. */
export interface PortDrops {
  reason: string
  frames: number
}
export type WorkerStatistics = Record<(typeof workerStatistics)[number], number> & {
  /** Bursts of 1, 2 to 3, 4 to 7 … 128 to 255 and 256 frames. */
  burstSizes: number[]
  /** Milliseconds spent on frames and time-outs, and spent waiting for them. */
  busy: number
  waited: number
  flowsBegun: number
  /** For others, in a full table: nobody had answered, or they had ended. */
  flowsEvicted: { unanswered: number; ended: number }
  flowsExpired: number
}

export interface DataplaneEvent {
  type: (typeof eventTypes)[keyof typeof eventTypes]
  port: number
  fid: number
  /** moved, static-violated: the other port; blocked: the drop reason. */
  detail: number
  macHigh: number
  macLow: number
  time: number
}

export class Manager {
  readonly exports: Exports
  /** The number of its block, behind those of the workers. */
  readonly self: number
  /** Forwarding workers there is room for. */
  readonly workers: number
  /** What an export hands over, and is handed: 256 octets. */
  readonly scratch: DataView
  readonly fdb = new FdbRecords(this)
  readonly router = new RouterRecords(this)

  constructor(attachment: Attachment, workers: number) {
    this.self = workers
    this.workers = workers
    this.exports = attach(attachment, workers)
    const address = this.exports.scratch(workers)
    this.scratch = new DataView(attachment.memory.buffer, address, 256)
  }

  /** Opens a change of config; false while a worker has not yet left the buffer to be written. */
  begin(): boolean {
    if (this.exports.configBegin() === 0) return false
    this.exports.natBegin()
    return true
  }

  /** Sets a port in the open change; undefined takes it out. */
  setPort(port: number, settings: PortSettings | undefined): void {
    const { exports } = this
    if (!settings) return exports.configPort(port, 0, 0, 0, 0, 0)
    const { flags, bridge, fid, mtu, offloads, vlan, mirrors } = settings
    exports.configPort(port, flags, bridge, fid, mtu, offloads)
    if (vlan) {
      exports.configPortVlan(port, vlan.tpid, vlan.native)
      for (const [first, last] of vlan.members) exports.configPortMember(port, first, last)
    }
    const { macLimit, controlFrames } = settings
    const [receive, transmit] = [mirrors.receive ?? 0, mirrors.transmit ?? 0]
    exports.configPortPolicy(port, macLimit, controlFrames, receive, transmit)
    for (const [meter, [cost, burst]] of settings.rates.entries()) {
      exports.configPortRate(port, meter, cost, burst)
    }
    if (settings.tunnel) this.#setTunnel(port, settings.tunnel)
  }

  #setTunnel(port: number, tunnel: TunnelRecord): void {
    const { underlay, version, vni, options, ttl, service, sources, destinationPort } = tunnel
    const ports = [sources.first, sources.count, destinationPort] as const
    this.exports.configTunnel(port, underlay, version, vni, options, ttl, service, ...ports)
    this.exports.configTunnelEnd(port, 0, ...tunnel.local)
    this.exports.configTunnelEnd(port, 1, ...tunnel.remote)
  }

  /** Sets a port's bindings, which a change begins without. */
  setBindings(port: number, bindings: readonly BoundAddress[]): void {
    this.exports.configBindings(port)
    for (const { kind, prefix, words } of bindings) {
      if (this.exports.configBinding(port, kind, prefix, ...words)) continue
      throw new LinkspanError(
        'LIMIT',
        'more bound addresses than there is room for, all ports together',
      )
    }
  }

  /** Sets a broadcast domain in the open change; undefined takes it out. */
  setDomain(fid: number, settings: DomainSettings | undefined): void {
    if (!settings) return this.exports.configDomain(fid, 0, 0, 0, 0)
    const { ageing, bridge, vid, filtered, closed, suppresses } = settings
    const flags =
      DomainFlag.PRESENT |
      (filtered ? DomainFlag.FILTERED : 0) |
      (closed ? DomainFlag.CLOSED : 0) |
      (suppresses ? DomainFlag.SUPPRESSES : 0)
    this.exports.configDomain(fid, flags, ageing, bridge, vid)
  }

  /** Makes the change active, whole and at once; returns its generation. */
  commit(): number {
    const generation = this.exports.configCommit() >>> 0
    if (generation !== 0) return generation
    throw new LinkspanError(
      'LIMIT',
      'more ports in VLANs than there is room for: raise capacity.memberships and restart the switch',
    )
  }

  /** The generation of the active config. */
  generation(): number {
    return this.exports.configGeneration() >>> 0
  }

  /** True when no worker can be using anything older than `generation`. */
  passed(generation: number): boolean {
    return this.exports.configPassed(generation) !== 0
  }

  portCounters(port: number): PortCounters {
    const read = (name: string, which: number) => [name, this.exports.portCounter(port, which)]
    return Object.fromEntries(portCounters.map(read)) as PortCounters
  }

  /** The reasons for which frames of a port were dropped. */
  portDrops(port: number): PortDrops[] {
    const count = ({ code, name: reason }: (typeof drops)[number]) => {
      return { reason, frames: this.exports.dropCounter(port, code) }
    }
    return drops.map(count).filter(({ frames }) => frames > 0)
  }

  workerStatistics(worker: number): WorkerStatistics {
    const read = (which: number) => this.exports.workerStatistic(worker, which)
    const named = Object.fromEntries(workerStatistics.map((name, which) => [name, read(which)]))
    const sizes = Array.from({ length: BURST_SIZES }, (_, size) => workerStatistics.length + size)
    const times = { busy: read(BUSY) / 1000, waited: read(WAITED) / 1000 }
    const flows = {
      flowsBegun: read(FLOWS_BEGUN),
      flowsEvicted: { unanswered: read(FLOWS_EVICTED), ended: read(FLOWS_ENDED) },
      flowsExpired: read(FLOWS_EXPIRED),
    }
    return { ...named, burstSizes: sizes.map(read), ...times, ...flows } as WorkerStatistics
  }

  /** Takes the events of all workers, oldest first a worker. */
  *events(): Generator<DataplaneEvent> {
    for (let worker = 0; worker <= this.workers; worker++) {
      while (this.exports.nextEvent(worker, this.self)) yield this.#event()
    }
  }

  /** Events that did not fit the rings. */
  eventsLost(): number {
    let lost = 0
    for (let worker = 0; worker <= this.workers; worker++) lost += this.exports.eventsLost(worker)
    return lost
  }

  #event(): DataplaneEvent {
    const view = this.scratch
    const octet = (index: number) => view.getUint8(16 + index)
    return {
      type: eventTypes[view.getUint32(0, true) as keyof typeof eventTypes],
      port: view.getUint32(4, true),
      fid: view.getUint32(8, true),
      detail: view.getUint32(12, true),
      macHigh: (octet(0) << 8) | octet(1),
      macLow: view.getUint32(18, false),
      time: view.getFloat64(24, true),
    }
  }
}
