/** What must hold for NAT: uplinks that are there, outer addresses that are theirs. */
import { parseAddress, parsePrefix } from './address.js'
import { checkName, type Names } from './check-name.js'
import { quote } from './describe.js'
import type { Issues, Path } from './issues.js'
import {
  isOn,
  isOwn,
  overlap,
  type RouterInterface,
  routerInterfaces,
  subnetTexts,
} from './subnets.js'
import type { Config, NatRule } from './types.js'

export function checkNat(config: Config, names: Names, issues: Issues): void {
  const interfaces = routerInterfaces(config)
  const inside = new Map<string, number>()
  const outside = new Map<string, number>()
  for (const [index, rule] of config.nat.entries()) {
    const path = ['nat', index]
    const known = checkName([...path, 'uplink'], rule.uplink, names.uplinks, 'uplink', issues)
    const uplink = interfaces.find(({ kind, name }) => kind === 'uplink' && name === rule.uplink)
    if (rule.type === 'masquerade') checkMasquerade(path, rule, uplink, config, names, issues)
    if (rule.type === 'static') checkStatic(path, rule, uplink, interfaces, issues)
    if (rule.type === 'nptv6') checkPrefixes(path, rule, issues)
    if (rule.type === 'masquerade' || !known) continue
    once([...path, 'inside'], rule.inside, index, inside, issues)
    once([...path, 'outside'], rule.outside, index, outside, issues)
  }
}

type Of<T extends NatRule['type']> = Extract<NatRule, { type: T }>

function checkMasquerade(
  path: Path,
  { from, source }: Of<'masquerade'>,
  uplink: RouterInterface | undefined,
  { bridges }: Config,
  names: Names,
  issues: Issues,
): void {
  if (from.bridge !== undefined) {
    const at = [...path, 'from', 'bridge']
    if (checkName(at, from.bridge, names.bridges, 'bridge', issues)) {
      const bridge = Object.hasOwn(bridges, from.bridge) ? bridges[from.bridge] : undefined
      if (bridge !== undefined && bridge.gateway === undefined) {
        const expected = 'a bridge with a "gateway": nothing of this one is routed'
        issues.add(at, quote(from.bridge), expected)
      }
    }
  }
  if (uplink === undefined) return
  const family = from.prefix === undefined ? undefined : parsePrefix(from.prefix).family
  for (const [index, text] of (source ?? []).entries()) {
    const at = [...path, 'source', index]
    if (!checkOurs(at, text, uplink, issues)) continue
    if (family === undefined || parseAddress(text).family === family) continue
    issues.add(at, quote(text), `an IPv${family} address, as "from" has`)
  }
  if (family === undefined || source !== undefined) return
  if (uplink.addresses.some(({ prefix }) => prefix.family === family)) return
  const expected = `an uplink with an IPv${family} address, which these become`
  issues.add([...path, 'uplink'], quote(uplink.name), expected)
}

/** @returns whether it is an address of the uplink */
function checkOurs(path: Path, text: string, uplink: RouterInterface, issues: Issues): boolean {
  if (isOwn(uplink, parseAddress(text))) return true
  const expected = `an address of ${uplink.who} (${subnetTexts([uplink])}); add it to its "addresses"`
  issues.add(path, quote(text), expected)
  return false
}

function checkStatic(
  path: Path,
  { inside, outside }: Of<'static'>,
  uplink: RouterInterface | undefined,
  interfaces: readonly RouterInterface[],
  issues: Issues,
): void {
  if (uplink !== undefined && !isOn(uplink, parseAddress(outside))) {
    const expected = `an address in a subnet of ${uplink.who} (${subnetTexts([uplink])})`
    issues.add([...path, 'outside'], quote(outside), expected)
  }
  const host = parseAddress(inside)
  const own = interfaces.find((of) => isOwn(of, host))
  if (own !== undefined) {
    issues.add(
      [...path, 'inside'],
      quote(inside),
      `a host's address: ${own.who} has this one itself`,
    )
  } else if (uplink !== undefined && isOn(uplink, host)) {
    const expected = `a host inside: this one is in a subnet of ${uplink.who}`
    issues.add([...path, 'inside'], quote(inside), expected)
  }
}

function checkPrefixes(path: Path, { inside, outside }: Of<'nptv6'>, issues: Issues): void {
  if (!overlap(parsePrefix(inside), parsePrefix(outside))) return
  issues.add([...path, 'outside'], quote(outside), 'another prefix than the inner one')
}

function once(
  path: Path,
  text: string,
  index: number,
  users: Map<string, number>,
  issues: Issues,
): void {
  const user = users.get(text)
  if (user === undefined) users.set(text, index)
  else issues.add(path, quote(text), `each once: nat[${user}] has this one`)
}
