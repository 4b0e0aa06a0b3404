/** B3, B4, B6: where a frame goes, and in what order. */
import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { arp, BROADCAST, frame, group, markOf, packet, station } from '../support/frames.js'
import { type Rig, rig } from '../support/rig.js'

const A = station(1)
const B = station(2)

/** Ports a to d on one bridge; A is known on a, B on b. */
function acquainted(bench: Rig): Rig {
  bench.ports('abcd').inject('a', frame(BROADCAST, A)).inject('b', frame(BROADCAST, B)).run()
  bench.deliveries()
  return bench
}

onEveryBuild('bridge forwarding', (build) => {
  test.each(
    Array.from({ length: 16 }, (_, last) => [last.toString(16).padStart(2, '0'), last] as const),
  )('B3 (802.1D 7.12.6): 01-80-C2-00-00-%s is not relayed', (_, last) => {
    const bench = rig(build).ports('ab')
    bench.inject('a', frame(Uint8Array.of(1, 0x80, 0xc2, 0, 0, last), A)).run()
    expect(bench.deliveries()).toEqual({})
    expect(bench.drops()).toEqual({ 'a reserved-destination': 1 })
    // The frame is not relayed, but its source is as good as any (7.8).
    expect(bench.whereIs(A)).toBe('a')
  })

  test.each([
    ['the next group address', [1, 0x80, 0xc2, 0, 0, 0x10]],
    ['another octet', [1, 0x80, 0xc2, 0, 1, 0]],
    ['an individual address', [0, 0x80, 0xc2, 0, 0, 0]],
  ])('B3 (802.1D 7.12.6): what is not reserved is relayed: %s', (_, octets) => {
    const bench = rig(build).ports('ab')
    bench.inject('a', frame(Uint8Array.from(octets), A)).run()
    expect(bench.deliveries()).toEqual({ b: 1 })
  })

  test('B4 (802.1D 7.7): known unicast goes to its port only, byte for byte', () => {
    const bench = acquainted(rig(build))
    const sent = packet({ to: B, from: A, payload: 777 }).frame
    bench.inject('a', sent).run()
    expect(bench.frames('b')).toEqual([sent])
    expect(bench.deliveries()).toEqual({})
    expect(bench.drops()).toEqual({})
  })

  test('B4 (802.1D 7.7.1): never back out of the port it came in by', () => {
    const bench = acquainted(rig(build))
    bench.inject('a', frame(A, station(3)), frame(A, A)).run()
    expect(bench.deliveries()).toEqual({})
    expect(bench.drops()).toEqual({ 'a same-port': 2 })
  })

  test('B6 (802.1D 7.7.2): unknown unicast floods to all others once, not to its ingress', () => {
    const bench = acquainted(rig(build))
    bench.inject('a', frame(station(9), A)).run()
    expect(bench.deliveries()).toEqual({ b: 1, c: 1, d: 1 })
  })

  test.each([
    ['broadcast', arp(1)],
    ['multicast', frame(group(7), A)],
    ['IPv6 multicast', frame(Uint8Array.of(0x33, 0x33, 0, 0, 0, 1), A)],
  ])('B6 (802.1D 7.7.2): %s floods to all others once, not to its ingress', (_, sent) => {
    const bench = acquainted(rig(build))
    bench.inject('c', sent).run()
    for (const port of 'abd') expect(bench.frames(port)).toEqual([sent])
    expect(bench.frames('c')).toEqual([])
  })

  test('B6 (802.1Q 8.6.1): nothing crosses to another bridge, known there or not', () => {
    const bench = rig(build).ports('abc').ports('xyz', { bridge: 'other' })
    bench.inject('x', frame(BROADCAST, B)).run()
    expect(bench.deliveries()).toEqual({ y: 1, z: 1 })
    bench.inject('a', frame(B, A), frame(BROADCAST, A), frame(station(9), A)).run()
    expect(bench.deliveries()).toEqual({ b: 3, c: 3 })
    expect(bench.fdb()).toEqual({ 'lan 020000000001': 'a', 'other 020000000002': 'x' })
  })

  test('B6 (802.1Q 8.8): one MAC on two bridges is two addresses', () => {
    const bench = rig(build).ports('ab').ports('xy', { bridge: 'other' })
    bench.inject('a', frame(BROADCAST, A)).inject('x', frame(BROADCAST, A)).run().deliveries()
    expect(bench.fdb()).toEqual({ 'lan 020000000001': 'a', 'other 020000000001': 'x' })
    expect(bench.statistics().moved).toBe(0)
    bench.inject('b', frame(A, B)).inject('y', frame(A, B)).run()
    expect(bench.deliveries()).toEqual({ a: 1, x: 1 })
  })

  test('B6 (802.1D 7.7.2): a flood with nobody to hear it is a counted drop', () => {
    const bench = rig(build).ports('ab').setPort('b', { up: false })
    bench.inject('a', frame(BROADCAST, A)).run()
    expect(bench.deliveries()).toEqual({})
    expect(bench.drops()).toEqual({ 'a no-destination': 1 })
  })

  test('B6 (802.1D 6.5.3): a flow stays in order, also when its destination is learnt half-way', () => {
    const bench = rig(build).ports('abc')
    const send = (from: number, to: number) => {
      for (let mark = from; mark < to; mark++) bench.inject('a', frame(B, A, mark))
    }
    send(0, 300)
    bench.run()
    bench.inject('b', frame(A, B)).run()
    send(300, 900)
    bench.run()
    expect(bench.frames('b').map(markOf)).toEqual(Array.from({ length: 900 }, (_, mark) => mark))
    expect(bench.frames('c').map(markOf)).toEqual(Array.from({ length: 300 }, (_, mark) => mark))
  })

  test('B6 (802.1D 6.5.3): floods and unicasts of one burst leave in the order they came', () => {
    const bench = acquainted(rig(build))
    const to = [B, BROADCAST, station(9), B, group(1), B, B, BROADCAST]
    bench.inject('a', ...to.map((mac, mark) => frame(mac, A, mark))).run()
    expect(bench.frames('b').map(markOf)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(bench.frames('c').map(markOf)).toEqual([1, 2, 4, 7])
  })

  test('B6 (802.1D 6.5.4): no duplicates, none lost, over 20,000 frames of six flows', () => {
    const bench = acquainted(rig(build))
    const flows = ['ab', 'ac', 'ba', 'bd', 'cd', 'dc'] as const
    const known = new Map([...'abcd'].map((port, index) => [port, station(index + 1)]))
    bench.inject('c', frame(BROADCAST, station(3))).inject('d', frame(BROADCAST, station(4)))
    bench.run().deliveries()
    for (let mark = 0; mark < 20_000; mark++) {
      const [from = '', to = ''] = flows[mark % flows.length] as string
      bench.inject(from, frame(known.get(to)!, known.get(from)!, mark))
      if (mark % 777 === 0) bench.run()
    }
    bench.run()
    for (const [flow, [from, to]] of [...flows.entries()] as [number, string][]) {
      const marks = Array.from({ length: 20_000 }, (_, mark) => mark)
      const expected = marks.filter((mark) => mark % flows.length === flow)
      // Port d hears two flows; each must be in order for itself.
      const heard = bench.device(to!)
      const all = heard.take()
      const of = all.filter((bytes) => bytes[11] === known.get(from!)![5])
      expect(of.map(markOf)).toEqual(expected)
      const rest = all.filter((bytes) => bytes[11] !== known.get(from!)![5])
      for (const bytes of rest) heard.deliver(bytes)
    }
    expect(bench.deliveries()).toEqual({})
    expect(bench.drops()).toEqual({})
  })

  test('B6: counters agree with what went through', () => {
    const bench = acquainted(rig(build))
    const before = Object.fromEntries([...'abcd'].map((port) => [port, bench.counters(port)]))
    bench.inject('a', frame(B, A, 0, 100), frame(BROADCAST, A, 0, 200)).run()
    const gained = (port: string) => {
      const { rxFrames, rxBytes, txFrames, txBytes } = bench.counters(port)
      const was = before[port]!
      return [
        rxFrames - was.rxFrames,
        rxBytes - was.rxBytes,
        txFrames - was.txFrames,
        txBytes - was.txBytes,
      ]
    }
    expect(gained('a')).toEqual([2, 300, 0, 0])
    expect(gained('b')).toEqual([0, 0, 2, 300])
    expect(gained('c')).toEqual([0, 0, 1, 200])
    expect(gained('d')).toEqual([0, 0, 1, 200])
  })
})
