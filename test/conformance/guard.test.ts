/** Source guard (CONFORMANCE T2, T3, T8, B13): every way to claim what is not one's own. */
import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { EtherType, frame, station } from '../support/frames.js'
import {
  advert,
  dad,
  GATEWAY,
  GATEWAY6,
  guard,
  honest,
  LINK_LOCAL,
  OWN,
  refused,
  router,
  udp,
} from '../support/guard-cases.js'
import { arpOf, ICMPV6, ipv4From, ipv6From, snapped } from '../support/neighbor.js'
import { isSame } from '../support/octets.js'
import { access, trunk } from '../support/policy.js'
import { type Rig, rig } from '../support/rig.js'
import { push, tci } from '../support/vlan.js'

/** A guarded, b and c open: a quiet flow goes from b to c. */
function bench(build: Parameters<typeof rig>[0]): Rig {
  const made = rig(build).port('a', { policy: { guard } }).ports('bc')
  made
    .inject('c', frame(station(8), station(7)))
    .run()
    .deliveries()
  return made
}

/** Sends `bytes` from a with a quiet flow beside it; what comes out of c is both. */
function through(bench: Rig, bytes: Uint8Array, from = 'a'): number {
  bench
    .inject('b', frame(station(7), station(8)))
    .inject(from, bytes)
    .run()
  const arrived = bench.frames('c')
  expect(arrived.some((each) => isSame(each, frame(station(7), station(8))))).toBe(true)
  return arrived.length - 1
}

/** Wrappings that some host unpacks (CVE-2021-27853, -27854, -27861, -27862). */
const wraps: Record<string, (inner: Uint8Array) => Uint8Array> = {
  nothing: (inner) => inner,
  'LLC and SNAP': (inner) => snapped(inner),
  'SNAP of 802.1H': (inner) => snapped(inner, undefined, [0, 0, 0xf8]),
  'SNAP behind a length of 0': (inner) => snapped(inner, 0),
  'SNAP behind a length that is none (1535)': (inner) => snapped(inner, 1535),
  'a tag': (inner) => push(inner, tci(5, 3)),
  'a tag with VID 0': (inner) => push(inner, tci(0)),
  'a service tag': (inner) => push(inner, tci(5), EtherType.QINQ),
  'two tags': (inner) => push(push(inner, tci(0)), tci(0), EtherType.QINQ),
  'SNAP in a tag': (inner) => push(snapped(inner), tci(0)),
  'a tag in SNAP': (inner) => snapped(push(inner, tci(0))),
  'SNAP in SNAP': (inner) => snapped(snapped(inner)),
}

