/** Floods that need more of the transmit list than there is: they are gone on with, and nothing is lost. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BuildName, onEveryBuild } from '../support/builds.js'
import { BROADCAST, frame, markOf, packet, station, superFrame } from '../support/frames.js'
import type { Rig } from '../support/rig.js'
import { rig } from '../support/rig.js'
import { segmentsOf } from '../support/segments.js'
import { datagram, readDatagram, run } from '../support/vxlan.js'

const [A, B, C] = [station(1), station(2), station(3)]
const vtep = (number: number) => `10.9.${number >> 8}.${number & 255}`
const vteps = (count: number) => Array.from({ length: count }, (_, index) => vtep(index + 1))
const CAPACITY = { ports: 1100, memberships: 3000 }

/** Ports `a` (with offloads) and the underlay, and that many tunnels. */
function bench(build: BuildName, tunnels: number): Rig {
  const on = rig(build, { capacity: CAPACITY }).underlay().port('a', { offloads: true, mtu: 9000 })
  return on.tunnels(vteps(tunnels))
}

/** Frames as text, which is compared sooner than octets are. */
const texts = (frames: readonly Uint8Array[]) => frames.map((one) => String.fromCharCode(...one))

/** What was sent to each VTEP, in order, as text. */
function byVtep(on: Rig): Map<string, string[]> {
  const sent = new Map<string, string[]>()
  for (const { to, inner } of on.frames('underlay').map(readDatagram)) {
    const known = sent.get(to)
    if (known) known.push(...texts([inner]))
    else sent.set(to, texts([inner]))
  }
  return sent
}

/** Each of so many tunnels was sent the same, and these. */
function expectAll(on: Rig, tunnels: number, frames: readonly Uint8Array[]): void {
  const sent = byVtep(on)
  expect([...sent.keys()]).toEqual(vteps(tunnels))
  const wanted = texts(frames).join('')
  for (const [to, own] of sent) {
    expect(own.length, to).toBe(frames.length)
    expect(own.join('') === wanted, to).toBe(true)
  }
}

onEveryBuild('a flood of more than the transmit list holds', (build) => {
  test.each([
    ['TCP over IPv4', { version: 4, protocol: 'tcp' }],
    ['UDP over IPv6', { version: 6, protocol: 'udp' }],
  ] as const)('of 64 KiB of %s arrives whole at each of 100 tunnels', (_, kind) => {
    const on = bench(build, 100).port('b').port('c', { offloads: true })
    const made = superFrame(1380, { ...kind, to: B, from: A, payload: 65_000 })
    on.inject('a', made, frame(B, A, 7)).run()
    const segments = segmentsOf(made)
    expect(segments).toHaveLength(48)
    expectAll(on, 100, [...segments, frame(B, A, 7)])
    expect(texts(on.frames('b'))).toEqual(texts([...segments, frame(B, A, 7)]))
    expect(texts(on.frames('c'))).toEqual(texts([made.frame, frame(B, A, 7)]))
    expect(on.frames('a')).toEqual([])
    expect(on.drops()).toEqual({})
    const octets = segments.reduce((sum, { length }) => sum + length, 60)
    expect(on.counters('t100')).toMatchObject({ txFrames: 49, txBytes: octets })
    expect(on.counters('underlay')).toMatchObject({ txFrames: 4900 })
  })

  test('comes once to each of 1,050 tunnels, and before what comes behind it', () => {
    const on = bench(build, 1050)
    const marks = [1, 2, 3]
    on.inject('a', ...marks.map((mark) => frame(BROADCAST, A, mark))).run()
    const order = on.frames('underlay').map((one) => markOf(readDatagram(one).inner))
    expect(order).toEqual(marks.flatMap((mark) => new Array<number>(1050).fill(mark)))
    expect(on.drops()).toEqual({})
  })

  test('out of a tunnel, joined there, to ports that are all unlike, and before another tunnel', () => {
    const on = rig(build, { capacity: CAPACITY }).underlay()
    const ports = Array.from({ length: 40 }, (_, index) => `p${index}`)
    for (const [index, name] of ports.entries()) on.port(name, { mtu: 1500 + index })
    on.tunnel('t', { remote: vtep(1), coalesce: true }).tunnel('u', { remote: vtep(2) })
    const made = superFrame(1380, { to: B, from: C, payload: 60_000 })
    const segments = segmentsOf(made)
    on.inject(
      'underlay',
      run(segments, { from: vtep(1) }),
      datagram(frame(B, A, 9), { from: vtep(2) }),
    ).run()
    const wanted = texts([...segments, frame(B, A, 9)])
    for (const name of ports) expect(texts(on.frames(name))).toEqual(wanted)
    expect(on.drops()).toEqual({})
  })

  test('of what the router sends, whose frame is a copy that it made among its headers', () => {
    const on = bench(build, 100).port('watch', { mtu: 9000 })
    on.setPort('a', { policy: { mirror: { port: 'watch', direction: 'receive' } } })
    on.port('h', { bridge: 'home', offloads: true, mtu: 9000 })
    on.setPort('h', { policy: { mirror: { port: 'watch', direction: 'receive' } } })
    on.gateway('home', { addresses: ['10.1.0.1/24'], mac: '02:ff:00:00:00:0a' })
    on.gateway('lan', { addresses: ['10.55.0.9/16'], mac: '02:ff:00:00:00:0b' })
    // Known by hand, and in no FDB.
    on.neighbors({ bridge: 'lan', address: '10.55.0.2', mac: '02:00:00:00:00:02' })
    on.advance(5000).deliveries()
    const to = Uint8Array.of(2, 0xff, 0, 0, 0, 0x0a)
    const made = superFrame(1380, { to, from: A, payload: 65_000 })
    on.inject('h', made).run()
    const sent = byVtep(on)
    expect(sent.size).toBe(100)
    const [first = []] = sent.values()
    expect(first).toHaveLength(48)
    const payload = first.map((one) => one.slice(54)).join('')
    expect(payload === texts([made.frame])[0]?.slice(54)).toBe(true)
    for (const own of sent.values()) expect(own.join('') === first.join('')).toBe(true)
    expect(on.drops()).toEqual({})
  })

  test('by time: all addresses of a gateway are announced by each tunnel', () => {
    const on = bench(build, 1050)
    const addresses = ['10.55.0.9/16', '10.66.0.9/16', 'fd55::9/64']
    on.gateway('lan', { addresses, advertise: true })
    // A turn for each, as long as one is due.
    for (let turn = 0; turn < 8; turn++) on.advance(0)
    const [first, ...others] = [...byVtep(on).values()]
    // Two by ARP, one by neighbour discovery, and an advertisement as a router.
    expect(first).toHaveLength(4)
    expect(others).toHaveLength(1049)
    for (const own of others) expect(own).toEqual(first)
    on.advance(2000)
    for (let turn = 0; turn < 8; turn++) on.advance(0)
    expect(byVtep(on).get(vtep(1050))).toHaveLength(3)
    expect(on.drops()).toEqual({})
  })
})

