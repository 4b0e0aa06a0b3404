/**
 * Storm limits, policing and the MAC limit (CONFORMANCE T1, T9), to the frame: the clock stands still
 * until it is moved. A meter holds a burst, and then its rate (generic cell rate algorithm).
 */
import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { BROADCAST, frame, group, station, superFrame } from '../support/frames.js'
import type { PolicyOptions } from '../support/policy.js'
import { type Rig, rig } from '../support/rig.js'

type Build = Parameters<typeof rig>[0]

const kinds = {
  broadcast: { to: BROADCAST, reason: 'storm-broadcast' },
  multicast: { to: group(1), reason: 'storm-multicast' },
  unknownUnicast: { to: station(99), reason: 'storm-unknown-unicast' },
} as const
const kindNames = Object.keys(kinds) as (keyof typeof kinds)[]

/** a limited, b and c open; c's station 8 and b's station 7 are known. */
function bench(build: Build, policy: PolicyOptions, offloads = false): Rig {
  const made = rig(build).port('a', { policy, offloads }).ports('bc', { offloads })
  made.inject('b', frame(station(8), station(7))).run()
  made.inject('c', frame(station(7), station(8))).run()
  made.deliveries()
  return made
}

const many = (count: number, to: Uint8Array, length = 60) =>
  Array.from({ length: count }, () => frame(to, station(1), 0, length))

/** How many of `count` frames from a arrive at c, while b's quiet flow to c loses none. */
function passes(bench: Rig, count: number, to: Uint8Array, length = 60): number {
  const quiet = many(10, station(8)).map((each) => frame(station(8), station(7), 7, each.length))
  bench
    .inject('a', ...many(count, to, length))
    .inject('b', ...quiet)
    .run()
  const fromB = (bytes: Uint8Array) => bytes[11] === 7
  const frames = bench.frames('c')
  expect(frames.filter(fromB)).toHaveLength(10)
  return frames.length - 10
}

onEveryBuild('storm limits', (build) => {
  test.each(kindNames)('T9: %s: a tenth of a second at once, then the rate', (kind) => {
    const { to, reason } = kinds[kind]
    const switched = bench(build, { limits: { [kind]: 1000 } })
    expect(passes(switched, 500, to)).toBe(100)
    switched.advance(10)
    expect(passes(switched, 500, to)).toBe(10)
    switched.advance(1)
    expect([passes(switched, 1, to), passes(switched, 1, to)]).toEqual([1, 0])
    switched.advance(60_000)
    expect(passes(switched, 500, to)).toBe(100)
    expect(switched.drops()).toEqual({ [`a ${reason}`]: 400 + 490 + 1 + 400 })
    expect(switched.counters('a').rxDrops).toBe(1291)
  })

  test('T9: a slow rate still has a burst of 32 frames', () => {
    const switched = bench(build, { limits: { broadcast: 4 } })
    expect(passes(switched, 100, BROADCAST)).toBe(32)
    // Any room is room for a frame; the next has it when that one is worked off.
    switched.advance(249)
    expect(passes(switched, 3, BROADCAST)).toBe(1)
    switched.advance(1)
    expect(passes(switched, 3, BROADCAST)).toBe(0)
    switched.advance(0.001)
    expect(passes(switched, 3, BROADCAST)).toBe(1)
  })

  test.each(kindNames)('T9: a limit of %s is of nothing else', (kind) => {
    const switched = bench(build, { limits: { [kind]: 1000 } })
    for (const other of kindNames.filter((each) => each !== kind)) {
      expect(passes(switched, 200, kinds[other].to)).toBe(200)
    }
    expect(passes(switched, 200, station(8))).toBe(200)
    expect(switched.drops()).toEqual({})
  })

  test('T9: a frame that a storm limit drops is learnt from all the same', () => {
    const switched = bench(build, { limits: { broadcast: 4 } })
    passes(switched, 32, BROADCAST)
    switched.inject('a', frame(BROADCAST, station(5))).run()
    expect(switched.whereIs(station(5))).toBe('a')
  })

  test('T9: a super-frame counts as its segments', () => {
    const switched = bench(build, { limits: { broadcast: 320 } }, true)
    const made = superFrame(1000, { to: BROADCAST, payload: 10_000 })
    switched.inject('a', made, made, made, made, made).run()
    expect(switched.deliveries()).toEqual({ b: 4, c: 4 })
    expect(switched.drops()).toEqual({ 'a storm-broadcast': 1 })
  })

  test('T9: a loop between two ports of a neighbour is held to the limit', () => {
    const switched = rig(build)
      .ports('ab', { policy: { limits: { broadcast: 1000 } } })
      .ports('cd')
    switched.inject('c', frame(station(8), station(7))).inject('d', frame(station(7), station(8)))
    switched
      .run()
      .inject('a', frame(BROADCAST, station(1)))
      .run()
    switched.deliveries()
    let looped = 1
    for (let round = 0; round < 1000; round++) {
      switched.advance(0.1)
      const quiet = frame(station(8), station(7), round)
      for (const [from, to] of ['ab', 'ba']) {
        const back = switched.frames(from!)
        looped += back.length
        switched.inject(to!, ...back)
      }
      switched.inject('c', quiet).run()
      expect(switched.frames('d').filter((each) => each[11] === 7)).toHaveLength(1)
      switched.frames('c')
      if (round === 0) switched.inject('a', ...many(500, BROADCAST))
    }
    // Both ports: a burst of 100, and 100 more in a tenth of a second.
    expect(looped).toBeLessThanOrEqual(2 * 202)
    expect(switched.drops()['a storm-broadcast']).toBeGreaterThan(0)
  })
})

