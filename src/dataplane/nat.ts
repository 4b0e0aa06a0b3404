/**
 * Rules of translation over the dataplane's numbers: which external addresses there are, what leaves by
 * them and who answers at them. All of them are given at once and written with the next commit.
 */
import { type Address, formatAddress, parseAddress, parsePrefix } from '../config/address.js'
import type { Keeper } from '../memento/keeper.js'
import { NatFlag, PREFIXES_MAX, PUBLISHED_MAX, SOURCES_MAX } from './abi.js'
import type { Flows } from './flows.js'
import type { Manager } from './manager.js'
import { type External, externalsOf, longestRun, tooMany } from './nat-externals.js'
import {
  checkOverlaps,
  type MasqueradeRule,
  type NatRules,
  NO_RULES,
  type PrefixRule,
  type PublishRule,
} from './nat-rules.js'
import { wordsOf } from './port-record.js'

const DEFAULT_RANGE = [1024, 65_535] as const

export class Nat {
  #rules: NatRules = NO_RULES
  #written: NatRules = NO_RULES
  #externals = new Map<string, External>()
  #removed: number[] = []
  #dirty = false

  constructor(
    private readonly manager: Manager,
    private readonly flows: Flows,
  ) {}

  get rules(): NatRules {
    return this.#rules
  }
  get isDirty(): boolean {
    return this.#dirty
  }

  /** Replaces all rules; in force with the next commit. */
  set(rules: NatRules): void {
    const externals = this.check(rules)
    const kept = new Set([...externals.values()].map(({ slot }) => slot))
    for (const { slot } of this.#externals.values()) {
      if (!kept.has(slot)) this.#removed.push(slot)
    }
    this.#externals = externals
    this.#rules = rules
    this.#dirty = true
  }

  /** The external addresses of rules that there is room for. @throws LinkspanError EXISTS or LIMIT */
  check(rules: NatRules): Map<string, External> {
    checkOverlaps(rules.publish)
    const externals = externalsOf(rules, this.#externals)
    checkCounts(rules)
    this.#checkMapped(externals)
    return externals
  }

  /** Refuses more addresses to translate to than there are maps of ports for. */
  #checkMapped(externals: ReadonlyMap<string, External>): void {
    for (const { slot, flags } of externals.values()) {
      if (!(flags & NatFlag.MASQUERADE)) continue
      if (slot >> 1 < this.manager.exports.mappedSlots(slot & 1)) continue
      throw tooMany('addresses to translate to (raise capacity.flows or flows6 and restart)')
    }
  }

