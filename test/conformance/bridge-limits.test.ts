/** B10, B12, T1: what happens at the edges: a full table, a frame too long or too short. */

import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import {
  BROADCAST,
  ethernet,
  frame,
  markOf,
  packet,
  station,
  superFrame,
} from '../support/frames.js'
import { isSame } from '../support/octets.js'
import { Random } from '../support/random.js'
import { rig } from '../support/rig.js'

const A = station(1)
const B = station(2)

/** An Ethernet frame that carries `length` octets of network packet, with `tags` 802.1Q tags. */
function carrying(length: number, tags = 0): Uint8Array {
  const list = Array.from({ length: tags }, (_, vid) => ({ vid: vid + 1 }))
  return ethernet(BROADCAST, A, 0x88b5, new Uint8Array(length), list)
}

onEveryBuild('bridge limits', (build) => {
  test('B10: a full table evicts old entries of a port above its share; a quiet port keeps its own', () => {
    const bench = rig(build, { capacity: { macs: 1000 } }).ports('abcd')
    for (let number = 0; number < 200; number++)
      bench.inject('b', frame(BROADCAST, station(number + 1)))
    bench.run()
    const random = new Random(1)
    for (let round = 0; round < 20; round++) {
      for (let number = 0; number < 500; number++) {
        bench.inject('a', frame(B, Uint8Array.of(0x06, ...random.bytes(5))))
      }
      bench.advance(125).deliveries()
    }
    const owners = Object.values(bench.fdb())
    expect(owners.filter((port) => port === 'b')).toHaveLength(200)
    expect(bench.manager.exports.fdbCount()).toBe(1000)
    expect(bench.statistics()).toMatchObject({ evicted: 9200, unlearned: 0 })
  })

  test('B10: what goes is older than what stays', () => {
    const bench = rig(build, { capacity: { macs: 700 } }).ports('ab')
    const send = (first: number, count: number) => {
      for (let number = first; number < first + count; number++) {
        bench.inject('a', frame(BROADCAST, station(number)))
      }
      bench.advance(1000)
    }
    send(1, 350)
    send(1001, 350)
    send(2001, 250)
    const kept = Object.keys(bench.fdb()).map((entry) => Number.parseInt(entry.slice(-6), 16))
    const old = kept.filter((number) => number < 1000).length
    const young = kept.filter((number) => number > 1000 && number < 2000).length
    expect(kept).toHaveLength(700)
    // The 250 oldest at best. A sample of some 20 misses them at times; by chance 225 would be left.
    expect(old).toBeLessThan(130)
    expect(young).toBeGreaterThan(320)
  })

  test('B10: a port below its share displaces one that is above, so everyone gets in', () => {
    const bench = rig(build, { capacity: { macs: 100 } }).ports('ab')
    for (let number = 1; number <= 200; number++)
      bench.inject('a', frame(BROADCAST, station(number)))
    bench.run()
    for (let number = 501; number <= 540; number++)
      bench.inject('b', frame(BROADCAST, station(number)))
    bench.run()
    const owners = Object.values(bench.fdb())
    expect(owners.filter((port) => port === 'b')).toHaveLength(40)
    expect(owners.filter((port) => port === 'a')).toHaveLength(60)
  })

  test('B10: static entries are never evicted; a table full of them says so', () => {
    const bench = rig(build, { capacity: { macs: 50 } }).ports('ab')
    for (let number = 1; number <= 50; number++) bench.setStatic(station(number), 'a')
    bench.inject('b', frame(BROADCAST, station(99))).run()
    expect(bench.whereIs(station(99))).toBeUndefined()
    expect(Object.values(bench.fdb())).toEqual(new Array(50).fill('a'))
    expect(bench.statistics()).toMatchObject({ evicted: 0, unlearned: 1 })
    expect(bench.events()).toMatchObject([
      { type: 'table-full', port: bench.indexOf('b'), macLow: 99 },
    ])
    expect(() => bench.setStatic(station(100), 'a')).toThrow(/full/)
    // What is not learnt is still forwarded.
    expect(bench.deliveries()).toEqual({ a: 1 })
  })

  test('B12: frames of 0 to 13 octets are counted drops, 14 is a frame', () => {
    const bench = rig(build).port('a', { offloads: true }).ports('bc')
    for (const port of 'ab') {
      for (let length = 0; length < 14; length++)
        bench.inject(port, frame(BROADCAST, A).slice(0, length))
    }
    bench.run()
    expect(bench.deliveries()).toEqual({})
    expect(bench.drops()).toEqual({ 'a short-frame': 14, 'b short-frame': 14 })
    expect(bench.fdb()).toEqual({})
    const shortest = frame(BROADCAST, A, 0).slice(0, 14)
    bench.inject('b', shortest).run()
    expect(bench.frames('c')).toEqual([shortest])
  })

  test.each([
    [0, 1500],
    [1, 1500],
    [2, 1500],
    [0, 68],
    [1, 9000],
    [0, 65_535],
  ])('B12: with %i tags, an MTU of %i is met exactly and not passed by one octet', (tags, mtu) => {
    const bench = rig(build).port('a').port('b', { mtu })
    const fits = carrying(mtu, tags)
    bench.inject('a', fits, carrying(mtu + 1, tags)).run()
    expect(bench.frames('b')).toEqual([fits])
    expect(bench.drops()).toEqual({ 'b over-mtu': 1 })
  })

  test('B12: what is not a tag counts towards the MTU: a third tag, a tag cut off', () => {
    const bench = rig(build).port('a').port('b', { mtu: 100 })
    // The third tag's four octets are part of what the first two carry.
    bench.inject('a', carrying(96, 3), carrying(97, 3)).run()
    expect(bench.frames('b')).toHaveLength(1)
    expect(bench.drops()).toEqual({ 'b over-mtu': 1 })
  })

  test('B12: in one flood each port gets what its own MTU lets through', () => {
    const mtus = { b: 1000, c: 1500, d: 9000, e: 500, f: 1500 }
    const bench = rig(build).port('a', { mtu: 9000 })
    for (const [name, mtu] of Object.entries(mtus)) bench.port(name, { mtu })
    bench.inject('a', carrying(400), carrying(1000), carrying(1001), carrying(1500), carrying(9000))
    bench.run()
    expect(bench.deliveries()).toEqual({ b: 2, c: 4, d: 5, e: 1, f: 4 })
    expect(bench.drops()).toEqual({
      'b over-mtu': 3,
      'c over-mtu': 1,
      'e over-mtu': 4,
      'f over-mtu': 1,
    })
  })

  test('B12: known unicast over the MTU of its egress is a drop there, not at the ingress', () => {
    const bench = rig(build).port('a', { mtu: 9000 }).port('b', { mtu: 1500 }).port('c')
    bench.inject('b', frame(BROADCAST, B)).run().deliveries()
    bench.inject('a', ethernet(B, A, 0x88b5, new Uint8Array(1501))).run()
    expect(bench.deliveries()).toEqual({})
    expect(bench.drops()).toEqual({ 'b over-mtu': 1 })
    expect(bench.counters('b').txDrops).toBe(1)
    expect(bench.counters('a').rxDrops).toBe(0)
  })

  test.each([
    ['tcp', 4, 0],
    ['tcp', 6, 0],
    ['udp', 4, 0],
    ['udp', 6, 1],
    ['tcp', 4, 2],
  ] as const)(
    'B12: a super-frame (%s over IPv%i, %i tags) is held to the MTU by gso_size, not by its length',
    (protocol, version, tags) => {
      const headers = (version === 4 ? 20 : 40) + (protocol === 'tcp' ? 20 : 8)
      const bench = rig(build).ports('ab', { offloads: true })
      const list = Array.from({ length: tags }, (_, vid) => ({ vid: vid + 1 }))
      const made = (gsoSize: number) =>
        superFrame(gsoSize, { to: BROADCAST, protocol, version, tags: list, payload: 60_000 })
      bench.inject('a', made(1500 - headers), made(1501 - headers)).run()
      const [only, ...others] = bench.sent('b')
      expect(others).toEqual([])
      expect(only?.header?.gsoSize).toBe(1500 - headers)
      expect(bench.drops()).toEqual({ 'b over-mtu': 1 })
    },
  )

  test('B12: the longest frame there is goes through, a longer one is a counted drop', () => {
    const bench = rig(build).ports('ab', { mtu: 65_575 })
    const longest = carrying(65_607 - 14)
    bench.inject('a', longest).run()
    expect(bench.drops()).toEqual({ 'b over-mtu': 1 })
    const wide = rig(build).ports('ab', { mtu: 70_000 })
    wide.inject('a', longest, carrying(65_608 - 14)).run()
    expect(wide.frames('b')).toEqual([longest])
    expect(wide.drops()).toEqual({ 'a long-frame': 1 })
  })

  test('B12: a burst of 64 KiB super-frames is carried whole', () => {
    const bench = rig(build).ports('ab', { offloads: true })
    const made = superFrame(1448, { to: B, tcpOptions: 12, payload: 65_535 - 52 })
    bench.inject('a', ...new Array(200).fill(made)).run()
    const sent = bench.sent('b')
    expect(sent).toHaveLength(200)
    for (const { frame: out } of sent) expect(isSame(out, made.frame)).toBe(true)
  })

  test('T1: a million random source MACs on one port take nothing from a quiet flow beside it', () => {
    const bench = rig(build, { capacity: { macs: 4096 } }).ports('abcd')
    const stations = Array.from({ length: 100 }, (_, index) => station(index + 1))
    for (const mac of stations) bench.inject('b', frame(BROADCAST, mac))
    bench.inject('c', frame(BROADCAST, station(1001))).run()
    let flooded = 0
    bench.device('d').onFrame(() => flooded++)
    bench.device('b').onFrame(undefined)
    const heard: number[] = []
    const strays: number[] = []
    bench.device('c').onFrame((bytes) => {
      if (bytes[0] === 0x02) heard.push(markOf(bytes))
      else strays.push(1)
    })
    const random = new Random(7)
    const attack = frame(Uint8Array.of(0x06, 1, 1, 1, 1, 1), Uint8Array.of(0x06, 0, 0, 0, 0, 0))
    const view = new DataView(attack.buffer)
    const total = 1_000_000
    let mark = 0
    for (let sent = 0; sent < total; ) {
      for (let burst = 0; burst < 10_000; burst++, sent++) {
        view.setUint32(8, random.word())
        bench.inject('a', attack)
      }
      // The quiet flow: each of b's stations to c's, through the same turn of the loop.
      bench.inject('b', frame(station(1001), stations[mark % 100]!, mark++))
      bench.advance(250)
      bench.device('b').take()
    }
    expect(heard).toEqual(Array.from({ length: mark }, (_, number) => number))
    expect(flooded).toBe(total)
    expect(strays).toHaveLength(total)
    for (const mac of stations) expect(bench.whereIs(mac)).toBe('b')
    expect(bench.whereIs(station(1001))).toBe('c')
    expect(bench.manager.exports.fdbCount()).toBe(4096)
    expect(bench.statistics().unlearned).toBe(0)
    expect(bench.drops()).toEqual({})
  })
})

test('B12: the helper makes frames of the length it says', () => {
  expect(carrying(1500, 2)).toHaveLength(1500 + 22)
  expect(packet({ payload: 1460 }).frame).toHaveLength(1514)
})
