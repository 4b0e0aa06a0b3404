/** What two endpoints say to each other through a router, step by step, and what others say about it. */
import type { Random } from '../random.js'
import type { Difference } from './differences.js'
import type { Endpoint, More } from './packets.js'
import { DF, icmpError } from './packets.js'
import { type End, EXTERNAL, PUBLISHED } from './places.js'

/** What is known of a session at one of the routers. */
export interface Known {
  /** Its external port or identifier. */
  port: number
  /** The last packet of it that came out at an end. */
  last: Partial<Record<End, Uint8Array | undefined>>
}

export interface Step {
  from: End
  /** The packets, as they are put in at one router. */
  packets: (known: Known) => Uint8Array[]
  /** What this is an example of, in a failure. */
  what: string
  /** The routers are known to do something else with it each. */
  differs?: Difference
}

export interface Session {
  number: number
  protocol: number
  inside: Endpoint
  outside: Endpoint
  /** Called from outside by a published port. */
  published: boolean
  steps: Generator<Step>
}

export type About = Omit<Session, 'steps'>

/** The endpoints of a packet from an end, as it is put in there. */
export function ends(about: About, from: End, { port }: Known): { from: Endpoint; to: Endpoint } {
  const { inside, outside } = about
  return from === 'inside'
    ? { from: inside, to: outside }
    : { from: outside, to: [EXTERNAL, about.published ? PUBLISHED.port : port] }
}

/** The packet of a step that is one packet. */
export function one(
  from: End,
  what: string,
  make: (known: Known) => Uint8Array,
  differs?: Difference,
): Step {
  return { from, what, packets: (known) => [make(known)], ...(differs && { differs }) }
}

/** Header fields as they are mostly, and now and then not; never such that a packet is lost. */
export function header(random: Random): More {
  const more: More = { id: random.below(0x10000), hops: 2 + random.below(254) }
  if (random.chance(0.3)) more.fragment = 0
  if (random.chance(0.2)) more.tos = random.below(256)
  if (random.chance(0.05)) more.options = random.pick(OPTIONS)
  return more
}

/** No operation; router alert; a security option; one that nobody knows. */
const OPTIONS = [
  [1, 1, 1, 0],
  [148, 4, 0, 0],
  [130, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
  [158, 6, 1, 2, 3, 4, 0, 0],
]

const ERRORS = [
  [3, 0],
  [3, 1],
  [3, 2],
  [3, 3],
  [3, 4],
  [3, 10],
  [3, 13],
  [11, 0],
  [11, 1],
  [12, 0],
] as const

/** A router on the way, which is none of the endpoints. */
const ELSEWHERE = { inside: '10.55.0.77', outside: '198.51.100.254' } as const

/**
 * An ICMP error from an end about the last packet that came out there. `lies`: it quotes a packet
 * that never was.
 */
export function complaint(random: Random, from: End): Step {
  const kind = random.pick(ERRORS)
  const rest = kind[1] === 4 && kind[0] === 3 ? 1300 : kind[0] === 12 ? random.below(20) << 24 : 0
  const endpoint = random.chance(0.5)
  const octets = random.pick([28, 28, 48, 200, 548])
  const lies = random.chance(0.15)
  const wrong = random.chance(0.08)
  const id = random.below(0x10000)
  return one(from, `ICMP ${kind.join('/')}${lies ? ' that lies' : ''}`, ({ last }) => {
    const cause = last[from] as Uint8Array
    const quoted = cause.slice(0, Math.max(octets, headerOf(cause) + 8))
    if (lies) quoted[headerOf(quoted) + 1] = (quoted[headerOf(quoted) + 1] as number) ^ 0x10
    if (lies) quoted[headerOf(quoted) + 4] = (quoted[headerOf(quoted) + 4] as number) ^ 0x10
    const to = cause.subarray(12, 16).join('.')
    const by = endpoint ? cause.subarray(16, 20).join('.') : ELSEWHERE[from]
    return icmpError(by, to, kind, quoted, { rest, id, ...(wrong && { wrong: 'transport' }) })
  })
}

function headerOf(packet: Uint8Array): number {
  return ((packet[0] as number) & 15) * 4
}

/** What becomes of a packet that may not go on, and is answered or dropped by both. */
export function doomed(random: Random): { what: string; more: More; size?: number } {
  const id = random.below(0x10000)
  return random.pick([
    { what: 'TTL 1', more: { id, hops: 1 } },
    { what: 'TTL 0', more: { id, hops: 0 } },
    { what: 'a wrong header checksum', more: { id, wrong: 'header' as const } },
    { what: 'a source route', more: { id, options: [131, 7, 4, 203, 0, 113, 1, 0] } },
    { what: 'too big, DF', more: { id, fragment: DF }, size: 1440 },
  ])
}
