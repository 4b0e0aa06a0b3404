/**
 * The broadcast domains of bridges: one for a bridge that is not VLAN-aware, else one for every VLAN
 * that a port of the bridge names. Each has a dense number, its FID, for as long as it exists.
 */

import type { Keeper } from '../memento/keeper.js'
import type { Manager } from './manager.js'
import type { Numbers } from './numbers.js'

/** What a FID is of; `vlan` is null on a bridge that is not VLAN-aware. */
export interface DomainName {
  bridge: string
  vlan: number | null
}

export interface DomainBridge {
  name: string
  index: number
  ageing: number
  filtered: boolean
  closed: boolean
  suppresses: boolean
}

/** No VLAN: the domain of a bridge that is not VLAN-aware. */
export const WHOLE = 0

export class Domains {
  readonly #manager: Manager
  readonly #fids: Numbers
  readonly #passed: (generation: number) => boolean
  /** By bridge, then VID. */
  readonly #byBridge = new Map<string, Map<number, number>>()
  readonly #names = new Map<number, DomainName>()
  /** FIDs that are given back when the open change is active. */
  #leaving: number[] = []

  constructor(manager: Manager, fids: Numbers, passed: (generation: number) => boolean) {
    this.#manager = manager
    this.#fids = fids
    this.#passed = passed
  }

  /** What a FID is of, also of one that was given back until it is used again. */
  nameOf(fid: number): DomainName | undefined {
    return this.#names.get(fid)
  }

  fidOf(bridge: string, vlan: number | null): number | undefined {
    return this.#byBridge.get(bridge)?.get(vlan ?? WHOLE)
  }

  /** VLANs of a bridge, in no order; `[0]` if it is not VLAN-aware. */
  vlansOf(bridge: string): IterableIterator<number> {
    return (this.#byBridge.get(bridge) ?? new Map<number, number>()).keys()
  }

  fidsOf(bridge: string): IterableIterator<number> {
    return (this.#byBridge.get(bridge) ?? new Map<number, number>()).values()
  }

  /** Gives numbers to domains of a bridge that have none: they can be named before they are in force. */
  reserve(name: string, wanted: Iterable<number>): Map<number, number> {
    const own = this.#byBridge.get(name) ?? new Map<number, number>()
    this.#byBridge.set(name, own)
    for (const vid of wanted) if (!own.has(vid)) this.#add(own, name, vid)
    return own
  }

  /**
   * In an open change: gives the bridge exactly these domains, and lets go of its others, whose
   * numbers come back with `committed`.
   */
  write({ name, index, ...settings }: DomainBridge, wanted: ReadonlySet<number>): void {
    const own = this.reserve(name, wanted)
    for (const vid of wanted) {
      const fid = own.get(vid) as number
      this.#manager.setDomain(fid, { ...settings, bridge: index, vid })
      if (vid !== WHOLE) this.#manager.exports.setVlan(index, vid, fid)
    }
    for (const [vid, fid] of own) {
      if (!wanted.has(vid)) this.#remove(own, index, vid, fid)
    }
  }

  #add(own: Map<number, number>, bridge: string, vid: number): void {
    const flush = (number: number) => {
      this.#manager.exports.fdbFlushDomain(number)
      this.#manager.exports.resetDomain(number)
      // Once more: a burst that was under way when the domain went may have heard of one after the flush.
      this.#manager.router.flushNeighbors({ fid: number })
    }
    const fid = this.#fids.take(this.#passed, flush)
    own.set(vid, fid)
    this.#names.set(fid, { bridge, vlan: vid === WHOLE ? null : vid })
  }

  #remove(own: Map<number, number>, index: number, vid: number, fid: number): void {
    own.delete(vid)
    this.#manager.setDomain(fid, undefined)
    if (vid !== WHOLE) this.#manager.exports.setVlan(index, vid, 0)
    this.#leaving.push(fid)
  }

  /** In an open change: takes a bridge out. */
  drop(name: string, index: number): void {
    for (const [vid, fid] of this.#byBridge.get(name) ?? []) {
      this.#remove(this.#byBridge.get(name) as Map<number, number>, index, vid, fid)
    }
    this.#byBridge.delete(name)
  }

  /** After the change is active: forgets what was learnt in domains that are gone. Returns them. */
  committed(generation: number): readonly number[] {
    const gone = this.#leaving
    this.#leaving = []
    for (const fid of gone) {
      this.#manager.exports.fdbFlushDomain(fid)
      this.#fids.retire(fid, generation)
    }
    return gone
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.part(this.#fids)
    keeper.map(this.#byBridge, (own) => keeper.map(own))
    keeper.map(this.#names)
    keeper.handles([this.#leaving], (leaving) => {
      this.#leaving = leaving
    })
    keeper.list(this.#leaving)
  }
}
