/** The router as data: its routes and its neighbours, of bridges and of uplinks. */
import type * as z from 'zod'
import { shownBridge, uplinkOf } from '../config/uplink-port.js'
import type { neighborAnswer, routeAnswer } from './api/router.js'
import type { RunningSwitch } from './running.js'

export type RouteView = z.output<typeof routeAnswer>
export type NeighborView = z.output<typeof neighborAnswer>

/** What is left out is no condition. */
export interface RouterScope {
  bridge?: string | undefined
  uplink?: string | undefined
}

/** In the order in which a look-up prefers them: the longest prefix first. */
export function routeViews(running: RunningSwitch, scope: RouterScope): RouteView[] {
  checkScope(running, scope)
  const routes = running.topology.router.routes().map(({ to, via, bridge, kind }) => {
    const nowhere = bridge === null && via === null
    return { to, via, ...placeOf(bridge), kind: nowhere ? ('unreachable' as const) : kind }
  })
  const length = ({ to }: RouteView) => Number(to.slice(to.indexOf('/') + 1))
  const six = ({ to }: RouteView) => Number(to.includes(':'))
  return inScope(routes, scope).sort((a, b) => six(a) - six(b) || length(b) - length(a))
}

/** Those that are known, or asked for. */
export function neighborViews(running: RunningSwitch, scope: RouterScope): NeighborView[] {
  checkScope(running, scope)
  const known = running.topology.router.neighbors(running.now())
  const views = known.flatMap(({ bridge, state, ...rest }) =>
    state === 'none' ? [] : [{ ...placeOf(bridge), ...rest, state }],
  )
  return inScope(views, scope).map(({ bridge, uplink, vlan, address, mac, state, age }) => {
    return { bridge, uplink, vlan, address, mac, state, age }
  })
}

/** Either is null; of what is nowhere, both. */
function placeOf(bridge: string | null): { bridge: string | null; uplink: string | null } {
  if (bridge === null) return { bridge, uplink: null }
  return { bridge: shownBridge(bridge), uplink: uplinkOf(bridge) }
}

function inScope<T extends { bridge: string | null; uplink: string | null }>(
  list: readonly T[],
  { bridge, uplink }: RouterScope,
): T[] {
  return list.filter((one) => {
    return (
      (bridge === undefined || one.bridge === bridge) &&
      (uplink === undefined || one.uplink === uplink)
    )
  })
}

function checkScope({ topology }: RunningSwitch, { bridge, uplink }: RouterScope): void {
  if (bridge !== undefined) topology.bridge(bridge)
  if (uplink !== undefined) topology.port(uplink)
}
