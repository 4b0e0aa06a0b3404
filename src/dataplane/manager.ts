/**
 * Control's side of the dataplane, by number: config changes, FDB entries, counters, events. Names
 * are topology.ts's business. It has an instance and a worker block of its own, the last one.
 */
import { LinkspanError } from '../error.js'
import {
  BURST_SIZES,
  BUSY,
  Change,
  DomainFlag,
  ENTRY_STATIC,
  ENTRY_STICKY,
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
import { drops } from './generated/drops.js'
import { type Attachment, attach } from './instance.js'
import type { BoundAddress, Mirrors, Rate } from './port-record.js'

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
}

/** Sixteen octets as little-endian words. */
export type Words = BoundAddress['words']

/** An interface of the router, see assembly/router/interface.ts. */
export interface InterfaceRecord {
  /** Bits of InterfaceFlag. */
  flags: number
  /** First two octets and last four. */
  mac: readonly [number, number]
  mtu: number
  vid: number
  /** Another number: it announces itself. */
  identity: number
  linkLocal: Words
}

/** A route, see assembly/router/route.ts. */
export interface RouteRecord {
  kind: number
  family: 4 | 6
  length: number
  /** 0 for none. */
  fid: number
  prefix: Words
  nextHop: Words
}

/** A neighbour of the router, see assembly/gateway/manage.ts. */
export interface NeighborRecord {
  /** 16; an IPv4 address as a mapped one. */
  octets: Uint8Array
  mac: Uint8Array
  state: number
  fid: number
  /** Milliseconds since it was confirmed. */
  age: number
}

/** An FDB entry; the MAC as its first two octets and its last four. */
export interface FdbEntry {
  fid: number
  port: number
  static: boolean
  sticky: boolean
  macHigh: number
  macLow: number
  /** Milliseconds since it was last seen; 0 for a static or sticky one. */
  age: number
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

const ENTRY_SIZE = 24
const CURSOR_OFFSET = 248

export class Manager {
  readonly exports: Exports
  /** The number of its block, behind those of the workers. */
  readonly self: number
  /** Forwarding workers there is room for. */
  readonly workers: number
  /** What an export hands over, and is handed: 256 octets. */
  readonly scratch: DataView

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
    const { ageing, bridge, vid, filtered, closed } = settings
    const flags =
      DomainFlag.PRESENT | (filtered ? DomainFlag.FILTERED : 0) | (closed ? DomainFlag.CLOSED : 0)
    this.exports.configDomain(fid, flags, ageing, bridge, vid)
  }

  /** In the open change: an interface of the router. */
  setInterface(fid: number, settings: InterfaceRecord): void {
    const { flags, mac, mtu, vid, identity, linkLocal } = settings
    const done = this.exports.configInterface(fid, flags, ...mac, mtu, vid, identity, ...linkLocal)
    if (!done) throw new LinkspanError('LIMIT', 'there is room for 1024 gateways and uplinks')
  }

  /** In the open change: a route; those of shorter prefixes first. */
  setRoute({ kind, family, length, fid, prefix, nextHop }: RouteRecord): void {
    if (this.exports.configRoute(kind, family, length, fid, ...prefix, ...nextHop)) return
    throw new LinkspanError(
      'LIMIT',
      'the routes do not fit: raise capacity.routes and restart the switch',
    )
  }

  /** Gives an address on a link a MAC by hand, or takes it away: false if it had none. */
  setNeighbor(fid: number, address: Words, mac: readonly [number, number]): boolean {
    const outcome = this.exports.neighborSet(this.self, fid, ...address, ...mac)
    if (outcome === Change.BUSY)
      throw new LinkspanError('BUSY', 'the neighbours are busy: try again')
    if (outcome === Change.FULL) {
      throw new LinkspanError(
        'LIMIT',
        'no room for another neighbour: raise capacity.neighbors and restart the switch',
      )
    }
    return outcome === Change.DONE
  }

  /** Forgets the neighbours on a domain, or those whose MAC is on a port. */
  flushNeighbors(what: { fid: number } | { port: number }): void {
    if ('fid' in what) this.exports.neighborFlush(this.self, what.fid)
    else this.exports.neighborFlushPort(this.self, what.port)
  }

  *neighbors(now: number): Generator<NeighborRecord> {
    let cursor = this.exports.neighborNext(this.self, 1, now)
    for (; cursor !== 0; cursor = this.exports.neighborNext(this.self, cursor, now)) {
      const view = this.scratch
      const octets = Uint8Array.from({ length: 16 }, (_, at) => view.getUint8(at))
      const mac = Uint8Array.from({ length: 6 }, (_, at) => view.getUint8(16 + at))
      const [state, fid] = [view.getUint32(24, true), view.getUint32(28, true)]
      yield { octets, mac, state, fid, age: view.getFloat64(32, true) }
    }
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

  fdbSet(entry: Omit<FdbEntry, 'age' | 'sticky'>, now: number): void {
    const { fid, macHigh, macLow, port } = entry
    const fixed = entry.static ? 1 : 0
    const outcome = this.exports.fdbSet(this.self, fid, macHigh, macLow, port, fixed, now)
    if (outcome === Change.FULL) {
      throw new LinkspanError('LIMIT', 'the FDB is full of static entries: raise capacity.macs')
    }
    if (outcome !== Change.DONE) throw new LinkspanError('BUSY', 'the FDB is busy: try again')
  }

  /** False if there was no such entry. */
  fdbDelete(fid: number, macHigh: number, macLow: number): boolean {
    const outcome = this.exports.fdbDelete(this.self, fid, macHigh, macLow)
    if (outcome === Change.BUSY) throw new LinkspanError('BUSY', 'the FDB is busy: try again')
    return outcome === Change.DONE
  }

  /** The entries in force at `now`. */
  *fdbEntries(now: number): Generator<FdbEntry> {
    let cursor = 0
    for (;;) {
      const found = this.exports.fdbNext(this.self, cursor, now)
      if (found === 0) return
      cursor = this.scratch.getUint32(CURSOR_OFFSET, true)
      // Read them all before yielding: the scratch space is used by other calls too.
      yield* Array.from({ length: found }, (_, index) => this.#entryAt(index * ENTRY_SIZE))
    }
  }

  /** The entry in force of an address. */
  fdbFind(fid: number, macHigh: number, macLow: number, now: number): FdbEntry | undefined {
    const found = this.exports.fdbFind(this.self, fid, macHigh, macLow, now)
    return found ? this.#entryAt(0) : undefined
  }

  #entryAt(at: number): FdbEntry {
    const view = this.scratch
    return {
      fid: view.getUint32(at, true),
      port: view.getUint32(at + 4, true),
      static: (view.getUint32(at + 8, true) & ENTRY_STATIC) !== 0,
      sticky: (view.getUint32(at + 8, true) & ENTRY_STICKY) !== 0,
      macHigh: view.getUint32(at + 12, true),
      macLow: view.getUint32(at + 16, true),
      age: view.getUint32(at + 20, true),
    }
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
