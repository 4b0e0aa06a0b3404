/**
 * What goes the short way into tunnels and out of them comes out as it does the long way: a frame at a
 * time finds no tunnel known yet on the way in, and a mirrored port is no place for the short way out.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { EtherType, ethernet, frame, group, packet, station } from '../support/frames.js'
import { type Offloaded, type Rig, rig } from '../support/rig.js'
import { datagram, readDatagram, run, runOf } from '../support/vxlan.js'

const REMOTES = { t: '192.0.2.2', u: '192.0.2.3', v: '192.0.2.2' } as const
const VNIS = { t: 42, u: 42, v: 43 } as const
const [A, B] = [station(1), station(2)]
/** Behind tunnel t, behind u, on port b, and nowhere. */
const FAR = [station(11), station(12)]
const macs = fc.constantFrom(...FAR, ...FAR, B, station(20), group(1))

const inner: fc.Arbitrary<Uint8Array> = fc
  .record({
    kind: fc.constantFrom('ip', 'ip', 'ip', 'plain', 'tagged', 'fragment', 'cut'),
    version: fc.constantFrom(4 as const, 4 as const, 6 as const),
    protocol: fc.constantFrom('tcp' as const, 'udp' as const),
    payload: fc.constantFrom(0, 4, 18, 100, 1380, 1500),
    tos: fc.constantFrom(0, 0, 0x2e << 2, 1, 2, 3),
    to: macs,
    from: fc.constantFrom(A, A, A, station(3)),
  })
  .map(({ kind, tos, to, from, ...options }) => {
    if (kind === 'plain') return frame(to, from, 7, Math.max(18, options.payload))
    if (kind === 'tagged')
      return ethernet(to, from, EtherType.LOCAL, new Uint8Array(50), [{ vid: 5 }])
    const fragment = kind === 'fragment' ? 0x2000 : 0
    const made = packet({ ...options, to, from, ...(options.version === 4 && { fragment }) }).frame
    if (options.version === 4) made[15] = tos
    else made[15] = (made[15]! & 0x0f) | ((tos & 15) << 4)
    return kind === 'cut' ? made.slice(0, 20 + (options.payload % 30)) : made
  })

function bench(build: Parameters<typeof rig>[0]): Rig {
  const made = rig(build).underlay().ports('ab')
  made.tunnel('t', { remote: REMOTES.t }).tunnel('u', { remote: REMOTES.u, dscp: 46, strict: true })
  made.tunnel('v', { bridge: 'other', remote: REMOTES.v, vni: VNIS.v, tagged: true })
  made.port('c', { bridge: 'other' })
  const learnt = [
    datagram(frame(A, FAR[0]!), { from: REMOTES.t }),
    datagram(frame(A, FAR[1]!), { from: REMOTES.u }),
    datagram(frame(A, FAR[0]!), { from: REMOTES.v, vni: VNIS.v }),
  ]
  made
    .inject('underlay', ...learnt)
    .inject('a', frame(B, A))
    .inject('b', frame(A, B))
    .run()
  made.deliveries()
  return made
}

const PORTS = ['a', 'b', 'c', 't', 'u', 'v', 'underlay']

function everything(on: Rig, devices: readonly string[]) {
  const counters = PORTS.map((port) => on.counters(port))
  return { sent: devices.map((port) => on.sent(port)), counters, drops: on.drops(), fdb: on.fdb() }
}

onEveryBuild('the short way of tunnels', (build) => {
  test('into them: the datagrams are those of the long way', () => {
    const seen = { datagrams: 0, tunnels: new Set<string>() }
    fc.assert(
      fc.property(fc.array(inner, { minLength: 5, maxLength: 60, size: 'max' }), (frames) => {
        const [short, long] = [bench(build), bench(build)]
        long.port('m')
        long.setPort('a', { policy: { mirror: { port: 'm', direction: 'receive' } } })
        for (const on of [short, long]) on.inject('a', ...frames).run()
        long.sent('m')
        const devices = ['a', 'b', 'c', 'underlay']
        const [found, expected] = [everything(short, devices), everything(long, devices)]
        expect(found).toEqual(expected)
        for (const { frame: made } of found.sent[3]!) seen.tunnels.add(readDatagram(made).to)
        seen.datagrams += found.sent[3]!.length
      }),
      { numRuns: 25 },
    )
    expect(seen.datagrams).toBeGreaterThan(100)
    expect(seen.tunnels.size).toBe(2)
  })

  test('out of them: a burst is what its datagrams are one by one', () => {
    let received = 0
    const given = fc.record({
      tunnel: fc.constantFrom('t' as const, 't' as const, 't' as const, 'u' as const, 'v' as const),
      frames: fc.array(inner, { minLength: 1, maxLength: 5 }),
      how: fc.constantFrom('single', 'single', 'single', 'run', 'stranger', 'reserved', 'short'),
      tos: fc.constantFrom(0, 0, 0, 1, 2, 3, 0x2c),
    })
    fc.assert(
      fc.property(fc.array(given, { minLength: 5, maxLength: 40, size: 'max' }), (all) => {
        const [burst, apart] = [bench(build), bench(build)]
        const datagrams = all.map(made)
        burst.inject('underlay', ...datagrams).run()
        for (const one of datagrams) apart.inject('underlay', one).run()
        const devices = ['a', 'b', 'c', 'underlay']
        const [found, expected] = [everything(burst, devices), everything(apart, devices)]
        expect(found).toEqual(expected)
        received += found.sent.flat().length
      }),
      { numRuns: 25 },
    )
    expect(received).toBeGreaterThan(100)
  })
})

interface Given {
  tunnel: keyof typeof REMOTES
  frames: readonly Uint8Array[]
  how: string
  tos: number
}

/** What a VTEP sends: toward A, or whoever; mostly right. */
function made({ tunnel, frames, how, tos }: Given): Offloaded {
  const outer = { from: REMOTES[tunnel], vni: VNIS[tunnel], tos }
  const first = frames[0]!
  if (how === 'stranger') return datagram(first, { ...outer, vni: 77 })
  if (how === 'reserved') return datagram(first, { ...outer, header: [8, 1, 0, 0, 0, 0, 42, 1] })
  if (how === 'short') return runOf([new Uint8Array(12)], outer)
  if (how === 'single') return datagram(first, outer)
  // Of one length, as a run is; the last one may be shorter.
  const equal = frames.map((_, index) => {
    const copy = Uint8Array.from(first)
    copy[copy.length - 1] = index
    return copy
  })
  return run(equal, outer)
}
