/** The router's interfaces as a config has them, and which of them an address is on. */
import {
  type Address,
  contains,
  isLinkLocal,
  type Prefix,
  parseAddress,
  parsePrefix,
  sameAddress,
} from './address.js'
import { quote } from './describe.js'
import type { Path } from './issues.js'
import type { Config } from './types.js'

export interface RouterInterface {
  kind: 'bridge' | 'uplink'
  name: string
  /** As a sentence has it: `bridge "blue"`. */
  who: string
  /** Where its addresses stand in the config. */
  path: Path
  mac: string
  /** The text of each address, and what it says. */
  addresses: readonly { text: string; prefix: Prefix }[]
}

/** Gateways first, then uplinks, in the order of the config. */
export function routerInterfaces({ bridges, uplinks }: Pick<Config, 'bridges' | 'uplinks'>) {
  const interfaces: RouterInterface[] = []
  for (const [name, { gateway }] of Object.entries(bridges)) {
    if (gateway === undefined) continue
    const path = ['bridges', name, 'gateway']
    interfaces.push(interfaceOf('bridge', name, path, gateway))
  }
  for (const [name, uplink] of Object.entries(uplinks)) {
    interfaces.push(interfaceOf('uplink', name, ['uplinks', name], uplink))
  }
  return interfaces
}

function interfaceOf(
  kind: 'bridge' | 'uplink',
  name: string,
  path: Path,
  { mac, addresses }: { readonly mac: string; readonly addresses: readonly string[] },
): RouterInterface {
  const own = addresses.map((text) => ({ text, prefix: parsePrefix(text) }))
  return { kind, name, who: `${kind} ${quote(name)}`, path, mac, addresses: own }
}

/** Whether it is in one of its subnets. Link-local addresses are on every link. */
export function isOn({ addresses }: RouterInterface, address: Address): boolean {
  return isLinkLocal(address) || addresses.some(({ prefix }) => contains(prefix, address))
}

/** Whether it is the router's own there. */
export function isOwn({ addresses }: RouterInterface, address: Address): boolean {
  return addresses.some(({ prefix }) => sameAddress(prefix, address))
}

/** Whether two networks have an address in common. */
export function overlap(a: Prefix, b: Prefix): boolean {
  const [wide, narrow] = a.length <= b.length ? [a, b] : [b, a]
  return contains(wide, narrow)
}

/** The subnets of some interfaces, for a message: `10.55.0.1/24, fd55::1/64`, or that it has none. */
export function subnetTexts(interfaces: readonly RouterInterface[]): string {
  const all = interfaces.flatMap(({ addresses }) => addresses.map(({ text }) => text))
  if (all.length > 8) return `${all.slice(0, 8).join(', ')} and ${all.length - 8} more`
  return all.join(', ') || 'there is none'
}

/** Those of one family only. */
export function ofFamily(of: RouterInterface, family: 4 | 6): RouterInterface {
  return { ...of, addresses: of.addresses.filter(({ prefix }) => prefix.family === family) }
}

export const familyOf = (address: string): 4 | 6 => parseAddress(address).family
