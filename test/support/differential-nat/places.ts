/** Who is where, on both sides of both routers: the same addresses and MACs everywhere. */
import { station } from '../frames.js'
import { mac } from '../ip.js'

export type End = 'inside' | 'outside'
export const ENDS = ['inside', 'outside'] as const

export const GATEWAY = '10.55.0.1'
export const EXTERNAL = '203.0.113.10'
/** MACs of the router on its two networks. */
export const ROUTER = { inside: mac('02:ff:00:00:00:01'), outside: mac('02:ff:00:00:00:02') }

/** The last one has markers only. */
export const HOSTS = ['10.55.0.2', '10.55.0.3', '10.55.0.4'] as const
export const MARKER_HOST = '10.55.0.9'
/** On the outer link; the first is the way to all that lies behind. */
export const NEIGHBORS = ['203.0.113.1', '203.0.113.2'] as const

export const MTU = { inside: 1500, outside: 1400 }
/** External port and what is behind it, of TCP and UDP. */
export const PUBLISHED = { port: 8080, to: HOSTS[0], toPort: 80 } as const
export const MARKER_PORT = 9

export function macOf(address: string): Uint8Array {
  const on = address.startsWith('10.') || NEIGHBORS.includes(address as (typeof NEIGHBORS)[number])
  const [, , third, fourth] = (on ? address : NEIGHBORS[0]).split('.').map(Number)
  return station(((third as number) << 8) | (fourth as number))
}
