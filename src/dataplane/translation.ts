/**
 * Translation by names, as a config says it: bridges and uplinks become domains and their addresses when
 * the rules are written, since both may have changed since they were set.
 */
import {
  contains,
  formatAddress,
  isLinkLocal,
  networkOf,
  type Prefix,
  parseAddress,
} from '../config/address.js'
import { LISTEN, parseEndpoint } from '../config/endpoint.js'
import type { NatRule, Publish } from '../config/types.js'
import { uplinkBridge } from '../config/uplink-port.js'
import { LinkspanError } from '../error.js'
import type { Keeper } from '../memento/keeper.js'
import type { Nat } from './nat.js'
import type { MasqueradeRule, NatRules, PrefixRule, PublishRule, StaticRule } from './nat-rules.js'

/** What it needs of the router. */
export interface TranslationHost {
  /** The domain and the addresses of the interface on a bridge, or of an uplink. */
  interfaceOf(name: string): { fid: number; prefixes: readonly Prefix[] } | undefined
  /** Sets addresses that are answered for on an uplink beside its own. */
  setExternal(external: ReadonlyMap<string, readonly Prefix[]>): void
  /** All interfaces. */
  interfaces(): Iterable<{ fid: number; prefixes: readonly Prefix[] }>
}

export class Translation {
  #rules: readonly NatRule[] = []
  #published: readonly Publish[] = []
  #changed = false

  constructor(
    readonly nat: Nat,
    private readonly host: TranslationHost,
  ) {}

  get changed(): boolean {
    return this.#changed
  }
  get isEmpty(): boolean {
    return this.#rules.length + this.#published.length === 0
  }

  /** Replaces all rules; in force with the next change of the topology. */
  set(rules: readonly NatRule[], published: readonly Publish[]): void {
    // First, since there may be no room for their routes.
    this.host.setExternal(staticAddresses(rules, (uplink) => this.#bridgeOf(uplink)))
    this.#rules = rules
    this.#published = published
    this.#changed = true
  }

  /** Throws what `write` would throw; changes nothing. */
  check(): void {
    this.nat.check(this.#resolve())
  }

  /** Writes them into the open change. */
  write(): void {
    if (this.isEmpty && !this.#changed) return
    this.#changed = false
    this.nat.set(this.#resolve())
    this.nat.write()
  }

  #resolve(): NatRules {
    const masquerade: MasqueradeRule[] = []
    const fixed: StaticRule[] = []
    const prefixes: PrefixRule[] = []
    for (const rule of this.#rules) {
      const uplink = this.#uplink(rule.uplink)
      if (!uplink) continue // it is down, or not there yet
      const domain = uplink.fid
      if (rule.type === 'static') {
        fixed.push({ address: rule.outside, domain, inside: rule.inside })
      } else if (rule.type === 'nptv6') {
        prefixes.push({ inside: rule.inside, outside: rule.outside, domain })
      } else masquerade.push(...this.#masquerade(rule, uplink))
    }
    const publish = this.#published.flatMap((entry) => this.#publish(entry))
    return { masquerade, publish, static: fixed, prefixes }
  }

  /** An uplink's interface is on a bridge of its own; a bridge may be outer, too. */
  #bridgeOf(uplink: string): string {
    const own = uplinkBridge(uplink)
    return this.host.interfaceOf(own) ? own : uplink
  }

  #uplink(name: string): { fid: number; prefixes: readonly Prefix[] } | undefined {
    return this.host.interfaceOf(this.#bridgeOf(name))
  }

  /** A rule for each family that the uplink has an address of. */
  *#masquerade(
    rule: Extract<NatRule, { type: 'masquerade' }>,
    uplink: { fid: number; prefixes: readonly Prefix[] },
  ): Generator<MasqueradeRule> {
    const { bridge, prefix } = rule.from
    const inside = bridge === undefined ? undefined : this.host.interfaceOf(bridge)
    if (bridge !== undefined && !inside) return
    for (const family of [4, 6] as const) {
      const own = uplink.prefixes.filter(
        (address) => address.family === family && !isLinkLocal(address),
      )
      const given = rule.source?.filter((text) => parseAddress(text).family === family)
      const taken = this.#rules.flatMap((other) => (other.type === 'static' ? other.outside : []))
      const texts = own.map(({ bytes }) => formatAddress(bytes))
      const to = given ?? texts.filter((text) => !taken.includes(text))
      const wrong = prefix !== undefined && prefix.includes(':') !== (family === 6)
      if (to.length === 0 || wrong) continue
      yield {
        ...(inside && { fromDomain: inside.fid }),
        ...(prefix !== undefined && { fromPrefix: prefix }),
        outDomain: uplink.fid,
        to,
        filtering: rule.filtering === 'endpoint-independent' ? 'open' : 'address',
        ports: rule.ports,
      }
    }
  }

  /** An entry for each protocol and each address that it listens on. */
  #publish(entry: Publish): PublishRule[] {
    const outer = parseEndpoint(entry.listen, LISTEN)
    const inner = parseEndpoint(entry.to[0] ?? '', LISTEN)
    const { address: to = '', family } = inner
    return this.#listening(entry.name, outer)
      .filter(({ address }) => parseAddress(address).family === family)
      .flatMap((where) =>
        entry.protocol.map((protocol) => ({
          name: entry.name,
          ...where,
          protocol,
          ...(outer.ports && { ports: [outer.ports.first, outer.ports.last] as const }),
          to,
          ...(inner.ports && { toPort: inner.ports.first }),
        })),
      )
  }

  #listening(
    name: string,
    outer: ReturnType<typeof parseEndpoint>,
  ): { address: string; domain: number }[] {
    if (outer.uplink !== undefined) {
      const uplink = this.#uplink(outer.uplink)
      const own = (uplink?.prefixes ?? []).map(({ bytes }) => formatAddress(bytes))
      // One that is a host's as a whole is not the uplink's to listen on.
      const fixed = this.#rules.map((rule) => (rule.type === 'static' ? rule.outside : undefined))
      return own
        .filter((address) => !fixed.includes(address))
        .map((address) => ({ address, domain: uplink?.fid ?? 0 }))
    }
    if (outer.address === undefined) return []
    const text = outer.address
    const address = parseAddress(text)
    for (const { fid, prefixes } of this.host.interfaces()) {
      const isOurs = prefixes.some((own) => contains(networkOf(own), address))
      if (isOurs) return [{ address: text, domain: fid }]
    }
    const why = 'which is in the network of no gateway and no uplink'
    throw new LinkspanError('INVALID', `"${name}" is published on ${text}, ${why}`)
  }

  /** @internal */
  keep(keeper: Keeper): void {
    keeper.part(this.nat)
    keeper.values([this.#rules, this.#published, this.#changed], (rules, published, changed) => {
      this.#rules = rules
      this.#published = published
      this.#changed = changed
    })
  }
}

/** The outer addresses of hosts that have one of their own, by the bridge of their uplink. */
function staticAddresses(
  rules: readonly NatRule[],
  bridgeOf: (uplink: string) => string,
): Map<string, Prefix[]> {
  const found = new Map<string, Prefix[]>()
  for (const rule of rules) {
    if (rule.type !== 'static') continue
    const { family, bytes } = parseAddress(rule.outside)
    const prefix = { family, bytes, length: bytes.length * 8 }
    const bridge = bridgeOf(rule.uplink)
    found.set(bridge, [...(found.get(bridge) ?? []), prefix])
  }
  return found
}
