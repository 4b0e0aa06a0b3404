/**
 * Bridges, ports and FDB entries by name, over the dataplane's numbers. Changes are gathered here
 * and written by `flush` in one commit, so that a thousand ports change at once; what was taken out
 * is given to someone else only after every worker has passed on.
 */

import { LinkspanError } from '../error.js'
import { drops } from './generated/drops.js'
import type { FdbEntry, Manager, PortCounters } from './manager.js'
import { Numbers } from './numbers.js'

export interface BridgeSettings {
  /** Milliseconds after which an address that was not seen again is forgotten. */
  ageing: number
}

export interface PortSettings {
  bridge: string
  up: boolean
  mtu: number
  offloads: number
}

interface BridgeState extends BridgeSettings {
  fid: number
}
interface PortState extends PortSettings {
  index: number
}

/** An FDB entry by name; the MAC as its first two octets and its last four. */
export interface NamedEntry {
  bridge: string
  port: string
  macHigh: number
  macLow: number
  age: number
  static: boolean
}

export interface DropCount {
  port: string
  reason: string
  frames: number
}

export class Topology {
  readonly #manager: Manager
  readonly #bridges = new Map<string, BridgeState>()
  readonly #ports = new Map<string, PortState>()
  readonly #bridgeNames = new Map<number, string>()
  readonly #portNames = new Map<number, string>()
  readonly #static = new Map<string, Omit<FdbEntry, 'age'>>()
  readonly #fids: Numbers
  readonly #indices: Numbers
  /** Numbers whose records are to be written, and those of them that are flushed then. */
  readonly #dirtyPorts = new Set<number>()
  readonly #dirtyBridges = new Set<number>()
  readonly #voidPorts = new Set<number>()
  readonly #voidBridges = new Set<number>()

  constructor(manager: Manager, capacity: { ports: number; bridges: number }) {
    this.#manager = manager
    this.#fids = new Numbers(1, capacity.bridges + 1, 'bridge', 'capacity.bridges')
    this.#indices = new Numbers(0, capacity.ports, 'port', 'capacity.ports')
  }

  get bridges(): ReadonlyMap<string, Readonly<BridgeState>> {
    return this.#bridges
  }
  get ports(): ReadonlyMap<string, Readonly<PortState>> {
    return this.#ports
  }
  /** The name of a port by its number, also of one that was removed until the number is used again. */
  portName(index: number): string | undefined {
    return this.#portNames.get(index)
  }
  bridgeName(fid: number): string | undefined {
    return this.#bridgeNames.get(fid)
  }

  addBridge(name: string, settings: BridgeSettings): void {
    if (this.#bridges.has(name)) throw exists('bridge', name)
    const fid = this.#fids.take(this.#passed, (number) =>
      this.#manager.exports.fdbFlushDomain(number),
    )
    this.#bridges.set(name, { ...settings, fid })
    this.#bridgeNames.set(fid, name)
    this.#dirtyBridges.add(fid)
  }

  setBridge(name: string, settings: Partial<BridgeSettings>): void {
    const bridge = this.bridge(name)
    Object.assign(bridge, settings)
    this.#dirtyBridges.add(bridge.fid)
  }

  removeBridge(name: string): void {
    const { fid } = this.bridge(name)
    const user = [...this.#ports].find(([, port]) => port.bridge === name)
    if (user) {
      throw new LinkspanError(
        'EXISTS',
        `bridge "${name}" still has port "${user[0]}": remove its ports first`,
      )
    }
    this.#bridges.delete(name)
    this.#dirtyBridges.add(fid)
    this.#voidBridges.add(fid)
    this.#fids.retire(fid, this.#manager.generation() + 1)
  }

  /** Adds a port and returns its number. */
  addPort(name: string, settings: PortSettings): number {
    if (this.#ports.has(name)) throw exists('port', name)
    this.bridge(settings.bridge)
    const index = this.#indices.take(this.#passed, (number) => {
      // Once more: a burst that was under way at the removal may have learnt after the flush.
      this.#manager.exports.fdbFlushPort(number)
      this.#manager.exports.resetPort(number)
    })
    this.#ports.set(name, { ...settings, index })
    this.#portNames.set(index, name)
    this.#dirtyPorts.add(index)
    return index
  }

  setPort(name: string, settings: Partial<PortSettings>): void {
    const port = this.port(name)
    const bridge = settings.bridge ?? port.bridge
    this.bridge(bridge)
    if (bridge !== port.bridge) this.#deleteStatic(({ port: owner }) => owner === port.index)
    if (bridge !== port.bridge || (settings.up === false && port.up)) {
      this.#voidPorts.add(port.index)
    }
    Object.assign(port, settings)
    this.#dirtyPorts.add(port.index)
  }

  removePort(name: string): void {
    const { index } = this.port(name)
    this.#deleteStatic(({ port }) => port === index)
    this.#ports.delete(name)
    this.#dirtyPorts.add(index)
    this.#voidPorts.add(index)
    this.#indices.retire(index, this.#manager.generation() + 1)
  }