onEveryBuild('source guard', (build) => {
  test.each(Object.entries(honest))('T2, T3: a host may send %s', (_, bytes) => {
    const switched = bench(build)
    expect(through(switched, bytes)).toBe(1)
    expect(switched.drops()).toEqual({})
  })

  test.each(Object.entries(refused))('T2, T3: it may not send %s', (_, [reason, bytes]) => {
    const switched = bench(build)
    expect(through(switched, bytes)).toBe(0)
    expect(switched.drops()).toEqual({ [`a ${reason}`]: 1 })
    // A source that was refused is not learnt either, and an open port may send the same.
    expect(Object.values(switched.fdb())).not.toContain('a')
    expect(through(switched, bytes, 'b')).toBe(1)
  })

  test.each(Object.entries(wraps))('B13, T8: the verdict is the same in %s', (_, wrap) => {
    const switched = bench(build)
    for (const [name, bytes] of Object.entries(honest)) {
      if (!name.includes('LLC')) expect([name, through(switched, wrap(bytes))]).toEqual([name, 1])
    }
    for (const [name, [, bytes]] of Object.entries(refused)) {
      if (!name.includes('wrappings'))
        expect([name, through(switched, wrap(bytes))]).toEqual([name, 0])
    }
  })

  test('T3: a guard of MACs alone binds no address, and still no router speaks there', () => {
    const switched = rig(build)
      .port('a', { policy: { guard: { macs: guard.macs } } })
      .ports('bc')
    switched.inject('a', arpOf(GATEWAY), ipv4From(GATEWAY), advert(GATEWAY6)).run()
    switched.inject('a', ipv6From('fd00::9', 17, udp), dad('fd00::9')).run()
    expect(switched.deliveries()).toEqual({ b: 5, c: 5 })
    switched
      .inject('a', ipv6From(LINK_LOCAL, ICMPV6, router), arpOf(OWN, { mac: station(3) }))
      .run()
    switched.inject('a', frame(station(2), station(3))).run()
    expect(switched.deliveries()).toEqual({})
    expect(switched.drops()).toEqual({ 'a guard-neighbor': 2, 'a guard-mac': 1 })
  })

  test('T3: a guard of addresses alone binds no MAC; of one family only, nothing of the other', () => {
    const policy = { guard: { addresses: ['10.0.0.1/32'] } }
    const switched = rig(build).port('a', { policy }).ports('bc')
    switched.inject('a', ipv4From(OWN, { from: station(3) })).run()
    switched.inject('a', ipv6From('fe80::ff:fe00:3', 17, udp, { from: station(3) })).run()
    expect(switched.deliveries()).toEqual({ b: 2, c: 2 })
    switched.inject('a', ipv6From('fd00::1', 17, udp), ipv4From(GATEWAY)).run()
    expect(switched.drops()).toEqual({ 'a guard-address': 2 })
  })

  test('T8: in a VLAN the guard looks behind the tag of the bridge and behind those within', () => {
    const vlan = trunk([10, 20], { native: 1 })
    const switched = rig(build).bridge('lan', { vlanAware: true })
    switched.port('a', { policy: { guard, vlan } }).port('b', { policy: { vlan: access(10) } })
    for (const inner of [arpOf(GATEWAY), push(arpOf(GATEWAY), tci(0)), snapped(arpOf(GATEWAY))]) {
      switched.inject('a', push(inner, tci(10)), push(push(inner, tci(10)), tci(10))).run()
    }
    expect(switched.drops()).toEqual({ 'a guard-neighbor': 6 })
    switched.inject('a', push(arpOf(OWN), tci(10))).run()
    expect(switched.deliveries()).toEqual({ b: 1 })
  })

  test('T2, T3: what was blocked is told once a second a port, with MAC and reason', () => {
    const switched = bench(build)
    switched.port('d', { policy: { guard } })
    const blocked = () => switched.events().map(({ type, port, macLow }) => [type, port, macLow])
    const [a, d] = [switched.indexOf('a'), switched.indexOf('d')]
    for (const ms of [0, 999]) {
      switched.advance(ms)
      for (const port of 'ad') switched.inject(port, frame(station(2), station(3)), arpOf(GATEWAY))
      switched.run()
      expect(blocked()).toEqual(
        ms === 0
          ? [
              ['blocked', a, 3],
              ['blocked', d, 3],
            ]
          : [],
      )
    }
    switched.advance(1).inject('a', arpOf(GATEWAY)).run()
    expect(switched.events()).toMatchObject([
      { type: 'blocked', port: a, detail: 31, macLow: 1, time: 1000 },
    ])
  })

  test('T2: bindings are those of the port, whatever other ports come and go', () => {
    const switched = rig(build).port('x', { policy: { guard: { macs: ['02:00:00:00:00:09'] } } })
    switched.port('a', { policy: { guard } }).ports('bc')
    switched.setPort('x', { policy: {} }).removePort('x')
    switched.port('y', { policy: { guard: { macs: ['02:00:00:00:00:08'] } } })
    switched.inject('a', frame(station(2), station(1)), frame(station(2), station(8))).run()
    switched.inject('y', frame(station(2), station(1)), frame(station(2), station(8))).run()
    expect(switched.drops()).toEqual({ 'a guard-mac': 1, 'y guard-mac': 1 })
    switched
      .setPort('a', { policy: {} })
      .inject('a', frame(station(2), station(5)))
      .run()
    expect(switched.drops()).toEqual({ 'a guard-mac': 1, 'y guard-mac': 1 })
  })
})
