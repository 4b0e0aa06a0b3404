/** Two bridges with a gateway each and a host on both, in namespaces. */
import type { Station } from './lab.js'
import { namespace } from './netns.js'

export const tap = (netns: string, addresses: string[], more: object = {}) => ({
  type: 'tap',
  name: 'eth0',
  netns,
  addresses,
  routes: 'auto',
  ...more,
})

export function twoBridges(
  more: { blue?: object; red?: object; left?: object; right?: object } = {},
) {
  const [left, right] = [namespace(), namespace()]
  const config = {
    version: 1,
    bridges: {
      blue: { gateway: { addresses: ['10.55.0.1/24', 'fd55::1/64'] }, ...more.blue },
      red: { gateway: { addresses: ['10.66.0.1/24', 'fd66::1/64'] }, ...more.red },
    },
    ports: {
      left: {
        bridge: 'blue',
        device: tap(left, ['10.55.0.2/24', 'fd55::2/64'], more.left),
      },
      right: {
        bridge: 'red',
        device: tap(right, ['10.66.0.2/24', 'fd66::2/64'], more.right),
      },
    },
  }
  return { left, right, config }
}

/** A namespace as iperf() wants one. */
export function inNamespace(netns: string): Station {
  return { name: netns, netns, mac: '', ip4: '', ip6: '' }
}
