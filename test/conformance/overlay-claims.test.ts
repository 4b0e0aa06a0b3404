/** Two that claim one MAC or one VTEP address: who is believed, what is counted, what is told. */
import { expect, test } from 'vitest'
import { onEveryBuild } from '../support/builds.js'
import { frame, markOf, station } from '../support/frames.js'
import { type Rig, rig } from '../support/rig.js'
import { datagram, readDatagram } from '../support/vxlan.js'

const [A, B, M] = [station(1), station(2), station(9)]
const [OWN, FIRST, SECOND] = ['192.0.2.1', '192.0.2.2', '192.0.2.3']

onEveryBuild('claims', (build) => {
  /** A port and two tunnels. */
  const bench = (): Rig =>
    rig(build).underlay().ports('ab').tunnel('t', { remote: FIRST }).tunnel('u', { remote: SECOND })
  const says = (on: Rig, from: string, mark = 0) =>
    on.inject('underlay', datagram(frame(A, M, mark), { from }))
  const to = (on: Rig) => on.frames('underlay').map((one) => readDatagram(one).to)

  test('B5: of two VTEPs that have one MAC the one that spoke last is believed', () => {
    const on = bench()
    for (let round = 0; round < 3; round++) {
      for (const [vtep, tunnel] of [
        [FIRST, 't'],
        [SECOND, 'u'],
      ] as const) {
        says(on, vtep).inject('a', frame(M, A)).run()
        expect(on.whereIs(M)).toBe(tunnel)
        expect(to(on)).toEqual([vtep])
      }
    }
    expect(on.statistics().moved).toBe(5)
    expect(on.events()).toHaveLength(5)
    expect(on.events()).toEqual([])
    expect(Object.keys(on.fdb())).toHaveLength(2)
    expect(on.drops()).toEqual({})
  })

  test('each move is told, with both tunnels, as far as the ring holds it; no frame is lost', () => {
    const on = bench()
    for (let mark = 0; mark < 1500; mark++) says(on, mark % 2 === 0 ? FIRST : SECOND, mark)
    on.run()
    const marks = on.frames('a').map(markOf)
    expect(marks).toEqual(Array.from({ length: 1500 }, (_, mark) => mark))
    expect(on.statistics().moved).toBe(1499)
    const [first] = on.events()
    expect(first).toMatchObject({
      ...{ type: 'moved', macHigh: 0x0200, macLow: 9 },
      ...{ port: on.indexOf('u'), detail: on.indexOf('t') },
    })
    expect(on.manager.eventsLost()).toBe(1499 - 1024)
    expect(on.drops()).toEqual({})
  })

  test('a MAC of ours that a VTEP has too goes back and forth like any other', () => {
    const on = bench()
    on.inject('a', frame(B, A)).inject('b', frame(A, M)).run().deliveries()
    says(on, FIRST).inject('a', frame(M, A)).run()
    expect(to(on)).toEqual([FIRST])
    on.inject('b', frame(A, M)).inject('a', frame(M, A)).run()
    expect(on.whereIs(M)).toBe('b')
    expect(on.statistics().moved).toBe(2)
  })

  test('one that is static, or stuck to its port, is nobody else’s', () => {
    const on = bench().setStatic(M, 'b')
    on.setPort('a', { policy: { sticky: true } })
    on.inject('a', frame(B, A)).run()
    says(on, FIRST).run()
    on.inject('underlay', datagram(frame(B, A), { from: SECOND })).run()
    expect(on.whereIs(M)).toBe('b')
    expect(on.whereIs(A)).toBe('a')
    expect(on.statistics()).toMatchObject({ moved: 0, staticViolated: 1 })
    expect(on.drops()).toEqual({ 'u sticky-violated': 1 })
  })

  test('what a directory told of moves to whoever is heard', () => {
    const on = bench()
    const fid = on.topology.domains.fidOf('lan', 0) as number
    const entry = { fid, port: on.indexOf('t'), macHigh: 0x0200, macLow: 9, static: false }
    on.manager.fdb.set({ ...entry, external: true }, on.now)
    on.inject('a', frame(M, A)).run()
    expect(to(on)).toEqual([FIRST])
    says(on, SECOND).inject('a', frame(M, A)).run()
    expect(to(on)).toEqual([SECOND])
    expect(on.statistics().moved).toBe(1)
  })

  test('X9: a datagram from our own address is a stranger’s, whoever sent it', () => {
    const on = bench()
    says(on, OWN).run()
    expect(on.deliveries()).toEqual({})
    expect(on.fdb()).toEqual({})
    expect(on.drops()).toEqual({ 'underlay vtep-unlisted': 1 })
  })
})