  /** Writes the rules into the open change. */
  write(): void {
    if (!this.#dirty) return
    const { exports } = this.manager
    const externals = [...this.#externals.values()]
    const top = externals.reduce((most, { slot }) => Math.max(most, slot + 1), 0)
    for (let slot = 0; slot < top; slot++) exports.natExternal(slot, 0, 0, 0, 0, 0, 0)
    for (const { slot, address, flags, domain, inside } of externals) {
      exports.natExternal(slot, flags | NatFlag.PRESENT, domain, ...wordsOf(address.bytes))
      if (inside) exports.natStatic(slot, ...wordsOf(inside.bytes))
    }
    const { masquerade, prefixes } = this.#rules
    for (const [index, rule] of masquerade.entries()) this.#writeSource(index, rule)
    for (const [index, rule] of prefixes.entries()) this.#writePrefix(index, rule)
    const published = this.#writePublished()
    exports.natCounts(top, masquerade.length, published, prefixes.length)
  }

  /** After the commit: ends the flows of what is no longer there. */
  settle(): void {
    if (!this.#dirty) return
    this.#dirty = false
    const kept = new Set(this.#rules.publish.map(identityOf))
    for (const rule of this.#written.publish) {
      if (!kept.has(identityOf(rule))) this.flows.delete(filterOf(rule))
    }
    for (const slot of this.#removed) this.flows.purgeSlot(slot)
    this.#removed = []
    this.#written = this.#rules
  }

  /** Ports in use of an external address. */
  portsInUse(address: string): { tcp: number; udp: number } {
    const parsed = parseAddress(address)
    const external = this.#externals.get(formatAddress(parsed.bytes))
    if (!external) return { tcp: 0, udp: 0 }
    const wide = parsed.family === 6 ? 1 : 0
    const count = (protocol: number) =>
      this.manager.exports.mappingCount(wide, external.slot, protocol)
    return { tcp: count(6), udp: count(17) }
  }

  #slotOf(address: string): number {
    return this.#externals.get(formatAddress(parseAddress(address).bytes))?.slot ?? 0
  }

  #writeSource(index: number, rule: MasqueradeRule): void {
    const { exports } = this.manager
    const from = rule.fromPrefix === undefined ? undefined : parsePrefix(rule.fromPrefix)
    const prefix = wordsOf(from?.bytes ?? [])
    const inside = rule.fromDomain ?? 0
    exports.natSource(index, flagsOf(rule), inside, rule.outDomain, from?.length ?? 0, ...prefix)
    const [low, high] = rule.portRange ?? DEFAULT_RANGE
    const pool = longestRun(rule.to.map((address) => this.#slotOf(address)))
    exports.natPool(index, pool.first, pool.length, low, high)
  }

  #writePrefix(index: number, { inside, outside, domain }: PrefixRule): void {
    const from = parsePrefix(inside)
    this.manager.exports.natPrefix(index, domain, from.length, ...wordsOf(from.bytes))
    this.manager.exports.natPrefixOutside(index, ...wordsOf(parsePrefix(outside).bytes))
  }

  /** In the order of (slot, protocol, port), as the dataplane searches. */
  #writePublished(): number {
    const keyed = this.#rules.publish.map((rule, number) => {
      const address = parseAddress(rule.address)
      const slot = this.#slotOf(rule.address)
      const protocol = protocolOf(rule.protocol, address)
      return { rule, number, slot, protocol, first: rule.ports?.[0] ?? 0 }
    })
    keyed.sort((a, b) => a.slot - b.slot || a.protocol - b.protocol || a.first - b.first)
    for (const [index, { rule, number, slot, protocol, first }] of keyed.entries()) {
      const last = rule.ports?.[1] ?? 0
      const to = wordsOf(parseAddress(rule.to).bytes)
      const toPort = rule.toPort ?? first
      this.manager.exports.natPublish(index, slot, protocol, first, last, toPort, number, ...to)
    }
    return keyed.length
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.values([this.#rules, this.#written, this.#dirty], (rules, written, dirty) => {
      this.#rules = rules
      this.#written = written
      this.#dirty = dirty
    })
    keeper.handles([this.#externals, this.#removed], (externals, removed) => {
      this.#externals = externals
      this.#removed = removed
    })
    keeper.list(this.#removed)
  }
}

function flagsOf({ to: [first = ''], filtering, ports }: MasqueradeRule): number {
  return (
    (parseAddress(first).family === 6 ? NatFlag.WIDE : 0) |
    (filtering === 'open' ? NatFlag.OPEN : 0) |
    (ports === 'preserve' ? NatFlag.PRESERVE : 0) |
    (ports === 'parity' ? NatFlag.PARITY : 0)
  )
}

function protocolOf(protocol: PublishRule['protocol'], { family }: Address): number {
  if (protocol === 'icmp') return family === 6 ? 58 : 1
  return protocol === 'tcp' ? 6 : 17
}

function identityOf(rule: PublishRule): string {
  return JSON.stringify([rule.address, rule.protocol, rule.ports, rule.to, rule.toPort])
}

/** Flows of a range all have its inside address as the reply's source, and were called at its own. */
function filterOf(rule: PublishRule) {
  const address = parseAddress(rule.address)
  const protocol = rule.protocol === 'icmp' && address.family === 6 ? 'icmpv6' : rule.protocol
  return { protocol, called: formatAddress(address.bytes), ports: rule.ports }
}

function checkCounts({ masquerade, publish, prefixes }: NatRules): void {
  if (masquerade.length > SOURCES_MAX) throw tooMany('rules of source translation')
  if (publish.length > PUBLISHED_MAX) throw tooMany('published ranges')
  if (prefixes.length > PREFIXES_MAX) throw tooMany('translated prefixes')
}
