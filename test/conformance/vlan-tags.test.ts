/** VLANs octet by octet (CONFORMANCE B6 to B9, T8; IEEE 802.1Q-2022 6.9, 8.6, 9.4). */
import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { BROADCAST, EtherType, frame, packet, station, superFrame } from '../support/frames.js'
import { dishonesty, kernelRefusal } from '../support/kernel.js'
import { checksumIsRight } from '../support/parse.js'
import { access, trunk, tunnel } from '../support/policy.js'
import { type PortOptions, type Rig, rig } from '../support/rig.js'
import { NOTHING } from '../support/virtio.js'
import { pop, push, pushOffloaded, tagsOf, tci } from '../support/vlan.js'

type Build = Parameters<typeof rig>[0]
type Vlans = Record<string, ReturnType<typeof access>>

/** A VLAN-aware bridge with a port for each name. */
function bench(build: Build, vlans: Vlans, options: PortOptions = {}, provider = false): Rig {
  const protocol = provider ? '802.1ad' : '802.1Q'
  const made = rig(build).bridge('lan', { vlanAware: true, vlanProtocol: protocol })
  for (const [name, vlan] of Object.entries(vlans))
    made.port(name, { ...options, policy: { vlan } })
  return made
}

const plain = frame(BROADCAST, station(1), 5)
const S = EtherType.QINQ
/** What each port got, as its tags. */
const arrivals = (switched: Rig, names: string) =>
  Object.fromEntries([...names].map((name) => [name, switched.frames(name).map(tagsOf)]))

