/**
 * Super-frames through a tunnel and out of it again: whatever comes in runs of datagrams, of whichever
 * tunnel and VNI, leaves as it would had nothing been joined, and each flow in its order.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { expanded, hexes } from '../support/coalescing.js'
import { frame, packet, station, superFrame } from '../support/frames.js'
import { type Offloaded, type Rig, rig } from '../support/rig.js'
import { segmentsOf } from '../support/segments.js'
import { runOf, vxlanHeader } from '../support/vxlan.js'

const [A, C] = [station(1), station(3)]
const VTEPS = ['192.0.2.2', '192.0.2.3']
const VNIS = [42, 43]

/** What a datagram holds: segments of a stream, or something that is none. */
const piece = fc.oneof(
  fc.record({
    kind: fc.constant('stream' as const),
    flow: fc.integer({ min: 0, max: 3 }),
    version: fc.constantFrom(4 as const, 6 as const),
    protocol: fc.constantFrom('tcp' as const, 'udp' as const),
    size: fc.constantFrom(100, 700, 1400),
    count: fc.integer({ min: 2, max: 40 }),
  }),
  fc.record({ kind: fc.constant('plain' as const), length: fc.integer({ min: 14, max: 1400 }) }),
)
const burst = fc.array(
  fc.record({
    vtep: fc.constantFrom(...VTEPS),
    vnis: fc.array(fc.constantFrom(...VNIS), { minLength: 1, maxLength: 3 }),
    piece,
  }),
  { minLength: 1, maxLength: 12 },
)
type Burst = typeof burst extends fc.Arbitrary<infer T> ? T : never
type Piece = Burst[number]['piece']

function framesOf(given: Piece, mark: number): Uint8Array[] {
  if (given.kind === 'plain') return [frame(A, C, mark, Math.max(18, given.length))]
  const { flow, version, protocol, size, count } = given
  const whole = superFrame(size, { version, protocol, to: A, from: C, payload: size * count - 7 })
  const parts = segmentsOf(whole)
  // A source port for each: those of a flow follow each other, those of two do not.
  for (const part of parts) {
    const l4 = version === 4 ? 34 : 54
    part.set([0x70 + flow, mark & 0xff], l4)
    part.set(packetChecksum(part), l4 + (protocol === 'tcp' ? 16 : 6))
  }
  return parts
}

/** Moves what changing the source port changed of the sum into the checksum: RFC 1624, the slow way. */
function packetChecksum(part: Uint8Array): Uint8Array {
  const tcp = part[14]! >> 4 === 4 ? part[23] === 6 : part[20] === 6
  const l4 = part[14]! >> 4 === 4 ? 34 : 54
  const field = l4 + (tcp ? 16 : 6)
  const was = new DataView(part.buffer, part.byteOffset).getUint16(field)
  const now = new DataView(part.buffer, part.byteOffset).getUint16(l4)
  let sum = (~was & 0xffff) + (~40_000 & 0xffff) + now
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  const made = ~sum & 0xffff
  const value = made === 0 && !tcp ? 0xffff : made
  return Uint8Array.of(value >>> 8, value & 0xff)
}

/** Runs of datagrams of equal length, as the kernel makes them, of the pieces of a burst. */
function runs(given: Burst): Offloaded[] {
  return given.flatMap(({ vtep, vnis, piece }, mark) => {
    const parts = framesOf(piece, mark).map((inner, index) => {
      const vni = vnis[index % vnis.length] as number
      return Uint8Array.from([...vxlanHeader(vni), ...inner])
    })
    return runOf(parts, { from: vtep })
  })
}

function bench(build: Parameters<typeof rig>[0], coalesce: boolean): Rig {
  const on = rig(build).underlay()
  for (const vni of VNIS) {
    on.port(`p${vni}`, { bridge: `b${vni}`, offloads: true })
    for (const remote of VTEPS) {
      on.tunnel(`t${vni} ${remote}`, { bridge: `b${vni}`, vni, remote, coalesce })
    }
  }
  return on
}

onEveryBuild('datagrams of several tunnels', (build) => {
  test('leave joined as they leave singly', () => {
    const [joining, plain] = [bench(build, true), bench(build, false)]
    let [merged, all] = [0, 0]
    fc.assert(
      fc.property(burst, (given) => {
        for (const on of [joining, plain]) on.inject('underlay', ...runs(given)).run()
        for (const vni of VNIS) {
          const sent = joining.sent(`p${vni}`)
          const singly = plain.frames(`p${vni}`)
          merged += sent.filter(({ header }) => header?.gsoType !== 0).length
          all += singly.length
          expect(byFlow(hexes(expanded(sent)))).toEqual(byFlow(hexes(singly)))
        }
        expect(joining.drops()).toEqual(plain.drops())
      }),
      { numRuns: build.startsWith('debug') ? 15 : 60 },
    )
    expect(merged, 'super-frames').toBeGreaterThan(20)
    expect(all, 'frames').toBeGreaterThan(500)
  })

  test('a stream is one super-frame again', () => {
    const whole = superFrame(1400, { to: A, from: C, payload: 40 * 1400 })
    const parts = segmentsOf(whole).map((inner) => Uint8Array.from([...vxlanHeader(42), ...inner]))
    const on = bench(build, true).inject('underlay', runOf(parts)).run()
    expect(on.sent('p42')).toEqual([{ header: whole.header, frame: whole.frame }])
  })

  test('what is no stream stays as it is', () => {
    const single = packet({ to: A, from: C }).frame
    const parts = [single, frame(A, C, 1, single.length)].map((inner) =>
      Uint8Array.from([...vxlanHeader(42), ...inner]),
    )
    const on = bench(build, true).inject('underlay', runOf(parts)).run()
    expect(on.frames('p42')).toEqual([single, frame(A, C, 1, single.length)])
  })
})

/** Frames by what tells flows apart here: addresses, protocol and source port; the rest is one flow. */
function byFlow(frames: readonly string[]): Record<string, string[]> {
  const flows: Record<string, string[]> = {}
  for (const one of frames) {
    const version = one.slice(24, 28)
    const key =
      version === '0800'
        ? one.slice(46, 48) + one.slice(68, 72)
        : version === '86dd'
          ? one.slice(40, 42) + one.slice(108, 112)
          : 'others'
    flows[key] = [...(flows[key] ?? []), one]
  }
  return flows
}