onEveryBuild('policing', (build) => {
  const frames = { receive: { frames: 1000 } }
  const bits = { receive: { bits: 8_000_000, burst: 100_000 } }

  test('T9: frames into the switch: burst, then rate; known destinations too', () => {
    const switched = bench(build, { limits: frames })
    expect(passes(switched, 500, station(8))).toBe(100)
    switched.advance(50)
    expect(passes(switched, 500, station(8))).toBe(50)
    expect(switched.drops()).toEqual({ 'a policed-receive': 850 })
  })

  test('T9: octets into the switch: a frame passes whole while there is room', () => {
    const switched = bench(build, { limits: bits })
    expect(passes(switched, 200, station(8), 1000)).toBe(100)
    switched.advance(3.5)
    // 3500 octets of room: three frames leave 500, and the fourth still passes.
    expect(passes(switched, 10, station(8), 1000)).toBe(4)
    switched.advance(0.5)
    expect(passes(switched, 1, station(8), 1000)).toBe(0)
    switched.advance(0.001)
    expect(passes(switched, 1, station(8), 1000)).toBe(1)
  })

  test('T9: what is policed is not learnt from, and is dropped before it costs a VLAN look-up', () => {
    const switched = bench(build, { limits: frames })
    passes(switched, 100, station(8))
    switched.inject('a', frame(station(8), station(5))).run()
    expect(switched.whereIs(station(5))).toBeUndefined()
  })

  test('T9: frames out of the switch, unicast and floods alike, at the cost of nobody else', () => {
    const policy = { limits: { transmit: { frames: 1000 } } }
    const switched = rig(build).port('a', { policy }).ports('bc')
    switched
      .inject('a', frame(station(9), station(1)))
      .run()
      .deliveries()
    switched.inject(
      'b',
      ...many(70, BROADCAST).map((_, mark) => frame(BROADCAST, station(2), mark)),
    )
    switched.inject('b', ...many(70, BROADCAST).map(() => frame(station(1), station(2)))).run()
    expect(switched.deliveries()).toEqual({ a: 100, c: 70 })
    expect(switched.drops()).toEqual({ 'a policed-transmit': 40 })
    expect(switched.counters('a')).toMatchObject({ txFrames: 100, txDrops: 40 })
  })

  test('T9: octets out count the tag that the frame leaves with', () => {
    const vlan = { mode: 'trunk', tagged: [10], nativeTagged: false, admit: 'all' } as const
    const policy = { vlan, limits: { transmit: { bits: 8_000_000, burst: 1000 } } }
    const switched = rig(build).bridge('lan', { vlanAware: true }).port('a', { policy })
    switched.port('b', { policy: { vlan: { ...vlan, native: 10, tagged: [] } } })
    switched.inject('b', ...many(20, BROADCAST, 100)).run()
    // 104 octets each: ten take it past 1000.
    expect(switched.deliveries()).toEqual({ a: 10 })
  })

  test('T9: super-frames: frames count segments, octets what came in', () => {
    const switched = bench(build, { limits: { receive: { frames: 320 } } }, true)
    const made = superFrame(1000, { to: BROADCAST, payload: 16_000 })
    switched.inject('a', made, made, made).run()
    expect(switched.deliveries()).toEqual({ b: 2, c: 2 })
  })

  test('T9: each direction and each port has a meter of its own', () => {
    const both = {
      limits: { receive: { frames: 1000 }, transmit: { frames: 1000 }, broadcast: 1000 },
    }
    const switched = rig(build).ports('ab', { policy: both }).port('c')
    for (const name of 'ab') switched.inject(name, ...many(150, BROADCAST)).run()
    expect(switched.deliveries()).toEqual({ a: 100, b: 100, c: 200 })
    switched
      .advance(1000)
      .inject('c', ...many(150, BROADCAST))
      .run()
    expect(switched.deliveries()).toEqual({ a: 100, b: 100 })
  })

  test('T9: a limit that is raised or lifted is in force at once, without the debt of the old one', () => {
    const switched = bench(build, { limits: { broadcast: 1 } })
    expect(passes(switched, 100, BROADCAST)).toBe(32)
    switched.setPort('a', { policy: { limits: { broadcast: 1000 } } })
    expect(passes(switched, 200, BROADCAST)).toBe(100)
    switched.setPort('a', { policy: { limits: { broadcast: 1000 } }, mtu: 1400 })
    expect(passes(switched, 200, BROADCAST)).toBe(0)
    switched.setPort('a', { policy: {} })
    expect(passes(switched, 200, BROADCAST)).toBe(200)
  })
})