onEveryBuild('VLAN tags', (build) => {
  test('B6, B9: a flood leaves tagged and untagged at once, in its VLAN only, and is the same frame', () => {
    const switched = bench(build, {
      a: access(10),
      b: access(10),
      c: trunk([10, 20]),
      d: trunk([10], { native: 20 }),
      e: trunk([10], { native: 10, nativeTagged: true }),
      f: access(20),
    })
    switched.inject('a', plain).run()
    expect(switched.frames('b')).toEqual([plain])
    for (const name of 'cde') expect(switched.frames(name)).toEqual([push(plain, 10)])
    expect(switched.deliveries()).toEqual({})
    switched.inject('c', push(plain, tci(20, 5, 1))).run()
    expect(arrivals(switched, 'abcdef')).toEqual({ a: [], b: [], c: [], d: [[]], e: [], f: [[]] })
  })

  test('B8: every PCP and DEI is kept from tag to tag; VID 0 takes the native VLAN and keeps both', () => {
    const switched = bench(build, { a: trunk([10], { native: 20 }), b: trunk([10, 20]) })
    for (let priority = 0; priority < 16; priority++) {
      const high = priority << 12
      switched.inject('a', push(plain, high | 10), push(plain, high)).run()
      expect(switched.frames('b')).toEqual([push(plain, high | 10), push(plain, high | 20)])
    }
    switched.inject('a', plain).run()
    expect(switched.frames('b')).toEqual([push(plain, 20)])
  })

  test('B8: VID 4095 is dropped on every kind of port but a tunnel, which looks at no tag', () => {
    const switched = bench(build, { a: trunk('all', { native: 10 }), b: access(10), c: tunnel(10) })
    for (const name of 'abc') switched.inject(name, push(plain, tci(4095, 7))).run()
    expect(switched.drops()).toMatchObject({ 'a vlan-reserved': 1, 'b vlan-reserved': 1 })
    // Its tag is the only one that a port without tags would show: it leaves by no such port.
    expect(switched.drops()).toMatchObject({ 'a vlan-nested': 1, 'b vlan-nested': 1 })
  })

  test('B7 (802.1Q 8.6.2): ingress filtering and what is admitted', () => {
    const switched = bench(build, {
      a: trunk([10], { native: 1, admit: 'tagged' }),
      b: trunk([10], { native: 1, admit: 'untagged' }),
      c: trunk([10]),
      d: trunk([10, 20], { native: 1 }),
    })
    const given = [plain, push(plain, 0), push(plain, 10), push(plain, 20), push(plain, 30)]
    for (const name of 'abc') {
      switched.inject(name, ...given).run()
      for (const other of 'abc') switched.frames(other)
    }
    expect(switched.frames('d').map(tagsOf)).toEqual([['8100.000a'], [], [], ['8100.000a']])
    expect(switched.drops()).toEqual({
      'a untagged-refused': 2,
      'a vlan-ingress': 2,
      'b tagged-refused': 3,
      'c untagged-refused': 2,
      'c vlan-ingress': 2,
    })
  })

  test('B7, T10: a tag that is cut off is a drop, at 14 to 17 octets; with 18 it is whole', () => {
    const switched = bench(build, { a: trunk([10], { native: 1 }), b: trunk([10], { native: 1 }) })
    const whole = push(frame(BROADCAST, station(1), 0, 18), 10)
    for (let length = 14; length <= 18; length++) switched.inject('a', whole.subarray(0, length))
    switched.run()
    expect(switched.frames('b')).toEqual([whole.subarray(0, 18)])
    expect(switched.drops()).toEqual({ 'a truncated-tag': 4 })
  })

  test('B9, T8: a double tag is popped once; its inner tag alone never leaves', () => {
    const switched = bench(build, {
      a: trunk([10, 20]),
      b: access(10),
      c: trunk([10, 20]),
      d: access(20),
    })
    const double = push(push(plain, 20), tci(10, 3))
    switched.inject('a', double).run()
    expect(switched.frames('c')).toEqual([double])
    expect(switched.deliveries()).toEqual({})
    expect(switched.drops()).toEqual({ 'b vlan-nested': 1 })
    const triple = push(double, 10)
    switched.inject('a', triple).run()
    expect(switched.frames('c')).toEqual([triple])
    // A tag of another protocol within is payload.
    switched.inject('a', push(push(plain, 20, S), 10)).run()
    expect(switched.frames('b')).toEqual([push(plain, 20, S)])
  })

  test('T8: no tag takes a host on an access port to another VLAN, a quiet flow beside it', () => {
    const switched = bench(build, {
      a: access(10),
      b: access(10),
      c: access(20),
      d: access(20),
      t: trunk([10, 20], { native: 10 }),
    })
    switched.inject('c', frame(station(8), station(7))).inject('d', frame(station(7), station(8)))
    switched.run().deliveries()
    const tries = [push(plain, 20), push(push(plain, 20), 0), push(push(plain, 20), 10)]
    const hidden = [push(plain, 20, S), push(push(plain, 20), 0, S), push(push(plain, 20), 4095)]
    for (const each of [...tries, ...hidden]) {
      switched
        .inject('a', each)
        .inject('d', frame(station(7), station(8), 3))
        .run()
      expect(switched.frames('c')).toEqual([frame(station(7), station(8), 3)])
      expect(switched.frames('d')).toEqual([])
      // Nor does one leave by the trunk so that the next switch would take it for VLAN 20's.
      for (const name of 'bt') {
        expect(switched.frames(name).filter((out) => tagsOf(out)[0] === '8100.0014')).toEqual([])
      }
    }
  })

  test('B9 (802.1ad): a tunnel gives what comes in an outer tag, and takes only that one off', () => {
    const switched = bench(
      build,
      { a: tunnel(10), b: tunnel(10), c: trunk([10]), d: tunnel(20) },
      {},
      true,
    )
    const inners = [
      plain,
      push(plain, 7),
      push(push(plain, 9), 7),
      push(plain, 7, S),
      push(plain, 0),
    ]
    for (const inner of inners) {
      switched.inject('a', inner).run()
      expect(switched.frames('b')).toEqual([inner])
      expect(switched.frames('c')).toEqual([push(inner, 10, S)])
      switched.inject('c', push(inner, tci(10, 6), S)).run()
      for (const name of 'ab') expect(switched.frames(name)).toEqual([inner])
    }
    expect(switched.drops()).toEqual({})
    expect(switched.deliveries()).toEqual({})
  })

  test('B9: beside a tunnel, a port that looks at tags gets no frame whose inner tag it would take for one', () => {
    const switched = bench(build, {
      a: tunnel(10),
      b: tunnel(10),
      c: access(10),
      d: trunk([20], { native: 10 }),
    })
    switched.inject('a', push(plain, 20)).run()
    expect(switched.deliveries()).toEqual({ b: 1 })
    expect(switched.drops()).toEqual({ 'c vlan-nested': 1, 'd vlan-nested': 1 })
    switched
      .inject('c', frame(station(1), station(3)))
      .run()
      .deliveries()
    switched.inject('a', push(frame(station(3), station(1)), 20)).run()
    expect(switched.drops()).toMatchObject({ 'c vlan-nested': 2, 'd vlan-nested': 1 })
  })

  test('B9: a provider bridge takes a customer tag for payload, and the other way round', () => {
    for (const provider of [true, false]) {
      const [own, other] = provider ? [S, EtherType.VLAN] : [EtherType.VLAN, S]
      const switched = bench(
        build,
        { a: trunk([10], { native: 20 }), b: trunk([10, 20]) },
        {},
        provider,
      )
      switched.inject('a', push(plain, 10, other), push(push(plain, 7, other), 10, own)).run()
      expect(switched.frames('b')).toEqual([
        push(push(plain, 10, other), 20, own),
        push(push(plain, 7, other), 10, own),
      ])
    }
  })

  test('B12: a tag is no part of what an MTU bounds, in or out', () => {
    const switched = bench(build, { a: access(10), b: trunk([10]) })
    const full = frame(station(2), station(1), 0, 1514)
    switched.inject('a', full).inject('b', push(full, 10)).run()
    switched.inject('a', frame(station(2), station(1), 0, 1515)).run()
    expect(switched.drops()).toEqual({ 'b over-mtu': 1 })
  })
})

