/**
 * Random frames in batches whose outcome is certain. A switch reads its ports in any order, so what
 * one port sends must not decide where a frame of another goes: in a batch a station speaks at one
 * port only or at none, and frames are addressed to those that speak at the same port or at none.
 */
import { BROADCAST, EtherType, ethernet, group, station, type Tag, word } from '../frames.js'
import type { Random } from '../random.js'
import { PORTS, type PortLayout, VLANS } from './layout.js'

export interface Sent {
  port: number
  frame: Uint8Array
}

const STATIONS = 24
const BATCH = 40
/** How often a station speaks elsewhere than at home. */
const ROAMING = 0.15

/** VIDs that a port's hosts do not usually send. */
const ODD = [...VLANS, 40, 1, 4094, 4095]

export interface StreamOptions {
  random: Random
  layout: readonly PortLayout[]
  /** Sources that nobody may have: group addresses, zero. */
  badSources?: boolean
  /** Three tags, and any VID anywhere. Else two, the port's own counted, VID 0 around none, nor all zero. */
  deepTags?: boolean
  /** Destinations 01-80-C2-00-00-0X. */
  reserved?: boolean
}

export class Stream {
  readonly #random: Random
  readonly #layout: readonly PortLayout[]
  readonly #options: StreamOptions
  /** The port of each station, where it is mostly. */
  readonly #homes: number[]
  #mark = 0

  constructor(options: StreamOptions) {
    this.#options = options
    this.#random = options.random
    this.#layout = options.layout
    this.#homes = Array.from({ length: STATIONS }, () => this.#random.below(PORTS))
  }

  batch(): Sent[] {
    const speaksAt = this.#homes.map((home) => this.#speaksAt(home))
    const ports = [...new Set(speaksAt)].filter((port) => port >= 0)
    return Array.from({ length: BATCH }, () => {
      const port = this.#random.pick(ports)
      return { port, frame: this.#frame(port, speaksAt) }
    })
  }

  /** -1: it is silent. Now and then one moves for good. */
  #speaksAt(home: number): number {
    const random = this.#random
    if (random.chance(0.5)) return -1
    return random.chance(ROAMING) ? random.below(PORTS) : home
  }

  #frame(port: number, speaksAt: readonly number[]): Uint8Array {
    const stations = [...speaksAt.keys()]
    const sources = stations.filter((each) => speaksAt[each] === port)
    const destinations = stations.filter((each) => [port, -1].includes(speaksAt[each] as number))
    const { to, from } = this.#addresses(port, sources, destinations)
    const tags = this.#tags(this.#layout[port] as PortLayout)
    const { type, payload } = this.#payload()
    return ethernet(to, from, type, payload, tags)
  }

  #addresses(port: number, sources: readonly number[], destinations: readonly number[]) {
    const random = this.#random
    const { badSources, reserved } = this.#options
    const usual = station(1 + random.pick(sources))
    if (reserved && random.chance(0.03)) {
      // Whether a switch learns from these is another question: nobody answers this source.
      const to = Uint8Array.of(0x01, 0x80, 0xc2, 0, 0, random.below(0x12))
      return { to, from: station(0xe000 + port) }
    }
    if (badSources && random.chance(0.02)) {
      const from = random.pick([new Uint8Array(6), group(1), BROADCAST])
      return { to: this.#destination(destinations), from }
    }
    return { to: this.#destination(destinations), from: usual }
  }

  #destination(stations: readonly number[]): Uint8Array {
    const random = this.#random
    const kind = random.below(20)
    if (kind < 2) return BROADCAST
    if (kind < 4) return group(random.below(4))
    if (kind === 4 || stations.length === 0) return station(0xd000 + random.below(100)) // nobody's
    return station(1 + random.pick(stations))
  }

  #tags({ vlan }: PortLayout): Tag[] {
    const random = this.#random
    const usual = vlan?.mode === 'trunk' && !random.chance(vlan.native === undefined ? 0.05 : 0.3)
    const first = usual ? [this.#tag(random.pick(VLANS))] : []
    const more = !random.chance(usual ? 0.95 : 0.8)
    if (!more) return first
    const { deepTags } = this.#options
    const own = vlan?.mode === 'tunnel' ? 1 : first.length
    const count = 1 + random.below((deepTags ? 3 : 2) - own)
    const tags = Array.from({ length: count }, (_, at) => {
      const alone = own + count === 1
      const inner = own + at > 0
      const vid = random.pick(deepTags || alone || inner ? [...ODD, 0, 0] : ODD)
      return this.#tag(vid, vid === 0 && inner && !deepTags ? 1 : 0)
    })
    return [...first, ...tags]
  }

  /** With a priority, of at least `least`; the bit behind it says drop eligible. */
  #tag(vid: number, least = 0): Tag {
    const random = this.#random
    const priority = least + random.below(8 - least)
    return { vid: (priority << 13) | (random.chance(0.1) ? 0x1000 : 0) | vid }
  }

  #payload(): { type: number; payload: Uint8Array } {
    const random = this.#random
    const length = random.pick([4, 10, 46, 46, 60, 200, 1000, 1492])
    const payload = random.bytes(length)
    new DataView(payload.buffer).setUint32(0, this.#mark++) // tells it from all others
    const kind = random.below(20)
    if (kind > 4) return { type: EtherType.LOCAL, payload }
    if (kind === 0) return { type: EtherType.ARP, payload }
    if (kind === 1) return { type: EtherType.IPV4, payload }
    if (kind === 2) return { type: EtherType.IPV6, payload }
    // IEEE 802.3: a length, then LLC, with SNAP or without.
    const llc = random.pick([
      [0xaa, 0xaa, 3, 0, 0, 0, ...word(0x0800)],
      [0x42, 0x42, 3],
    ])
    const packet = Uint8Array.from([...llc, ...payload.subarray(0, 1400)])
    return { type: packet.length, payload: packet }
  }
}
