/**
 * Rules of translation over the dataplane's numbers: which external addresses there are, what leaves by
 * them and who answers at them. All of them are given at once and written with the next commit.
 */
import { type Address, formatAddress, parseAddress, parsePrefix } from '../config/address.js'
import { LinkspanError } from '../error.js'
import { EXTERNALS_MAX, NatFlag, PREFIXES_MAX, PUBLISHED_MAX, SOURCES_MAX } from './abi.js'
import type { Flows } from './flows.js'
import type { Manager } from './manager.js'
import { wordsOf } from './port-record.js'

/** Domains are given by their FID. */
export interface MasqueradeRule {
  /** Left out: from any. */
  fromDomain?: number
  fromPrefix?: string
  outDomain: number
  /** The external addresses, of one family. */
  to: readonly string[]
  /** Who may call an external port: whom its owner sent to, or anybody. `address` if left out. */
  filtering?: 'address' | 'open'
  /** Which external port: `random` if left out. */
  ports?: 'random' | 'preserve' | 'parity'
  portRange?: readonly [first: number, last: number]
}

export interface PublishRule {
  name: string
  /** An external address and the domain that it is on. */
  address: string
  domain: number
  protocol: 'tcp' | 'udp' | 'icmp'
  /** Of TCP and UDP. */
  ports?: readonly [first: number, last: number]
  to: string
  toPort?: number
}

/** One external address for one inside address. */
export interface StaticRule {
  address: string
  domain: number
  inside: string
}

/** One IPv6 prefix for another of the same length (RFC 6296). */
export interface PrefixRule {
  inside: string
  outside: string
  domain: number
}

export interface NatRules {
  masquerade: readonly MasqueradeRule[]
  publish: readonly PublishRule[]
  static: readonly StaticRule[]
  prefixes: readonly PrefixRule[]
}

export const NO_RULES: NatRules = { masquerade: [], publish: [], static: [], prefixes: [] }

interface External {
  slot: number
  address: Address
  flags: number
  domain: number
  inside?: Address
}

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
    checkOverlaps(rules.publish)
    const externals = externalsOf(rules, this.#externals)
    for (const { slot, flags } of externals.values()) {
      if (!(flags & NatFlag.MASQUERADE)) continue
      if (slot >> 1 < this.manager.exports.mappedSlots(slot & 1)) continue
      throw tooMany('addresses to translate to (raise capacity.flows or flows6 and restart)')
    }
    const kept = new Set([...externals.values()].map(({ slot }) => slot))
    for (const { slot } of this.#externals.values()) {
      if (!kept.has(slot)) this.#removed.push(slot)
    }
    this.#externals = externals
    this.#rules = rules
    this.#dirty = true
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
    const first = parseAddress(rule.to[0] ?? '')
    const wide = first.family === 6
    const flags =
      (wide ? NatFlag.WIDE : 0) |
      (rule.filtering === 'open' ? NatFlag.OPEN : 0) |
      (rule.ports === 'preserve' ? NatFlag.PRESERVE : 0) |
      (rule.ports === 'parity' ? NatFlag.PARITY : 0)
    const prefix = wordsOf(from?.bytes ?? [])
    const inside = rule.fromDomain ?? 0
    exports.natSource(index, flags, inside, rule.outDomain, from?.length ?? 0, ...prefix)
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

/** Refuses a range that takes part of another's. */
function checkOverlaps(rules: readonly PublishRule[]): void {
  const sorted = rules
    .map((rule) => ({ rule, first: rule.ports?.[0] ?? 0, last: rule.ports?.[1] ?? 0 }))
    .map((entry) => ({ ...entry, where: `${entry.rule.address} ${entry.rule.protocol}` }))
    .sort((a, b) => a.where.localeCompare(b.where) || a.first - b.first)
  for (const [index, entry] of sorted.entries()) {
    const before = sorted[index - 1]
    if (!before || before.where !== entry.where || before.last < entry.first) continue
    throw new LinkspanError(
      'EXISTS',
      `${entry.where} ${entry.first}-${entry.last} of "${entry.rule.name}" is published by "${before.rule.name}" already`,
    )
  }
}

/** Every external address with its slot: even ones for IPv4, odd ones for IPv6, kept where it was. */
function externalsOf(
  rules: NatRules,
  before: ReadonlyMap<string, External>,
): Map<string, External> {
  const found = new Map<string, External>()
  const taken = new Set<number>()
  const add = (text: string, domain: number, flags: number, near?: number): External => {
    const address = parseAddress(text)
    const name = formatAddress(address.bytes)
    const known = found.get(name)
    if (known) {
      known.flags |= flags
      return known
    }
    const wide = address.family === 6 ? NatFlag.WIDE : 0
    const free = freeSlots(address, taken, before)
    const slot = before.get(name)?.slot ?? free(near)
    const external = { slot, address, flags: flags | wide, domain }
    if (taken.has(slot) || slot >= EXTERNALS_MAX) throw tooMany('external addresses')
    taken.add(slot)
    found.set(name, external)
    return external
  }
  // The addresses of a pool lie one behind the other, those of the largest first: a smaller one is often a
  // part of it.
  const pools = rules.masquerade.toSorted((one, other) => other.to.length - one.to.length)
  for (const { to, outDomain } of pools) {
    let near: number | undefined
    for (const text of to) near = add(text, outDomain, NatFlag.MASQUERADE, near).slot + 2
  }
  for (const { address, domain } of rules.publish) add(address, domain, 0)
  for (const { address, domain, inside } of rules.static) {
    add(address, domain, NatFlag.STATIC).inside = parseAddress(inside)
  }
  if (rules.masquerade.length > SOURCES_MAX) throw tooMany('rules of source translation')
  if (rules.publish.length > PUBLISHED_MAX) throw tooMany('published ranges')
  if (rules.prefixes.length > PREFIXES_MAX) throw tooMany('translated prefixes')
  return found
}

/** Gives a slot that no address has or had: the one that is wished for, or the first. */
function freeSlots(
  { family }: Address,
  taken: ReadonlySet<number>,
  before: ReadonlyMap<string, External>,
): (near: number | undefined) => number {
  const used = new Set([...taken, ...[...before.values()].map(({ slot }) => slot)])
  return (near) => {
    if (near !== undefined && !used.has(near)) return near
    let slot = family === 6 ? 1 : 0
    while (used.has(slot)) slot += 2
    return slot
  }
}

/**
 * The longest stretch of slots, one family's, that lie one behind the other: of a pool whose addresses came
 * to be at different times, that much is used.
 */
export function longestRun(slots: readonly number[]): { first: number; length: number } {
  let best = { first: slots[0] ?? 0, length: 0 }
  let run = best
  for (const slot of [...new Set(slots)].sort((one, other) => one - other)) {
    const goes = run.length > 0 && slot === run.first + 2 * run.length
    run = goes ? { ...run, length: run.length + 1 } : { first: slot, length: 1 }
    if (run.length > best.length) best = run
  }
  return best
}

function tooMany(what: string): LinkspanError {
  return new LinkspanError('LIMIT', `more ${what} than there is room for`)
}
