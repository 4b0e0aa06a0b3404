/** Which of the router's routes a packet takes, told from the routes as they were written. */
import { type Address, contains, networkOf, parsePrefix } from '../config/address.js'
import type { RouteState } from './router.js'

/** The route to an address: of the longest prefix, and of equal ones the one that counts. */
export function lookUp(routes: readonly RouteState[], address: Address): RouteState | undefined {
  // They come shortest prefix first, and of the same prefix the one that counts last.
  return routes.findLast(({ to }) => {
    const prefix = networkOf(parsePrefix(to))
    return prefix.family === address.family && contains(prefix, address)
  })
}

/** A route that says that there is none. */
export const isNowhere = ({ kind, bridge }: RouteState): boolean =>
  kind === 'static' && bridge === null
