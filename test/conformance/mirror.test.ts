/** Mirrors: what a port received as it came, what it sent as it left, and nothing else. */
import { expect, test } from 'vitest'
import { Offload } from '../../src/device/offload.js'
import { onEveryBuild } from '../support/builds.js'
import { BROADCAST, frame, packet, station, superFrame } from '../support/frames.js'
import { dishonesty, kernelRefusal } from '../support/kernel.js'
import { checksumIsPartial, checksumIsRight, parse } from '../support/parse.js'
import { access, trunk } from '../support/policy.js'
import { type Rig, rig, type Sent } from '../support/rig.js'
import { push, tci } from '../support/vlan.js'

const to = (direction: 'receive' | 'transmit' | 'both') => ({ port: 'm', direction })
const known = frame(station(2), station(1))
const flood = frame(BROADCAST, station(1), 3)

/** a is watched, b has station 2, m is where it is seen. */
function bench(build: Parameters<typeof rig>[0], direction: 'receive' | 'transmit' | 'both'): Rig {
  const made = rig(build)
    .ports('mbc')
    .port('a', { policy: { mirror: to(direction) } })
  made.inject('b', frame(station(9), station(2))).run()
  made.deliveries()
  return made
}

/** Every receiver must find it right, whatever it takes. */
function judge({ header, frame: bytes }: Sent): void {
  if (parse(bytes).kind !== 'tcp' && parse(bytes).kind !== 'udp') return
  if (header === undefined || header.flags === 0) return expect(checksumIsRight(bytes)).toBe(true)
  expect(kernelRefusal(header, bytes) ?? dishonesty(header, bytes)).toBeUndefined()
  if (header.gsoType === 0) expect(checksumIsPartial(bytes)).toBe(true)
}