/** Frames that leave part of their work to the device, of every kind. */
const offloaded = ([4, 6] as const).flatMap((version) =>
  (['tcp', 'udp'] as const).flatMap((protocol) => {
    const kind = { version, protocol, to: BROADCAST }
    return [packet({ ...kind, checksum: 'partial' }), superFrame(1000, { ...kind, payload: 9000 })]
  }),
)

onEveryBuild('offloads through tags', (build) => {
  test('T11, B9: requests stay true of the frame through push and pop', () => {
    const switched = bench(
      build,
      { a: access(10), b: trunk([10, 20]), c: trunk([10], { native: 10 }) },
      { offloads: true },
    )
    for (const { header, frame } of offloaded) {
      const tagged = pushOffloaded({ header, frame }, tci(10, 3))
      switched.inject('a', { header, frame }).run()
      expect(switched.sent('b')).toEqual([pushOffloaded({ header, frame }, 10)])
      expect(switched.sent('c')).toEqual([{ header, frame }])
      switched.inject('b', tagged).run()
      for (const name of 'ac') expect(switched.sent(name)).toEqual([{ header, frame }])
      expect(
        kernelRefusal(tagged.header, tagged.frame) ?? dishonesty(tagged.header, tagged.frame),
      ).toBeUndefined()
    }
  })

  test('T11, B9: a lone destination gets the same, from untagged to tagged and back', () => {
    const switched = bench(build, { a: access(10), b: trunk([10]) }, { offloads: true })
    switched
      .inject('b', push(frame(station(9), station(2)), 10))
      .run()
      .deliveries()
    for (const { header, frame: bytes } of offloaded) {
      const to = Uint8Array.from(bytes)
      to.set(station(2))
      switched.inject('a', { header, frame: to }).run()
      expect(switched.sent('b')).toEqual([pushOffloaded({ header, frame: to }, 10)])
    }
  })

  test('T11: a checksum is completed behind tags for a port that takes no partial one', () => {
    const switched = bench(build, { a: trunk([10]) }, { offloads: true })
    switched
      .port('b', { policy: { vlan: access(10) } })
      .port('c', { policy: { vlan: trunk([10]) } })
    const partial = offloaded.filter(({ header }) => header.gsoType === 0)
    for (const given of partial) {
      switched.inject('a', pushOffloaded(given, 10)).run()
      const [[untagged], [tagged]] = [switched.frames('b'), switched.frames('c')]
      expect(checksumIsRight(untagged!)).toBe(true)
      expect(tagged).toEqual(push(untagged!, 10))
      expect(pop(tagged!)).toEqual(untagged)
    }
    expect(partial).toHaveLength(4)
    expect(partial[0]?.header).not.toEqual(NOTHING)
  })
})
