/** Rules of translation as the dataplane takes them: addresses as text, domains by their FID. */
import { LinkspanError } from '../error.js'

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

/** Refuses a range that takes part of another's. */
export function checkOverlaps(rules: readonly PublishRule[]): void {
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