onEveryBuild('the MAC limit', (build) => {
  const limited = { limits: { macs: 3 } }
  const from = (source: number) => frame(station(8), station(source))

  test('T1: frames of more sources than the limit are dropped, those of known ones are not', () => {
    const switched = bench(build, limited)
    switched.inject('a', ...[1, 2, 3, 4, 5, 1, 2, 3].map(from)).run()
    expect(switched.deliveries()).toEqual({ c: 6 })
    expect(switched.drops()).toEqual({ 'a mac-limit': 2 })
    expect(switched.events()).toMatchObject([{ type: 'blocked', detail: 27, macLow: 4 }])
    expect(Object.values(switched.fdb()).filter((port) => port === 'a')).toHaveLength(3)
  })

  test('T2: an address that moves counts where it moves to; a port that is full does not take it', () => {
    const switched = bench(build, limited)
    switched.inject('a', ...[1, 2, 3].map(from)).run()
    switched.inject('a', from(7)).run()
    expect(switched.drops()).toEqual({ 'a mac-limit': 1 })
    expect(switched.whereIs(station(7))).toBe('b')
    switched.inject('b', from(1)).run().inject('a', from(4)).run()
    expect(switched.whereIs(station(1))).toBe('b')
    expect(switched.whereIs(station(4))).toBe('a')
  })

  test('T1: ageing and a flush make room, when the sweep has been round', () => {
    const switched = bench(build, limited)
    switched.inject('a', ...[1, 2, 3].map(from)).run()
    for (let step = 0; step < 20; step++) switched.advance(30_000)
    switched.inject('a', ...[4, 5, 6].map(from)).run()
    expect(switched.drops()).toEqual({})
    switched.topology.entries.flush({ port: 'a' })
    for (let step = 0; step < 20; step++) switched.advance(1)
    switched.inject('a', ...[1, 2, 3].map(from)).run()
    expect(switched.drops()).toEqual({})
  })

  test('T1: ten thousand sources take nothing from a quiet flow, nor a place in the table', () => {
    const switched = bench(build, limited)
    for (let round = 0; round < 20; round++) {
      const flood = Array.from({ length: 500 }, (_, index) => from(1000 + round * 500 + index))
      switched
        .inject('a', ...flood)
        .inject('b', frame(station(8), station(7)))
        .run()
      expect(switched.frames('c').filter((each) => each[11] === 7)).toHaveLength(1)
    }
    expect(Object.keys(switched.fdb())).toHaveLength(5)
    expect(switched.statistics().unlearned).toBe(0)
  })
})
