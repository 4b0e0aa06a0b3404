/** The filter's rules by name, over the dataplane's numbers: written whole, in one commit with ports. */
import { LinkspanError } from '../error.js'
import type { Keeper } from '../memento/keeper.js'
import { Action } from './abi.js'
import { type FilterNames, type FilterPlace, type FilterRule, matchesOf } from './filter-match.js'
import type { Manager } from './manager.js'
import { Numbers } from './numbers.js'

export type { FilterRule } from './filter-match.js'

export interface RuleCounters {
  packets: number
  bytes: number
}

export interface FilterView extends FilterNames {
  /** The bridge of a port, undefined if there is no such port. */
  bridgeOf(port: string): string | undefined
}

/** What no rule takes. */
export type Policy = 'allow' | 'deny'

export class Filter {
  readonly #manager: Manager
  readonly #view: FilterView
  readonly #slots: Numbers
  readonly #slotOf = new Map<string, number>()
  readonly #passed: (generation: number) => boolean
  #rules: readonly FilterRule[] = []
  #dirty = false

  constructor(
    manager: Manager,
    view: FilterView,
    rules: number,
    passed: (generation: number) => boolean,
  ) {
    this.#manager = manager
    this.#view = view
    this.#slots = new Numbers(0, rules, 'filter rule', 'capacity.rules')
    this.#passed = passed
  }

  get rules(): readonly FilterRule[] {
    return this.#rules
  }

  /** Whether rules are to be written again: they changed, or what they name did. */
  get dirty(): boolean {
    return this.#dirty
  }

  /** A rule that keeps its name keeps its counters. */
  set(rules: readonly FilterRule[]): void {
    const names = new Set(rules.map(({ name }) => name))
    for (const [name, slot] of this.#slotOf) {
      if (names.has(name)) continue
      this.#slotOf.delete(name)
      this.#slots.retire(slot, this.#manager.generation() + 1)
    }
    const { exports } = this.#manager
    for (const name of names) {
      if (this.#slotOf.has(name)) continue
      this.#slotOf.set(
        name,
        this.#slots.take(this.#passed, (slot) => exports.resetRule(slot)),
      )
    }
    this.#rules = rules
    this.#dirty = true
  }

  /** Ports or bridges came or went: rules may name them. */
  touch(): void {
    if (this.#rules.length > 0) this.#dirty = true
  }

  /** True if frames between ports of the bridge are to be asked of the rules. */
  concerns(bridge: string): boolean {
    return this.#rules.some(({ from, to }) => this.#isIn(from, bridge) && this.#isIn(to, bridge))
  }

  #isIn(place: FilterPlace | undefined, bridge: string): boolean {
    if (place?.uplink !== undefined) return false
    if (place?.bridge !== undefined) return place.bridge === bridge
    return place?.port === undefined || this.#view.bridgeOf(place.port) === bridge
  }

  /** In an open change. */
  write(): void {
    if (!this.#dirty) return
    this.compile()
    this.#dirty = false
  }

  /** In an open change, which need not be committed. @throws LinkspanError LIMIT if there is no room */
  compile(): void {
    const { exports } = this.#manager
    exports.filterBegin()
    for (const rule of this.#rules) {
      const slot = this.#slotOf.get(rule.name) as number
      for (const matches of matchesOf(rule, this.#view)) {
        if (!exports.filterRule(Action[rule.action], slot)) throw full()
        for (const { axis, low, high } of matches) {
          if (!exports.filterMatch(axis, ...low, ...high)) throw full()
        }
      }
    }
    if (!exports.filterEnd()) throw full()
  }

  /** The numbers under which rules are counted, and which of them is whose. */
  get slots(): ReadonlyMap<string, number> {
    return this.#slotOf
  }

  /** Packets that a rule decided, and their octets; undefined for a rule that is not there. */
  counters(name: string): RuleCounters | undefined {
    const slot = this.#slotOf.get(name)
    if (slot === undefined) return undefined
    const read = (which: number) => this.#manager.exports.ruleCounter(slot, which)
    return { packets: read(0), bytes: read(1) }
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.part(this.#slots)
    keeper.map(this.#slotOf)
    keeper.values([this.#rules, this.#dirty], (rules, dirty) => {
      this.#rules = rules
      this.#dirty = dirty
    })
  }
}

function full(): LinkspanError {
  return new LinkspanError(
    'LIMIT',
    'the filter has more rules, or rules with more ports and prefixes, than there is room for: raise capacity.rules and restart the switch',
  )
}
