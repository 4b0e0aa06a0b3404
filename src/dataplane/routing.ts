/** From one set of router settings to another, as changes of the packet path's router. */
import { same } from '../config/plain.js'
import type {
  RouterDomain,
  RouterInterfaceSettings,
  RouterSettings,
} from '../config/router-settings.js'

/** The router of a topology, as far as it is set here. */
export interface RouterTarget {
  setInterface(
    domain: RouterDomain,
    settings: Omit<RouterInterfaceSettings, 'domain'> | undefined,
  ): void
  setRoutes(routes: RouterSettings['routes']): void
  setNeighbors(neighbors: RouterSettings['neighbors']): void
}

/** Gathers what differs; it is in force with the next flush. An error leaves what was before. */
export function setRouter(router: RouterTarget, from: RouterSettings, to: RouterSettings): void {
  try {
    change(router, from, to)
  } catch (error) {
    change(router, to, from)
    throw error
  }
}

function change(router: RouterTarget, from: RouterSettings, to: RouterSettings): void {
  const before = byDomain(from)
  const after = byDomain(to)
  // Routes hold on to interfaces, so that they go first and come last.
  router.setNeighbors([])
  router.setRoutes([])
  for (const [key, { domain }] of before) {
    if (!after.has(key)) router.setInterface(domain, undefined)
  }
  for (const [key, { domain, ...settings }] of after) {
    if (same(before.get(key), after.get(key))) continue
    router.setInterface(domain, settings)
  }
  router.setRoutes(to.routes)
  router.setNeighbors(to.neighbors)
}

function byDomain({ interfaces }: RouterSettings): Map<string, RouterInterfaceSettings> {
  return new Map(interfaces.map((one) => [`${one.domain.bridge}/${one.domain.vlan ?? ''}`, one]))
}
