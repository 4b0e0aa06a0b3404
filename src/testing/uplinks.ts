/** What the uplinks of a router are made of, checked before anything of them is there. */
import { formatMac, parseMac } from '../config/address.js'
import { derivedMac } from '../config/derived-mac.js'
import { quote } from '../config/describe.js'
import { NAME, NAME_PATTERN } from '../config/names.js'
import type { UplinkInput } from '../config/types.js'
import { InvalidError, LinkspanError } from '../error.js'
import type { Bridge, Claim } from './bridge.js'
import type { LabSwitch } from './lab-switch.js'

/** The switch that is there without being asked for: its uplinks are called as in a config. */
export const FIRST = 'switch'

/** An uplink of the router, on a bridge of the lab in place of a device. */
export type LabUplinkInput = Omit<UplinkInput, 'device'> & { bridge: Bridge | string }

/** What planning has of the lab. */
export interface UplinkHost {
  /** A bridge of the lab, by itself or by name. @throws LinkspanError code `NOT_FOUND` */
  bridgeOf(bridge: Bridge | string): Bridge
  /** @throws LinkspanError code `EXISTS` where a link of the lab has that name */
  linkMustBeNew(name: string): void
}

export interface UplinkPlan {
  readonly name: string
  /** As a sentence has it. */
  readonly who: string
  readonly to: Bridge
  /** Of its link, and of its port of the bridge's switch. */
  readonly link: string
  readonly input: Omit<LabUplinkInput, 'bridge'>
  readonly mac: string
  readonly claim: Claim
}

/** @throws LinkspanError; nothing is taken yet */
export function planUplinks(
  on: LabSwitch,
  host: UplinkHost,
  uplinks: Readonly<Record<string, LabUplinkInput>>,
): UplinkPlan[] {
  const plans = Object.entries(uplinks).map(([name, { bridge, ...given }]) => {
    const to = host.bridgeOf(bridge)
    const who = `uplink ${quote(name)}`
    const input = { ...given, ...macFor(on, name, given.mac) }
    const mac = input.mac === undefined ? ofConfig(name) : formatMac(parseMac(input.mac))
    const claim = to.claim(who, given.addresses)
    to.checkMac(who, mac)
    const link = linkName(on, name, to)
    host.linkMustBeNew(link)
    return { name, who, to, link, input, mac, claim }
  })
  checkAmong(plans)
  for (const to of new Set(plans.map((plan) => plan.to.on))) {
    const links = plans.filter((plan) => plan.to.on === to).map(({ link }) => link)
    // A switch may be its own neighbour: then it has both ends.
    to.plugs.mustHaveRoom(links, to === on ? plans.length : 0)
  }
  return plans
}

/** Those of other switches may have the names of the first one's, on the same bridge. */
function macFor(on: LabSwitch, name: string, mac: string | undefined): { mac?: string } {
  return mac === undefined && on.name !== FIRST
    ? { mac: derivedMac(`switch ${on.name} uplink ${name}`) }
    : {}
}

/** The MAC that a config gives to an uplink without. */
const ofConfig = (name: string) => derivedMac(`uplink ${name}`)

/** Of the first switch `UPLINK.BRIDGE`, of others `SWITCH:UPLINK.BRIDGE`. @throws InvalidError */
export function linkName(on: LabSwitch, uplink: string, to: Bridge): string {
  const name = `${on.name === FIRST ? '' : `${on.name}:`}${uplink}.${to.name}`
  if (NAME_PATTERN.test(name)) return name
  throw new InvalidError(`${quote(name)} as the name of an uplink's link`, NAME)
}

/** Uplinks that are asked for together are in nobody's way yet. */
function checkAmong(plans: readonly UplinkPlan[]): void {
  for (const [at, { who, to, mac, link }] of plans.entries()) {
    const other = plans.slice(0, at).find((one) => one.link === link || isTwin(one, to, mac))
    if (other === undefined) continue
    const what = other.link === link ? `the link ${quote(link)}` : `the MAC ${quote(mac)}`
    throw new LinkspanError('EXISTS', `${who}: ${other.who} has ${what}: take another`)
  }
}

const isTwin = (one: UplinkPlan, to: Bridge, mac: string) => one.to === to && one.mac === mac