onEveryBuild('mirrors', (build) => {
  test('receive: each frame once, whatever becomes of it; transmit: none of them', () => {
    const switched = bench(build, 'receive')
    const same = frame(station(1), station(1))
    switched.inject('a', known, flood, same).run()
    expect(switched.frames('m')).toEqual([known, flood, same])
    switched.inject('b', frame(station(1), station(2)), flood).run()
    expect(switched.frames('m')).toEqual([])
  })

  test('transmit: what left, a copy for each; nothing that was dropped on the way out', () => {
    const switched = bench(build, 'transmit')
    switched.inject('a', known, flood).run()
    expect(switched.frames('m')).toEqual([])
    const out = [frame(station(1), station(2)), frame(BROADCAST, station(2))]
    switched.inject('b', ...out, frame(station(1), station(2), 0, 1515)).run()
    expect(switched.frames('m')).toEqual(out)
    expect(switched.frames('a')).toEqual(out)
  })

  test('both, and of a whole bridge: a frame is seen where it comes in and wherever it leaves', () => {
    const switched = bench(build, 'both')
    switched
      .inject('a', flood)
      .run()
      .inject('b', frame(station(1), station(2)))
      .run()
    expect(switched.deliveries()).toEqual({ a: 1, b: 1, c: 1, m: 2 })
    switched.setPort('a', { policy: {} }).bridge('lan', { mirror: to('both') })
    switched.inject('a', flood).run()
    expect(switched.deliveries()).toEqual({ b: 1, c: 1, m: 3 })
    switched
      .bridge('lan', { mirror: undefined as never })
      .inject('a', flood)
      .run()
    expect(switched.deliveries()).toEqual({ b: 1, c: 1, m: 1 })
  })

  test('tags are seen as they came in and as they left', () => {
    const vlans = { a: trunk([10], { native: 1 }), b: access(10), c: trunk([10]) }
    const switched = rig(build)
      .bridge('lan', { vlanAware: true, mirror: to('both') })
      .port('m')
    for (const [name, vlan] of Object.entries(vlans)) switched.port(name, { policy: { vlan } })
    switched.inject('a', push(flood, tci(10, 6, 1))).run()
    const tagged = push(flood, tci(10, 6, 1))
    expect(
      switched
        .frames('m')
        .map((each) => each.length)
        .sort(),
    ).toEqual([60, 64, 64])
    expect(switched.frames('c')).toEqual([tagged])
    expect(switched.frames('b')).toEqual([flood])
    switched.inject('a', push(flood, 0)).run()
    expect(switched.frames('m')).toEqual([push(flood, 0)])
    switched.inject('b', flood).run()
    expect(switched.frames('m')[0]).toEqual(flood)
  })

  test('the target gets nothing but copies, and what comes in by it is dropped', () => {
    const switched = bench(build, 'receive')
    switched.inject('b', flood).inject('m', flood, known).run()
    expect(switched.deliveries()).toEqual({ a: 1, c: 1 })
    expect(switched.drops()).toEqual({ 'm mirror-port': 2 })
    expect(Object.values(switched.fdb())).not.toContain('m')
  })

  test('a port that becomes a target loses its entries; one that is none any more switches again', () => {
    const switched = rig(build).ports('abm')
    switched
      .inject('m', frame(BROADCAST, station(5)))
      .run()
      .deliveries()
    switched.setPort('a', { policy: { mirror: to('both') } })
    expect(switched.fdb()).toEqual({})
    switched.inject('b', frame(station(5), station(2))).run()
    // Flooded to a, and seen there.
    expect(switched.deliveries()).toEqual({ a: 1, m: 1 })
    switched.setPort('a', { policy: {} }).inject('m', flood).inject('b', flood).run()
    expect(switched.deliveries()).toEqual({ a: 2, b: 1, m: 1 })
  })

  test('a target that is down costs the traffic nothing, and is counted', () => {
    const switched = bench(build, 'both')
    switched.setPort('m', { up: false }).inject('a', flood, known).run()
    expect(switched.deliveries()).toEqual({ b: 2, c: 1 })
    expect(switched.drops()).toEqual({ 'm egress-down': 2 })
  })

  test('a target that is added later gets what it was named for; its number goes to nobody else', () => {
    const switched = rig(build)
      .port('a', { policy: { mirror: to('both') } })
      .port('b')
    switched.inject('a', flood).run().deliveries()
    switched.port('m').inject('a', flood).run()
    expect(switched.deliveries()).toEqual({ b: 1, m: 1 })
    switched.removePort('m').apply().port('x', { bridge: 'other' })
    switched.inject('a', flood).run()
    expect(switched.deliveries()).toEqual({ b: 1 })
  })

  test("a bridge's target on another bridge is one from its first and to its last moment", () => {
    const switched = rig(build).port('m', { bridge: 'other' }).port('n', { bridge: 'other' })
    switched
      .bridge('lan', { mirror: to('both') })
      .inject('n', flood)
      .run()
    expect(switched.deliveries()).toEqual({})
    switched.topology.removeBridge('lan')
    switched.apply().inject('n', flood).run()
    expect(switched.deliveries()).toEqual({ m: 1 })
  })

  test('two watched ports may have targets of their own; isolation and MTU are not the target’s', () => {
    const switched = rig(build).port('m', { mtu: 100 }).port('n').port('c')
    switched.port('a', { policy: { isolated: true, mirror: to('receive') } })
    switched.port('b', { policy: { isolated: true, mirror: { port: 'n', direction: 'transmit' } } })
    switched.inject('a', frame(BROADCAST, station(1), 0, 1514)).run()
    expect(switched.deliveries()).toEqual({ c: 1, m: 1 })
    switched.inject('c', flood).run()
    expect(switched.deliveries()).toEqual({ a: 1, b: 1, n: 1 })
  })

  test('T11: partial checksums are right at every receiver, whatever the mix of offloads', () => {
    const mixes = [false, Offload.CSUM, true] as const
    const partial = packet({ checksum: 'partial', to: BROADCAST })
    const single = packet({ checksum: 'partial', to: station(2) })
    for (const direction of ['receive', 'transmit', 'both'] as const) {
      for (const target of mixes) {
        for (const egress of mixes) {
          const switched = rig(build).port('m', { offloads: target }).port('c', { offloads: true })
          const policy = { mirror: to(direction) }
          switched.port('a', { offloads: true, policy }).port('b', { offloads: egress, policy })
          switched
            .inject('b', frame(station(9), station(2)))
            .run()
            .deliveries()
          switched.inject('a', partial, single).run()
          for (const [name, count] of [
            ['b', 2],
            ['c', 1],
          ] as const) {
            const sent = switched.sent(name)
            expect(sent).toHaveLength(count)
            sent.forEach(judge)
          }
          const seen = switched.sent('m')
          expect(seen).toHaveLength(direction === 'both' ? 4 : 2)
          seen.forEach(judge)
        }
      }
    }
  })

  test('K1: a super-frame is segmented for a target that takes none, and for it alone', () => {
    const made = superFrame(1000, { to: station(2), payload: 9500 })
    for (const direction of ['receive', 'transmit'] as const) {
      const switched = rig(build).port('m')
      const policy = { mirror: to(direction) }
      switched.ports('ab', { offloads: true, policy })
      switched
        .inject('b', frame(station(9), station(2)))
        .run()
        .deliveries()
      switched.inject('a', made).run()
      expect(switched.sent('b')).toEqual([{ header: made.header, frame: made.frame }])
      const segments = switched.sent('m')
      expect(segments).toHaveLength(10)
      segments.forEach(judge)
    }
  })
})