  /**
   * Makes all changes since the last call active in one step. False, and nothing done, while a
   * worker has not yet passed the change before; then try again a moment later.
   */
  flush(): boolean {
    if (this.#dirtyPorts.size + this.#dirtyBridges.size === 0) return true
    if (!this.#manager.begin()) return false
    for (const fid of this.#dirtyBridges) {
      const bridge = this.#bridges.get(this.#bridgeNames.get(fid) ?? '')
      this.#manager.setDomain(fid, bridge?.fid === fid ? bridge.ageing : undefined)
    }
    for (const index of this.#dirtyPorts) this.#writePort(index)
    this.#manager.commit()
    for (const index of this.#voidPorts) this.#manager.exports.fdbFlushPort(index)
    for (const fid of this.#voidBridges) this.#manager.exports.fdbFlushDomain(fid)
    for (const dirty of [this.#dirtyPorts, this.#dirtyBridges]) dirty.clear()
    for (const voided of [this.#voidPorts, this.#voidBridges]) voided.clear()
    return true
  }

  #writePort(index: number): void {
    const port = this.#ports.get(this.#portNames.get(index) ?? '')
    if (port?.index !== index) return this.#manager.setPort(index, undefined)
    const { up, mtu, offloads } = port
    this.#manager.setPort(index, { fid: this.bridge(port.bridge).fid, up, mtu, offloads })
  }

  /** True when every worker has passed the last change: what it took out is unused. */
  settled(): boolean {
    return this.#passed(this.#manager.generation())
  }

  readonly #passed = (generation: number): boolean =>
    this.#manager.generation() - generation >= 0 && this.#manager.passed(generation)

  setEntry(entry: Omit<NamedEntry, 'age'>, now: number): void {
    const { macHigh, macLow } = entry
    const { fid } = this.bridge(entry.bridge)
    const port = this.port(entry.port)
    if (port.bridge !== entry.bridge) {
      throw new LinkspanError(
        'INVALID',
        `port "${entry.port}" is on bridge "${port.bridge}", not on "${entry.bridge}"`,
      )
    }
    const raw = { fid, port: port.index, macHigh, macLow, static: entry.static }
    this.#manager.fdbSet(raw, now)
    if (entry.static) this.#static.set(`${fid} ${macHigh} ${macLow}`, raw)
  }

  /** False if there was no such entry. */
  deleteEntry(bridge: string, macHigh: number, macLow: number): boolean {
    const { fid } = this.bridge(bridge)
    this.#static.delete(`${fid} ${macHigh} ${macLow}`)
    return this.#manager.fdbDelete(fid, macHigh, macLow)
  }

  /** Voids the dynamic entries of a port, of a bridge, or all. */
  flushEntries(scope: { port?: string | undefined; bridge?: string | undefined }): void {
    if (scope.port !== undefined) {
      this.#manager.exports.fdbFlushPort(this.port(scope.port).index)
      return
    }
    const names = scope.bridge === undefined ? [...this.#bridges.keys()] : [scope.bridge]
    for (const name of names) this.#manager.exports.fdbFlushDomain(this.bridge(name).fid)
  }

  #deleteStatic(matches: (entry: Omit<FdbEntry, 'age'>) => boolean): void {
    for (const [key, entry] of this.#static) {
      if (!matches(entry)) continue
      this.#static.delete(key)
      this.#manager.fdbDelete(entry.fid, entry.macHigh, entry.macLow)
    }
  }

  /** The entries in force at `now`. */
  *entries(now: number): Generator<NamedEntry> {
    for (const { fid, port, ...rest } of this.#manager.fdbEntries(now)) {
      const bridge = this.#bridgeNames.get(fid)
      const name = this.#portNames.get(port)
      if (bridge !== undefined && name !== undefined) yield { bridge, port: name, ...rest }
    }
  }

  counters(name: string): PortCounters {
    return this.#manager.portCounters(this.port(name).index)
  }

  /** The reasons for which frames of the given ports (all, if none is named) were dropped. */
  drops(name?: string): DropCount[] {
    const names = name === undefined ? [...this.#ports.keys()] : [name]
    return names.flatMap((port) => {
      const { index } = this.port(port)
      const count = ({ code, name: reason }: (typeof drops)[number]) => {
        return { port, reason, frames: this.#manager.exports.dropCounter(index, code) }
      }
      return drops.map(count).filter(({ frames }) => frames > 0)
    })
  }

  /** The bridge of that name; an error that says what there is if there is none. */
  bridge(name: string): BridgeState {
    return find(this.#bridges, 'bridge', name)
  }

  port(name: string): PortState {
    return find(this.#ports, 'port', name)
  }
}

function exists(what: string, name: string): LinkspanError {
  return new LinkspanError('EXISTS', `there is a ${what} "${name}" already`)
}

function find<T>(map: ReadonlyMap<string, T>, what: string, name: string): T {
  const found = map.get(name)
  if (found !== undefined) return found
  const names = [...map.keys()]
  const some = names.slice(0, 10).join(', ') + (names.length > 10 ? ', …' : '')
  const there = names.length === 0 ? `no ${what}` : some
  throw new LinkspanError('NOT_FOUND', `there is no ${what} "${name}"; there is ${there}`)
}
