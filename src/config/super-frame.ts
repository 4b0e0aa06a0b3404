/** How long a port's frames may be. */
import type { Device } from './types.js'

/** An Ethernet header and two VLAN tags. */
const HEADERS = 22
/** The most that an IP header can say. */
const IP_MAX = 65_535
const DEFAULT_MTU = 1500

/** Octets of the longest frame that a device may give or take, without check sequence. */
export function longestFrame(device: Device): number {
  return HEADERS + (hasSuperFrames(device) ? IP_MAX : (device.mtu ?? DEFAULT_MTU))
}

/** Whether frames longer than the MTU, to be segmented later, may come from it or go to it. */
function hasSuperFrames(device: Device): boolean {
  if (device.type === 'memory') return device.offloads
  return device.type === 'tap' || device.type === 'packet'
}
