/** The router's tables for people. */
import type { PublishView } from '../control/api/publish.js'
import type { NeighborView, RouteView } from '../control/router-view.js'
import { table } from './table.js'

const dash = (value: string | number | null) => value ?? '-'

export function routesTable(routes: RouteView[]): string {
  const rows = routes.map(({ to, via, bridge, uplink, kind }) => {
    return [to, dash(via), dash(bridge ?? uplink), kind]
  })
  return table(['TO', 'VIA', 'BY', 'KIND'], rows)
}

export function neighborsTable(neighbors: NeighborView[]): string {
  const rows = neighbors.map(({ address, mac, bridge, uplink, vlan, state, age }) => {
    const seconds = age === null ? '-' : `${(age / 1000).toFixed(1)}s`
    return [address, dash(mac), dash(bridge ?? uplink), dash(vlan), state, seconds]
  })
  return table(['ADDRESS', 'MAC', 'BY', 'VLAN', 'STATE', 'AGE'], rows)
}

export function publishTable(published: PublishView[]): string {
  const rows = published.map(({ name, listen, to, protocol, origin }) => {
    return [name, listen, to.join(','), protocol.join(','), origin]
  })
  return table(['NAME', 'LISTEN', 'TO', 'PROTOCOL', 'ORIGIN'], rows)
}
