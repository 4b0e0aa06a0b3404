/** What a host is made of, checked before anything of it is there. */
import {
  type Address,
  contains,
  formatAddress,
  formatMac,
  isGroupMac,
  type Prefix,
  parseAddress,
  parseMac,
} from '../config/address.js'
import { derivedMac } from '../config/derived-mac.js'
import { describe, quote } from '../config/describe.js'
import { NAME, NAME_PATTERN } from '../config/names.js'
import type { PortInput } from '../config/types.js'
import { InvalidError, LinkspanError } from '../error.js'
import type { Bridge, Claim } from './bridge.js'
import { checkOptions } from './check-options.js'
import { LOCALHOST } from './host/loopback.js'
import type { LinkSettings } from './link/settings.js'

export interface HostOptions {
  /** Where it is plugged in; left out: the lab's bridge, where there is only one. */
  bridge?: Bridge | string
  /** With prefix lengths; left out: one of each network of the bridge. */
  addresses?: readonly string[]
  /** Where packets to other networks go; left out: the bridge's gateway; false: nowhere. */
  gateway?: string | readonly string[] | false
  /** Left out: one made of the name. */
  mac?: string
  /** true: takes IPv6 addresses and gateway of router advertisements, and allots none. */
  slaac?: boolean
  /** What its cable does to frames. */
  link?: LinkSettings
  /** Policy of its port of the switch, as in a config: `isolated`, `vlan`, `limits` … */
  port?: Omit<PortInput, 'bridge' | 'device'>
}

export interface HostPlan {
  readonly claim: Claim
  readonly gateways: readonly Address[]
  readonly mac: string
}

const KEYS = ['bridge', 'addresses', 'gateway', 'mac', 'slaac', 'link', 'port']

export function checkHostName(name: unknown): void {
  if (typeof name !== 'string' || !NAME_PATTERN.test(name)) {
    throw new InvalidError(describe(name), NAME)
  }
  // Or `ping` could not tell whom it means.
  if (/^[\d.]+$|:/.test(name)) {
    throw new InvalidError(quote(name), 'a name of a host that does not look like an address')
  }
  if (name.toLowerCase() === LOCALHOST) {
    throw new InvalidError(quote(name), 'another name of a host: each one calls itself so')
  }
}

/** @param who as a sentence has it: `host "a"` @throws LinkspanError; nothing is taken yet */
export function planHost(
  who: string,
  name: string,
  bridge: Bridge,
  options: HostOptions,
): HostPlan {
  checkOptions(options, KEYS, who)
  const mac = macOf(who, name, options.mac)
  bridge.checkMac(who, mac)
  const all = bridge.claim(who, options.addresses)
  const isAllotted = options.addresses === undefined
  const prefixes = all.prefixes.filter(
    ({ family }) => !(options.slaac && isAllotted && family === 6),
  )
  return { mac, claim: { ...all, prefixes }, gateways: gatewaysOf(who, bridge, prefixes, options) }
}

function macOf(who: string, name: string, given: string | undefined): string {
  if (given === undefined) return derivedMac(`host ${name}`)
  const mac = parseMac(given)
  if (!isGroupMac(mac)) return formatMac(mac)
  throw new InvalidError(`${quote(given)} as the MAC of ${who}`, "one host's, not a group's")
}

function gatewaysOf(
  who: string,
  bridge: Bridge,
  prefixes: readonly Prefix[],
  { gateway, slaac }: HostOptions,
): Address[] {
  if (gateway === false) return []
  if (gateway === undefined) {
    const families = ([4, 6] as const).filter((family) => {
      return !(slaac && family === 6) && prefixes.some((prefix) => prefix.family === family)
    })
    return families.flatMap((family) => bridge.gatewayOf(family) ?? []).map(parseAddress)
  }
  const given = (Array.isArray(gateway) ? gateway : [gateway]).map((text) => parseAddress(text))
  for (const address of given) checkGateway(who, prefixes, address)
  return given
}

/** @param prefixes the host's own @throws LinkspanError code `INVALID` where the gateway is in none of them */
export function checkGateway(who: string, prefixes: readonly Prefix[], gateway: Address): void {
  if (prefixes.some((prefix) => contains(prefix, gateway))) return
  const problem = `${who}: its gateway ${quote(formatAddress(gateway.bytes))} is in no network of its own`
  throw new LinkspanError('INVALID', `${problem}; expected an address in one of them`)
}
