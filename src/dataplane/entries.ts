/** FDB entries by name: made by hand, listed, flushed. */
import type { VlanPolicy } from '../config/types.js'
import { DEFAULT_VLAN, isMember } from '../config/vlan-use.js'
import { LinkspanError } from '../error.js'
import type { Keeper } from '../memento/keeper.js'
import type { DomainName, Domains } from './domains.js'
import type { FdbEntry } from './fdb-records.js'
import type { Manager } from './manager.js'

/** An FDB entry by name; the MAC as its first two octets and its last four. */
export interface NamedEntry {
  bridge: string
  /** Null on a bridge that is not VLAN-aware. */
  vlan: number | null
  port: string
  macHigh: number
  macLow: number
  age: number
  static: boolean
  sticky: boolean
  external: boolean
}

/** What entries need to know of bridges and ports. */
export interface EntryView {
  readonly domains: Domains
  readonly bridges: ReadonlyMap<string, unknown>
  bridge(name: string): { vlanAware?: boolean | undefined }
  port(name: string): {
    index: number
    bridge: string
    policy?: { vlan?: { native?: number | undefined } } | undefined
  }
  portName(index: number): string | undefined
  domainName(fid: number): DomainName | undefined
}

type Fixed = Omit<FdbEntry, 'age' | 'sticky' | 'external'>

export class Entries {
  readonly #manager: Manager
  readonly #view: EntryView
  readonly #static = new Map<string, Fixed>()

  constructor(manager: Manager, view: EntryView) {
    this.#manager = manager
    this.#view = view
  }

  /** Adds an entry, or replaces one; without `vlan` in the VLAN of the port's untagged frames. */
  set(
    entry: Pick<NamedEntry, 'bridge' | 'port' | 'macHigh' | 'macLow' | 'static'> & {
      vlan?: number | null | undefined
    },
    now: number,
  ): void {
    const { macHigh, macLow } = entry
    const port = this.#view.port(entry.port)
    const { vlanAware } = this.#view.bridge(entry.bridge)
    if (port.bridge !== entry.bridge) {
      throw new LinkspanError(
        'INVALID',
        `port "${entry.port}" is on bridge "${port.bridge}", not on "${entry.bridge}"`,
      )
    }
    const own = vlanAware ? (port.policy?.vlan ?? DEFAULT_VLAN).native : undefined
    const fid = this.#fidOf(entry.bridge, entry.vlan ?? own)
    const raw = { fid, port: port.index, macHigh, macLow, static: entry.static }
    this.#manager.fdb.set(raw, now)
    if (entry.static) this.#static.set(`${fid} ${macHigh} ${macLow}`, raw)
  }

  /** Removes an entry; false if there was none. Without `vlan` in all VLANs of the bridge. */
  delete(bridge: string, macHigh: number, macLow: number, vlan?: number | null): boolean {
    this.#view.bridge(bridge)
    const fids = vlan == null ? [...this.#view.domains.fidsOf(bridge)] : [this.#fidOf(bridge, vlan)]
    return fids.map((fid) => this.#delete(fid, macHigh, macLow)).includes(true)
  }

  #delete(fid: number, macHigh: number, macLow: number): boolean {
    this.#static.delete(`${fid} ${macHigh} ${macLow}`)
    return this.#manager.fdb.delete(fid, macHigh, macLow)
  }

  #fidOf(bridge: string, vlan: number | undefined): number {
    const { vlanAware } = this.#view.bridge(bridge)
    if (!vlanAware && vlan !== undefined) {
      throw new LinkspanError('INVALID', `bridge "${bridge}" is not VLAN-aware: leave "vlan" out`)
    }
    if (vlanAware && vlan === undefined) {
      throw new LinkspanError(
        'INVALID',
        'the port has no VLAN for untagged frames: say which as "vlan"',
      )
    }
    const fid = this.#view.domains.fidOf(bridge, vlan ?? null)
    if (fid !== undefined) return fid
    throw new LinkspanError('NOT_FOUND', `no port of bridge "${bridge}" is in VLAN ${vlan}`)
  }

  /** Voids the entries that were learnt on a port, in a VLAN, on a bridge, or all. */
  flush(scope: {
    port?: string | undefined
    bridge?: string | undefined
    vlan?: number | null | undefined
  }): void {
    const { exports } = this.#manager
    if (scope.port !== undefined) return exports.fdbFlushPort(this.#view.port(scope.port).index)
    if (scope.bridge !== undefined && scope.vlan != null) {
      return exports.fdbFlushDomain(this.#fidOf(scope.bridge, scope.vlan))
    }
    if (scope.bridge !== undefined) this.#view.bridge(scope.bridge)
    const names = scope.bridge === undefined ? this.#view.bridges.keys() : [scope.bridge]
    for (const name of names) {
      for (const fid of this.#view.domains.fidsOf(name)) exports.fdbFlushDomain(fid)
    }
  }

  /** Removes the static entries of a port. */
  forgetPort(port: number): void {
    this.#forget((entry) => entry.port === port)
  }

  /** Removes a port's static entries in VLANs that it is not in any more: nothing could get there. */
  forgetOutside(port: number, vlan: VlanPolicy = DEFAULT_VLAN): void {
    this.#forget((entry) => {
      const id = this.#view.domainName(entry.fid)?.vlan ?? null
      return entry.port === port && id !== null && !isMember(vlan, id, new Set([id]))
    })
  }

  /** Removes the static entries of a domain that is gone. */
  forgetDomain(fid: number): void {
    this.#forget((entry) => entry.fid === fid)
  }

  #forget(matches: (entry: Fixed) => boolean): void {
    for (const [key, entry] of this.#static) {
      if (!matches(entry)) continue
      this.#static.delete(key)
      this.#manager.fdb.delete(entry.fid, entry.macHigh, entry.macLow)
    }
  }

  /** The entries in force at `now`. */
  *list(now: number): Generator<NamedEntry> {
    for (const { fid, port, ...rest } of this.#manager.fdb.list(now)) {
      const domain = this.#view.domainName(fid)
      const name = this.#view.portName(port)
      if (domain !== undefined && name !== undefined) yield { ...domain, port: name, ...rest }
    }
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.map(this.#static)
  }
}
