/** B1, B2, B5, B11: what the bridge learns, for how long, and what makes it forget. */
import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { BROADCAST, frame, group, station, ZERO_MAC } from '../support/frames.js'
import { rig } from '../support/rig.js'

const A = station(1)
const B = station(2)

onEveryBuild('bridge learning', (build) => {
  test('B1 (802.1D 7.8): learns the individual source of a unicast, a multicast and a broadcast', () => {
    const bench = rig(build).ports('ab')
    bench.inject('a', frame(station(9), station(1)), frame(group(1), station(2)))
    bench.inject('a', frame(BROADCAST, station(3))).run()
    expect(bench.fdb()).toEqual({
      'lan 020000000001': 'a',
      'lan 020000000002': 'a',
      'lan 020000000003': 'a',
    })
  })

  test.each([
    ['a group address', group(1)],
    ['broadcast', BROADCAST],
    ['zero', ZERO_MAC],
    ['a locally administered group address', Uint8Array.of(3, 0, 0, 0, 0, 1)],
  ])('B1 (802.1D 7.8): drops a frame from %s and learns nothing', (_, source) => {
    const bench = rig(build).ports('abc')
    bench.inject('a', frame(B, source), frame(BROADCAST, source)).run()
    expect(bench.fdb()).toEqual({})
    expect(bench.deliveries()).toEqual({})
    expect(bench.drops()).toEqual({ 'a source-invalid': 2 })
  })

  test('B1 (802.1D 7.8): a bad source between good ones of one burst changes nothing for them', () => {
    const bench = rig(build).ports('ab')
    bench.inject('a', frame(B, A, 1), frame(B, ZERO_MAC, 2), frame(B, A, 3), frame(B, group(1), 4))
    bench.run()
    expect(bench.sent('b')).toHaveLength(2)
    expect(bench.whereIs(A)).toBe('a')
    expect(bench.drops()).toEqual({ 'a source-invalid': 2 })
  })

  test('B2 (802.1D 7.9.2): an address ages out after 300 s by default, not a millisecond sooner', () => {
    const bench = rig(build).ports('abc')
    bench.inject('a', frame(BROADCAST, A)).run().deliveries()
    bench.advance(299_999)
    expect(bench.inject('b', frame(A, B)).run().deliveries()).toEqual({ a: 1 })
    expect(bench.whereIs(A)).toBe('a')
    bench.advance(1)
    expect(bench.whereIs(A)).toBeUndefined()
    expect(bench.inject('b', frame(A, B)).run().deliveries()).toEqual({ a: 1, c: 1 })
  })

  test.each([10_000, 1_000_000_000])(
    'B2 (802.1D 7.9.2): ages at the bound of %i ms when so set',
    (ageing) => {
      const bench = rig(build, { ageing }).ports('ab')
      bench.inject('a', frame(BROADCAST, A)).run()
      bench.advance(ageing - 1)
      expect(bench.whereIs(A)).toBe('a')
      bench.advance(1)
      expect(bench.whereIs(A)).toBeUndefined()
    },
  )

  test('B2 (802.1D 7.9.2): a frame from it starts its time anew, a frame to it does not', () => {
    const bench = rig(build).ports('ab')
    bench.inject('a', frame(BROADCAST, A), frame(BROADCAST, station(3))).run()
    bench.advance(200_000).inject('a', frame(BROADCAST, A)).run()
    bench.inject('b', frame(station(3), B)).run()
    bench.advance(100_000)
    expect(bench.whereIs(station(3))).toBeUndefined()
    expect(bench.whereIs(A)).toBe('a')
    bench.advance(199_999)
    expect(bench.whereIs(A)).toBe('a')
    bench.advance(1)
    expect(bench.whereIs(A)).toBeUndefined()
  })

  test('B2 (802.1D 7.9.2): what aged out is swept from the table, what is young stays', () => {
    const bench = rig(build).ports('ab')
    for (let number = 10; number < 60; number++)
      bench.inject('a', frame(BROADCAST, station(number)))
    bench.run().advance(250_000).inject('a', frame(BROADCAST, A)).run()
    expect(bench.manager.exports.fdbCount()).toBe(51)
    // The table is swept four times in the ageing time, a slice at each tick.
    for (let step = 0; step < 200; step++) bench.advance(1000)
    expect(bench.manager.exports.fdbCount()).toBe(1)
    expect(bench.statistics().expired).toBe(50)
    expect(bench.whereIs(A)).toBe('a')
  })

  test('B2 (802.1D 7.9.2): a new ageing time holds for what was learnt before', () => {
    const bench = rig(build).ports('ab')
    bench.inject('a', frame(BROADCAST, A)).run().advance(60_000)
    bench.bridge('lan', 50_000)
    expect(bench.whereIs(A)).toBeUndefined()
    bench.bridge('lan', 70_000)
    bench.advance(9_999)
    expect(bench.whereIs(A)).toBe('a')
  })

  test('B2 (802.1D 7.9.2): each bridge ages at its own time', () => {
    const bench = rig(build).bridge('fast', 10_000).bridge('slow', 20_000)
    bench.ports('ab', { bridge: 'fast' }).ports('cd', { bridge: 'slow' })
    bench.inject('a', frame(BROADCAST, A)).inject('c', frame(BROADCAST, A)).run()
    bench.advance(10_000)
    expect(bench.fdb()).toEqual({ 'slow 020000000001': 'c' })
  })

  test('B2 (802.1D 7.9.2): an entry that a thread with a later clock has stamped is new, not old', () => {
    const bench = rig(build).ports('abc')
    bench.now = 100_000
    bench.inject('a', frame(BROADCAST, A)).run().deliveries()
    bench.now = 99_000
    expect(bench.inject('b', frame(A, B)).run().deliveries()).toEqual({ a: 1 })
    bench.manager.exports.tick(0, 99_500)
    expect(bench.statistics().expired).toBe(0)
    expect(bench.whereIs(A)).toBe('a')
  })

  test('B2 (802.1D 7.9.1): a static entry never ages', () => {
    const bench = rig(build).ports('abc').setStatic(A, 'a')
    for (let step = 0; step < 100; step++) bench.advance(10_000_000)
    expect(bench.inject('b', frame(A, B)).run().deliveries()).toEqual({ a: 1 })
  })

  test('B5 (802.1D 7.8): a moved address is learnt anew at once, counted and told', () => {
    const bench = rig(build).ports('abc')
    bench.inject('a', frame(BROADCAST, A)).run().deliveries()
    bench.now = 5000
    bench.inject('b', frame(BROADCAST, A)).run().deliveries()
    expect(bench.inject('c', frame(A, B)).run().deliveries()).toEqual({ b: 1 })
    expect(bench.statistics().moved).toBe(1)
    expect(bench.events()).toEqual([
      {
        type: 'moved',
        port: bench.indexOf('b'),
        fid: bench.topology.domains.fidOf('lan', null),
        detail: bench.indexOf('a'),
        macHigh: 0x0200,
        macLow: 1,
        time: 5000,
      },
    ])
  })

  test('B5 (802.1D 7.8): the move holds for the very next frame of the same burst', () => {
    const bench = rig(build).ports('abc')
    bench.inject('a', frame(BROADCAST, A)).run().deliveries()
    bench.inject('b', frame(BROADCAST, A), frame(A, B)).run()
    expect(bench.deliveries()).toEqual({ a: 1, c: 1 })
    expect(bench.drops()).toEqual({ 'b same-port': 1 })
  })

  test('B5 (802.1D 7.8): an address that comes back after it aged out has not moved', () => {
    const bench = rig(build).ports('ab')
    bench.inject('a', frame(BROADCAST, A)).run().advance(300_000)
    bench.inject('b', frame(BROADCAST, A)).run()
    expect(bench.whereIs(A)).toBe('b')
    expect(bench.statistics().moved).toBe(0)
    expect(bench.events()).toEqual([])
  })

  test('B5 (802.1D 7.8): a static entry is not overridden; the attempt is counted and told', () => {
    const bench = rig(build).ports('abc').setStatic(A, 'a')
    bench.inject('b', frame(BROADCAST, A)).run().deliveries()
    expect(bench.whereIs(A)).toBe('a')
    expect(bench.inject('c', frame(A, B)).run().deliveries()).toEqual({ a: 1 })
    expect(bench.statistics()).toMatchObject({ moved: 0, staticViolated: 1 })
    expect(bench.events()).toMatchObject([
      { type: 'static-violated', port: bench.indexOf('b'), detail: bench.indexOf('a'), macLow: 1 },
    ])
  })

  test('B5 (802.1D 7.8): every frame of a burst that violates a static entry is counted', () => {
    const bench = rig(build).ports('ab').setStatic(A, 'a')
    bench.inject('b', frame(BROADCAST, A), frame(BROADCAST, A), frame(BROADCAST, A)).run()
    expect(bench.statistics().staticViolated).toBe(3)
  })

  test('B5 (802.1D 7.8): frames from the static entry on its own port are no violation', () => {
    const bench = rig(build).ports('ab').setStatic(A, 'a')
    bench.inject('a', frame(BROADCAST, A)).run()
    expect(bench.statistics()).toMatchObject({ moved: 0, staticViolated: 0, learned: 0 })
    expect(bench.events()).toEqual([])
  })

  test('B5 (802.1D 7.9.1): a static entry replaces a learnt one, and is learnt again once deleted', () => {
    const bench = rig(build).ports('abc')
    bench.inject('a', frame(BROADCAST, A)).run().deliveries()
    bench.setStatic(A, 'b')
    expect(bench.inject('c', frame(A, B)).run().deliveries()).toEqual({ b: 1 })
    expect(bench.deleteEntry(A)).toBe(true)
    expect(bench.deleteEntry(A)).toBe(false)
    bench.inject('a', frame(BROADCAST, A)).run()
    expect(bench.whereIs(A)).toBe('a')
  })

  test('B5 (802.1D 7.9.1): a flush takes what was learnt and leaves static entries', () => {
    const bench = rig(build).ports('ab').setStatic(B, 'a')
    bench
      .inject('a', frame(BROADCAST, A))
      .inject('b', frame(BROADCAST, station(3)))
      .run()
    bench.topology.entries.flush({ port: 'a' })
    expect(bench.fdb()).toEqual({ 'lan 020000000002': 'a', 'lan 020000000003': 'b' })
    bench.topology.entries.flush({ bridge: 'lan' })
    expect(bench.fdb()).toEqual({ 'lan 020000000002': 'a' })
  })

  test('B11 (802.1D 17.11): a port that goes down loses its entries at once, others keep theirs', () => {
    const bench = rig(build).ports('abc')
    bench.inject('a', frame(BROADCAST, A)).inject('b', frame(BROADCAST, B)).run().deliveries()
    bench.setPort('a', { up: false })
    expect(bench.fdb()).toEqual({ 'lan 020000000002': 'b' })
    expect(bench.inject('c', frame(A, B)).run().deliveries()).toEqual({ b: 1 })
  })

  test('B11 (802.1D 17.11): what was known before a port went down is not known when it is up again', () => {
    const bench = rig(build).ports('abc')
    bench.inject('a', frame(BROADCAST, A)).run().deliveries()
    bench.setPort('a', { up: false }).setPort('a', { up: true })
    expect(bench.inject('b', frame(A, B)).run().deliveries()).toEqual({ a: 1, c: 1 })
    bench.inject('a', frame(BROADCAST, A)).run().deliveries()
    expect(bench.inject('b', frame(A, B)).run().deliveries()).toEqual({ a: 1 })
  })

  test('B11 (802.1D 17.11): a port that is down neither receives nor sends, and counts both', () => {
    const bench = rig(build).ports('abc').setStatic(A, 'a').setPort('a', { up: false })
    bench.inject('a', frame(BROADCAST, A)).inject('b', frame(A, B), frame(BROADCAST, B)).run()
    expect(bench.deliveries()).toEqual({ c: 1 })
    expect(bench.drops()).toEqual({ 'a port-down': 1, 'a egress-down': 1 })
  })

  test('B11 (802.1D 17.11): a removed port loses its entries, static ones too; its number starts clean', () => {
    // Room for three: the new port gets the number of the one that went.
    const bench = rig(build, { capacity: { ports: 3 } })
      .ports('abc')
      .setStatic(B, 'a')
    bench.inject('a', frame(BROADCAST, A)).run().deliveries()
    const number = bench.indexOf('a')
    bench.removePort('a')
    expect(bench.fdb()).toEqual({})
    bench.port('d')
    expect(bench.indexOf('d')).toBe(number)
    expect(bench.counters('d').rxFrames).toBe(0)
    expect(bench.fdb()).toEqual({})
    bench.inject('b', frame(A, station(5)), frame(B, station(5))).run()
    expect(bench.deliveries()).toEqual({ c: 2, d: 2 })
  })

  test('B11 (802.1D 17.11): a port moved to another bridge takes nothing along', () => {
    const bench = rig(build).ports('abc').ports('xy', { bridge: 'other' })
    bench.inject('a', frame(BROADCAST, A)).run().deliveries()
    bench.setPort('a', { bridge: 'other' })
    expect(bench.fdb()).toEqual({})
    expect(bench.inject('b', frame(A, B)).run().deliveries()).toEqual({ c: 1 })
    expect(bench.inject('x', frame(A, B)).run().deliveries()).toEqual({ a: 1, y: 1 })
  })

  test('B11 (802.1D 17.11): after 70,000 flushes an old entry is still void', () => {
    const bench = rig(build).ports('ab')
    bench.inject('a', frame(BROADCAST, A)).run()
    // The generation has 16 bits: what it marks must be swept before it comes round.
    for (let flush = 0; flush < 70_000; flush++) {
      bench.topology.entries.flush({ port: 'a' })
      if (flush % 1000 === 0) bench.run()
      // Looking takes longer than flushing: at times, and each time where 16 bits come round.
      if (flush % 100 !== 0 && Math.abs(flush - 65_536) > 10) continue
      if (bench.whereIs(A) !== undefined) throw new Error(`in force again after ${flush} flushes`)
    }
  })
})
