/** A lab as it is drawn: switches with their bridges, hosts below them, uplinks across. */
import { InvalidError } from '../../error.js'
import type { LabSwitch } from '../lab-switch.js'
import type { Link } from '../link/link.js'
import { linkTexts } from '../link/settings-text.js'
import type { LabView } from '../view.js'

/** Hosts of a bridge that are drawn; of others it is said how many they are. */
const HOSTS_MAX = 16

export interface DrawnHost {
  readonly name: string
  readonly addresses: readonly string[]
  /** What its link does, in words. */
  readonly faults: string
  readonly isDown: boolean
}

export interface DrawnBridge {
  readonly name: string
  readonly networks: readonly string[]
  /** The router's own addresses on it; undefined where it has none. */
  readonly gateway: readonly string[] | undefined
  readonly hosts: readonly DrawnHost[]
  /** Hosts that are not drawn. */
  readonly more: number
}

export interface DrawnUplink {
  readonly name: string
  readonly addresses: readonly string[]
  readonly faults: string
  readonly isDown: boolean
  /** Numbers of switches, and of the bridge within its own. */
  readonly from: number
  readonly to: number
  readonly bridge: number
}

export interface DrawnSwitch {
  readonly name: string
  readonly bridges: readonly DrawnBridge[]
  readonly hasRouter: boolean
}

export interface Topology {
  readonly switches: readonly DrawnSwitch[]
  readonly uplinks: readonly DrawnUplink[]
}

export function topologyOf(view: LabView): Topology {
  const switches = [...view.switches.values()]
  for (const each of switches) each.plugs.flush()
  const uplinks = switches.flatMap((each, at) => uplinksOf(view, switches, each, at))
  return {
    uplinks,
    switches: switches.map((each, at) => {
      const bridges = bridgesOf(view, each)
      const hasGateway = bridges.some(({ gateway }) => gateway !== undefined)
      const hasRouter = hasGateway || uplinks.some(({ from }) => from === at)
      return { name: each.name, bridges, hasRouter }
    }),
  }
}

function bridgesOf({ bridges, hosts }: LabView, of: LabSwitch): DrawnBridge[] {
  const { config } = of.production
  return [...bridges.values()]
    .filter(({ on }) => on === of)
    .map(({ name, subnets }) => {
      const own = [...hosts.values()].filter((host) => config.ports[host.name]?.bridge === name)
      // Another switch may have a port of that name: an uplink's link is not called as a host is.
      const here = own.filter((host) => of.plugs.links.get(host.name)?.link === host.link.name)
      const drawn = here.slice(0, HOSTS_MAX)
      return {
        name,
        networks: subnets,
        gateway: config.bridges[name]?.gateway?.addresses,
        hosts: drawn.map((host) => ({
          name: host.name,
          addresses: host.addresses,
          ...faultsOf(host.link),
        })),
        more: here.length - drawn.length,
      }
    })
}

function uplinksOf(
  view: LabView,
  switches: readonly LabSwitch[],
  of: LabSwitch,
  from: number,
): DrawnUplink[] {
  return Object.entries(of.production.config.uplinks).flatMap(([name, { addresses }]) => {
    const link = view.links.get(of.plugs.links.get(name)?.link ?? '')
    if (link === undefined) return []
    const to = switches.findIndex(({ plugs }) => plugs.links.get(link.name)?.direction === 'out')
    const there = switches[to]
    const on = there?.production.config.ports[link.name]?.bridge
    const all = [...view.bridges.values()].filter((one) => one.on === there)
    const bridge = all.findIndex((one) => one.name === on)
    if (bridge < 0) throw new InvalidError(`link ${link.name} without a bridge`, 'one')
    return [{ name, addresses, from, to, bridge, ...faultsOf(link) }]
  })
}

function faultsOf({ settings }: Link): { faults: string; isDown: boolean } {
  const isDown = settings.out.up === false && settings.in.up === false
  return { faults: linkTexts(settings).join(', '), isDown }
}
