/** What coalescing may change, whatever comes in: how many frames there are, and nothing of any flow. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { internetSum } from '../support/checksum.js'
import { coalescing, expanded, hexes, through } from '../support/coalescing.js'
import {
  arp,
  BROADCAST,
  frame,
  type PacketOptions,
  packet,
  station,
  superFrame,
} from '../support/frames.js'
import { parse } from '../support/parse.js'
import { Random } from '../support/random.js'
import { changed, segmentsOf } from '../support/segments.js'

const kinds = {
  version: fc.constantFrom(4 as const, 6 as const),
  protocol: fc.constantFrom('tcp' as const, 'udp' as const),
  tags: fc.constantFrom([], [], [{ vid: 5 }], [{ vid: 5, type: 0x88a8 }, { vid: 6 }]),
  tcpOptions: fc.constantFrom(0, 12, 20, 40),
  fragment: fc.constantFrom(0x4000, 0),
}

const wholes = fc
  .record({
    ...kinds,
    size: fc.integer({ min: 1, max: 1460 }),
    segments: fc.integer({ min: 2, max: 64 }),
    short: fc.nat(),
    content: fc.uint8Array({ minLength: 64, maxLength: 64 }),
    padding: fc.boolean(),
  })
  .map(({ size, segments, short, content, padding, ...options }) => {
    const most = Math.min(65_000, size * segments)
    const length = Math.max(size + 1, most - (short % size))
    const payload = Uint8Array.from({ length }, (_, at) => content[at % 61]! + (at >> 6))
    return { size, padding, made: superFrame(size, { ...options, to: BROADCAST, payload }) }
  })

/** As Ethernet pads short frames. */
function padded(segment: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(Math.max(60, segment.length)).fill(0xaa)
  bytes.set(segment)
  return bytes
}

/** Streams of segments of several flows, shuffled together, with everything that happens to some. */
class Mix {
  readonly frames: Uint8Array[] = []
  readonly #flows: Flow[]

  constructor(private readonly random: Random) {
    const count = 1 + random.below(random.chance(0.2) ? 20 : 4)
    this.#flows = Array.from({ length: count }, (_, number) => new Flow(random, number))
    while (this.frames.length < 20 + random.below(60)) this.#step()
  }

  #step(): void {
    const { random, frames } = this
    const flow = random.pick(this.#flows)
    // Runs of one flow, mostly.
    for (let left = 1 + random.below(6); left > 0; left--) frames.push(flow.next())
    if (random.chance(0.1)) frames.push(random.pick(frames))
    if (random.chance(0.1)) frames.push(arp(random.below(9)))
    if (random.chance(0.1)) frames.push(frame(BROADCAST, station(1), frames.length))
  }
}

class Flow {
  readonly options: PacketOptions
  readonly size: number
  #sequence: number
  #identification: number

  constructor(
    private readonly random: Random,
    private readonly number: number,
  ) {
    const version = random.pick([4, 4, 6] as const)
    const tcpOptions = random.pick([0, 12])
    const protocol = random.pick(['tcp', 'tcp', 'udp'] as const)
    this.options = { version, protocol, tcpOptions, fragment: random.pick([0x4000, 0]) }
    this.size = random.pick([1, 100, 536, 1448])
    this.#sequence = random.word()
    this.#identification = random.below(65_536)
  }

