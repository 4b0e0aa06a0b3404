/**
 * Changing the interface of a TAP that we made, without interrupting it. What is not changed stays
 * as it is, also what others have added.
 */
import { groupId, userId } from '../account.js'
import { attempt, withFailures } from '../error.js'
import { loadNative } from '../native.js'
import type { RouteSocket } from '../netlink/socket.js'
import { describeTap, type TapOptions, type TapRoute } from './options.js'
import { TapSettings } from './settings.js'

/** The interface to be changed. */
export interface UpdatedTap {
  routes: RouteSocket
  interfaceIndex: number
  queue: number
}

/** Whether one can be turned into the other in place; the kernel cannot take an owner away. */
export function canUpdateTap(from: TapOptions, to: TapOptions): boolean {
  if (from.name !== to.name || from.netns !== to.netns || from.create !== to.create) return false
  const lost = (key: 'owner' | 'group') => (from[key] === undefined) !== (to[key] === undefined)
  return !lost('owner') && !lost('group')
}

/**
 * All or nothing. @throws DeviceError that names the setting; the interface is as it was then, or it
 * says what could not be taken back
 */
export function updateTap(tap: UpdatedTap, from: TapOptions, to: TapOptions): void {
  try {
    change(tap, from, to)
  } catch (error) {
    throw withFailures(error, takeBack(tap, to, from))
  }
}

function takeBack(tap: UpdatedTap, from: TapOptions, to: TapOptions): string[] {
  try {
    change(tap, from, to)
    return []
  } catch (error) {
    return [(error as Error).message]
  }
}

function change(tap: UpdatedTap, from: TapOptions, to: TapOptions): void {
  const settings = new TapSettings(to, tap.routes, tap.interfaceIndex)
  if (to.mac !== undefined && to.mac !== from.mac) settings.setMac(to.mac)
  if (to.mtu !== undefined && to.mtu !== from.mtu) settings.setMtu(to.mtu)
  changeAddresses(settings, from, to)
  changeOwnership(tap.queue, from, to)
}

/**
 * New addresses come before old ones go: with its last address of a family an interface loses all
 * its routes. And the kernel may take more than it was told to: with the first address of a subnet
 * all others of that subnet go (net.ipv4.conf.*.promote_secondaries off), so that the rest is kept.
 */
function changeAddresses(settings: TapSettings, from: TapOptions, to: TapOptions): void {
  const [oldAddresses, addresses] = [from.addresses ?? [], to.addresses ?? []]
  const [oldRoutes, routes] = [from.routes ?? [], to.routes ?? []]
  const gone = oldAddresses.filter((address) => !addresses.includes(address))
  const goneRoutes = without(oldRoutes, routes)
  const come = addresses.filter((address) => !oldAddresses.includes(address))
  const comeRoutes = without(routes, oldRoutes)
  if (gone.length + goneRoutes.length + come.length + comeRoutes.length === 0) return
  for (const route of goneRoutes) settings.removeRoute(route)
  settings.keep(come, [])
  for (const address of gone) settings.removeAddress(address)
  settings.keep(addresses, without(routes, comeRoutes))
  // Last and not merely kept: a route of somebody else's to the same destination is an error.
  for (const route of comeRoutes) settings.addRoute(route)
}

function without(routes: readonly TapRoute[], others: readonly TapRoute[]): TapRoute[] {
  const id = ({ to, via }: TapRoute) => `${to} ${via}`
  const known = new Set(others.map(id))
  return routes.filter((route) => !known.has(id(route)))
}

function changeOwnership(queue: number, from: TapOptions, to: TapOptions): void {
  const native = loadNative()
  const { owner, group, persist = false } = to
  const what = `set owner, group or persistence of ${describeTap(to)}`
  attempt({ what, device: to.name }, () => {
    if (owner !== undefined && owner !== from.owner) native.tapSetOwner(queue, userId(owner))
    if (group !== undefined && group !== from.group) native.tapSetGroup(queue, groupId(group))
    if (persist !== (from.persist ?? false)) native.tapSetPersist(queue, persist ? 1 : 0)
  })
}
