/** What of NAT there can be in one switch: more than the dataplane has room for is an error of the config. */
import { isLinkLocal, parseAddress, parsePrefix } from './address.js'
import { LISTEN, parseEndpoint } from './endpoint.js'
import type { Issues } from './issues.js'
import { type RouterInterface, routerInterfaces } from './subnets.js'
import type { Config, NatRule } from './types.js'

/** The dataplane's (src/dataplane/abi.ts), addresses of each family. */
export const NAT_LIMITS = { addresses: 128, sources: 128, published: 2048, prefixes: 64 } as const

type Masquerade = Extract<NatRule, { type: 'masquerade' }>

/** As the rules will be written: one for each family, each protocol, each address. */
export function checkNatLimits(config: Config, issues: Issues): void {
  const uplinks = new Map(
    routerInterfaces(config)
      .filter(({ kind }) => kind === 'uplink')
      .map((uplink) => [uplink.name, ownAddresses(uplink)]),
  )
  const fixed = config.nat.flatMap((rule) => (rule.type === 'static' ? rule.outside : []))
  const outer = new Set(fixed)
  let sources = 0
  for (const rule of config.nat) {
    if (rule.type !== 'masquerade') continue
    const own = (uplinks.get(rule.uplink) ?? []).filter((text) => !fixed.includes(text))
    const become = becomeOf(rule, own)
    for (const address of become) outer.add(address)
    sources += new Set(become.map(familyOf)).size
  }
  let published = 0
  for (const { listen, to, protocol } of config.publish) {
    const { uplink, address } = parseEndpoint(listen, LISTEN)
    const { family } = parseEndpoint(to[0] ?? '', LISTEN)
    const all = address === undefined ? (uplinks.get(uplink ?? '') ?? []) : [address]
    const own = all.filter((text) => familyOf(text) === family && !fixed.includes(text))
    for (const address of own) outer.add(address)
    published += own.length * protocol.length
  }
  const prefixes = config.nat.filter(({ type }) => type === 'nptv6').length
  const most = (section: 'nat' | 'publish', count: number, limit: number, what: string) => {
    if (count <= limit) return
    issues.add([section], `${count} ${what}`, `at most ${limit}`, undefined, 'key')
  }
  most('nat', sources, NAT_LIMITS.sources, 'rules of "masquerade", each family counted')
  most('nat', prefixes, NAT_LIMITS.prefixes, 'rules of "nptv6"')
  for (const family of [4, 6]) {
    const count = [...outer].filter((text) => familyOf(text) === family).length
    most('nat', count, NAT_LIMITS.addresses, `outer IPv${family} addresses, those of "publish" too`)
  }
  most('publish', published, NAT_LIMITS.published, 'ranges, each protocol and address counted')
}

function becomeOf({ source, from }: Masquerade, own: readonly string[]): readonly string[] {
  const { prefix } = from
  const family = prefix === undefined ? undefined : parsePrefix(prefix).family
  return (source ?? own).filter((text) => family === undefined || familyOf(text) === family)
}

function ownAddresses({ addresses }: RouterInterface): string[] {
  return addresses
    .filter(({ prefix }) => !isLinkLocal(prefix))
    .map(({ text }) => text.slice(0, text.indexOf('/')))
}

const familyOf = (text: string) => parseAddress(text).family