  next(): Uint8Array {
    const { random } = this
    const odd = random.chance(0.25)
    const size = odd ? random.pick([0, 1, this.size - 1, this.size + 7]) : this.size
    const extensions = odd && random.chance(0.1) ? [[60, 8] as const] : []
    const fragment = odd && random.chance(0.1) ? 0x2000 : this.options.fragment!
    const given = {
      ...this.options,
      extensions,
      fragment,
      to: BROADCAST,
      payload: random.bytes(size),
    }
    const made = packet(given)
    const { l3, l4 } = made.layout
    const changes: [number, ...number[]][] = [[l4, 0x90, this.number]]
    if (this.options.version === 4) {
      const id = this.#identification++ & 0xffff
      changes.push([l3 + 4, id >> 8, id & 0xff])
    }
    if (this.options.protocol === 'tcp') changes.push(...this.#tcp(l4, size, odd))
    const bytes = changed(made.frame, ...changes)
    if (odd && random.chance(0.2)) bytes[random.below(bytes.length - l3) + l3]! ^= 1
    return bytes
  }

  #tcp(l4: number, size: number, odd: boolean): [number, ...number[]][] {
    const { random } = this
    if (odd && random.chance(0.2)) this.#sequence += random.pick([1, -this.size, 4000])
    const at = this.#sequence
    this.#sequence += size
    const flags = odd ? random.pick([0x18, 0x11, 0x12, 0x14, 0x30, 0x50, 0x90, 0x18, 0x10]) : 0x10
    const window = odd && random.chance(0.1) ? 1 : 0xff
    return [
      [l4 + 4, at >>> 24, at >>> 16, at >>> 8, at],
      [l4 + 13, flags, window],
    ]
  }
}

/** A frame without its identification where that means nothing: the header is right and has DF. */
function unnumbered(bytes: Uint8Array): Uint8Array {
  const found = parse(bytes)
  if ((found.kind !== 'tcp' && found.kind !== 'udp') || found.version !== 4) return bytes
  const { l3, l4 } = found
  if (internetSum(bytes, l3, l4) !== 0xffff || bytes[l3 + 6] !== 0x40) return bytes
  const same = Uint8Array.from(bytes)
  for (const at of [l3 + 4, l3 + 10]) same.fill(0, at, at + 2)
  return same
}

/** Frames by flow: addresses, protocol and ports, as far as they can be told. */
function flowsOf(frames: readonly Uint8Array[]): Map<string, string[]> {
  const flows = new Map<string, string[]>()
  for (const each of frames) {
    const found = parse(each)
    let flow = 'none'
    if (found.kind === 'tcp' || found.kind === 'udp') {
      const [from, to] = found.version === 4 ? [12, 20] : [8, 40]
      const addresses = each.subarray(found.l3 + from, found.l3 + to)
      flow = [found.kind, ...hexes([addresses, each.subarray(found.l4, found.l4 + 4)])].join(' ')
    }
    flows.set(flow, [...(flows.get(flow) ?? []), ...hexes([unnumbered(each)])])
  }
  return flows
}

onEveryBuild('coalescing', (build) => {
  test('a super-frame, in segments, coalesced: the same, octet by octet, and the same segments again', () => {
    const bench = coalescing(build)
    fc.assert(
      fc.property(wholes, ({ made, padding }) => {
        const segments = segmentsOf(made)
        const given = padding ? segments.map(padded) : segments
        const { whole, cut } = through(bench, ...given)
        expect(whole.map(({ header }) => header)).toEqual([made.header])
        expect(hexes(whole.map((each) => each.frame))).toEqual(hexes([made.frame]))
        expect(cut).toEqual(hexes(segments))
      }),
      { numRuns: 40 },
    )
    expect(bench.drops()).toEqual({})
  })

  test('whatever the mix: of every flow the same frames in the same order, and no frame is lost', () => {
    const bench = coalescing(build)
    const plain = coalescing(build).setPort('a', { coalesce: false })
    let merged = 0
    for (let seed = 1; seed <= 100; seed++) {
      const { frames } = new Mix(new Random(seed))
      const { whole, cut } = through(bench, ...frames)
      expect(through(plain, ...frames).cut).toEqual(hexes(frames))
      const parts = expanded(whole)
      expect(flowsOf(parts), `seed ${seed}`).toEqual(flowsOf(frames))
      expect(cut).toEqual(hexes(parts))
      merged += frames.length - whole.length
    }
    expect(merged).toBeGreaterThan(1000)
    expect(bench.drops()).toEqual({})
    expect(bench.counters('a')).toEqual(plain.counters('a'))
  })
})