/** A port, or a tunnel, of each kind that floods tell apart. */
const kinds = {
  plain: (on: Rig, name: string) => on.port(name),
  wide: (on: Rig, name: string) => on.port(name, { offloads: true, mtu: 9000 }),
  policed: (on: Rig, name: string) => {
    const policy = { limits: { transmit: { bits: 1e12, burst: 1 << 30 } } }
    return on.port(name, { policy })
  },
  narrow: (on: Rig, name: string) => on.port(name, { mtu: 600 }),
  isolated: (on: Rig, name: string) => on.port(name, { policy: { isolated: true } }),
  tunnel: (on: Rig, name: string, remote: string) => on.tunnel(name, { remote }),
  strait: (on: Rig, name: string, remote: string) => on.tunnel(name, { remote, mtu: 900 }),
} as const
type Kind = keyof typeof kinds

describe('whatever the ports are', () => {
  test('each gets what it gets alone', () => {
    const one = fc.record({
      size: fc.constantFrom(40, 500, 1380),
      payload: fc.integer({ min: 1, max: 20_000 }),
      whole: fc.boolean(),
    })
    const list = fc.array(fc.constantFrom(...(Object.keys(kinds) as Kind[])), {
      minLength: 1,
      maxLength: 40,
    })
    fc.assert(
      fc.property(list, fc.array(one, { minLength: 1, maxLength: 4 }), (list, frames) => {
        const given = frames.map(({ size, payload, whole }) =>
          whole
            ? packet({ to: B, from: A, payload: Math.min(payload, 1400) })
            : superFrame(Math.max(size, Math.ceil(payload / 190)), {
                to: B,
                from: A,
                payload: Math.max(payload, size + 1),
              }),
        )
        /** What left by each port, and to each VTEP. */
        const flooded = (some: readonly (readonly [Kind, number])[]) => {
          const on = rig('single', { capacity: { ports: 64 } }).underlay()
          on.port('a', { offloads: true, mtu: 9000 })
          for (const [kind, number] of some) kinds[kind](on, `p${number}`, vtep(number))
          on.inject('a', ...given).run()
          expect(Object.keys(on.drops()).filter((key) => key.includes('full'))).toEqual([])
          const tunnels = byVtep(on)
          return some.map(([kind, number]) =>
            kind === 'tunnel' || kind === 'strait'
              ? (tunnels.get(vtep(number)) ?? [])
              : texts(on.frames(`p${number}`)),
          )
        }
        const all = list.map((kind, number) => [kind, number + 1] as const)
        expect(flooded(all)).toEqual(all.flatMap((each) => flooded([each])))
      }),
      { numRuns: 40 },
    )
  })
})
