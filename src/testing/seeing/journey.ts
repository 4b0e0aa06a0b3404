/**
 * The ways of packets through a lab, put together from what a capture saw of them on each link. A packet is
 * known again by its print (packet.ts); what a host sends begins a journey, and what is seen of the same
 * packet later is of the last journey that it can belong to.
 */
import type { LabView } from '../view.js'
import type { CapturedFrame } from './captured-frame.js'
import { packetOf, type SeenPacket } from './packet.js'

/** A frame somewhere, and what it is. */
export interface Hop extends CapturedFrame {
  readonly packet: SeenPacket
}

export interface Journey {
  /** The host that sent it; undefined: a router did, or nobody of the lab. */
  readonly from: string | undefined
  /** Where it was seen, in that order; at least one place. */
  readonly hops: readonly Hop[]
}

/** How many journeys of one print are looked through. */
const LOOKED = 64

class Going implements Journey {
  readonly hops: Hop[] = []
  readonly #places = new Set<string>()
  /** Lost before it came to a switch, or dropped there: nothing more can come of it. */
  #isOver = false

  constructor(readonly from: string | undefined) {}

  add(hop: Hop): void {
    this.hops.push(hop)
    this.#places.add(placeOf(hop))
    this.#isOver ||= hop.lost !== null && (hop.direction === 'out' || hop.switch !== null)
  }

  /** How well a frame fits in; 0: not at all. */
  fit(hop: Hop): number {
    if (this.#isOver) return 0
    const last = this.hops.at(-1) as Hop
    const isNew = !this.#places.has(placeOf(hop))
    const { source, destination } = last.packet
    const same =
      Number(source === hop.packet.source) + Number(destination === hop.packet.destination)
    return 1 + same + (isNew ? 3 : 0)
  }
}

const BEST = 6

const placeOf = ({ link, direction, switch: by }: Hop): string => `${direction} ${by} ${link}`

/** Of lists that were put together already: a test asks of the same frames again and again. */
const done = new WeakMap<readonly CapturedFrame[], readonly Journey[]>()

export function journeysOf(frames: readonly CapturedFrame[], view: LabView): readonly Journey[] {
  const known = done.get(frames)
  if (known) return known
  const journeys = putTogether(frames, view)
  done.set(frames, journeys)
  return journeys
}

function putTogether(frames: readonly CapturedFrame[], view: LabView): Journey[] {
  const all: Going[] = []
  const byPrint = new Map<string, Going[]>()
  const owners = new Owners(view)
  for (const frame of frames) {
    const hop: Hop = { ...frame, packet: packetOf(frame.octets) }
    const known = byPrint.get(hop.packet.print) ?? []
    const isSent = hop.direction === 'out' && hop.switch === null && view.hosts.has(hop.link ?? '')
    const found = isSent ? undefined : bestOf(known, hop)
    const journey = found ?? new Going(isSent ? (hop.link as string) : owners.senderOf(hop.packet))
    journey.add(hop)
    if (found) continue
    all.push(journey)
    known.push(journey)
    byPrint.set(hop.packet.print, known)
  }
  return all
}

/** The last that fits best. */
function bestOf(journeys: readonly Going[], hop: Hop): Going | undefined {
  let best: Going | undefined
  let fit = 0
  const end = Math.max(0, journeys.length - LOOKED)
  for (let at = journeys.length - 1; at >= end && fit < BEST; at--) {
    const journey = journeys[at] as Going
    const its = journey.fit(hop)
    if (its > fit) [best, fit] = [journey, its]
  }
  return best
}

/** Which host has which MAC and address. */
class Owners {
  readonly #owners = new Map<string, string>()

  constructor({ hosts }: LabView) {
    for (const [name, { mac, addresses }] of hosts) {
      for (const key of [mac, ...addresses]) this.#owners.set(key, name)
    }
  }

  senderOf({ sourceMac, source }: SeenPacket): string | undefined {
    return this.#owners.get(sourceMac) ?? this.#owners.get(source ?? '')
  }
}
